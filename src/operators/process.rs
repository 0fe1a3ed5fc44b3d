//! What Linux says about this process. Elsewhere there is nothing to read, and nothing is said.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use crate::metrics::Gauges;

/// Memory, processor time, threads and files of this process.
pub(super) fn look(gauges: &Gauges) {
    let process = &gauges.process;
    let set = |gauge: &prometheus::IntGauge, value: Option<u64>| {
        if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
            gauge.set(value);
        }
    };
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let numbers = numbers(&stat);
    // Counted from the state of the process, the third field of proc_pid_stat(5).
    let field = |number: usize| numbers.get(number - 3).copied();
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        process.set_cpu(float(user + system) / float(clock_ticks_per_second()));
    }
    set(&process.threads, field(20));
    set(&process.virtual_memory, field(23));
    let page = page_size() as u64;
    set(
        &process.resident_memory,
        field(24).map(|pages| pages * page),
    );
    // One of them is the folder that is being read.
    let files = fs::read_dir("/proc/self/fd").ok();
    set(
        &process.open_fds,
        files.map(|files| (files.count() as u64).saturating_sub(1)),
    );
    set(&process.max_fds, getrlimit(Resource::Nofile).current);
}

/// The fields after the name, which may hold blanks and brackets; what is no number is 0.
fn numbers(stat: &str) -> Vec<u64> {
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_ascii_whitespace()
        .map(|word| word.parse().unwrap_or(0))
        .collect()
}

/// For figures: beyond 2^53 the last digits are lost.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_move_the_fields() {
        let stat = "7 (a) b (c)) S 1 2 3";
        assert_eq!(numbers(stat), [0, 1, 2, 3]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_alive() {
        let gauges = Metrics::new().gauges;
        look(&gauges);
        let process = &gauges.process;
        assert!(process.resident_memory.get() > 1_000_000);
        assert!(process.virtual_memory.get() > process.resident_memory.get());
        assert!(process.threads.get() >= 1);
        assert!(process.open_fds.get() >= 3);
        assert!(process.max_fds.get() >= process.open_fds.get());
    }
}
