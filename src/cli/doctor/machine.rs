//! What the machine gives: open files, and hashes a second.

use std::thread;
use std::time::Duration;

use super::Finding;
use crate::cli::open_files;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::security::password_hash::{
    DEFAULT_ITERATIONS, DEFAULT_MEMORY_KIB, HashMemory, HashParams,
};

/// How long the hashing is measured.
const MEASURED: Duration = Duration::from_millis(1_500);
/// A login that takes longer for its hash alone is felt.
const SLOW_HASH: Duration = Duration::from_millis(500);

pub(super) fn open_files(config: &Config) -> Finding {
    const CHECK: &str = "open files";
    let needed = open_files::needed(config);
    // The service raises its own limit as far as it may.
    match open_files::attainable(needed) {
        Some(most) if most < needed => Finding::warning(
            CHECK,
            format!("{most} may be open, and {needed} are needed for http.max_connections"),
            "raise the hard limit (ulimit -Hn, LimitNOFILE, --ulimit nofile), or lower \
             http.max_connections",
        ),
        _ => Finding::ok(CHECK, format!("{needed} are needed and may be open")),
    }
}

/// Measures with the settings in force, on as many threads.
pub(super) async fn hashing(config: &Config) -> Finding {
    const CHECK: &str = "hashing";
    let password = config.password;
    let engine = password.engine.engine(password.hash);
    let measured = tokio::task::spawn_blocking(move || {
        let begun = SystemClock.monotonic();
        let count = move || {
            let mut memory = HashMemory::new(engine);
            let mut hashes = 0_u32;
            while SystemClock.monotonic().saturating_sub(begun) < MEASURED {
                password
                    .hash
                    .verify_nobody(b"doorward doctor", &mut memory)
                    .ok()?;
                hashes += 1;
            }
            Some(hashes)
        };
        let threads: Vec<_> = (0..password.hash_threads)
            .map(|_| thread::spawn(count))
            .collect();
        let counts = threads
            .into_iter()
            .map(|thread| thread.join().ok().flatten());
        let hashes: Option<u32> = counts.sum();
        hashes.map(|hashes| (hashes, SystemClock.monotonic().saturating_sub(begun)))
    });
    let Ok(Some((hashes, took))) = measured.await else {
        return Finding::failed(
            CHECK,
            "no password can be hashed",
            "look at password.memory_kib and at the memory that the process may use",
        );
    };
    let threads = u32::try_from(password.hash_threads).unwrap_or(u32::MAX);
    let each = took.saturating_mul(threads) / hashes.max(1);
    let memory = u64::from(password.hash.memory_kib) * u64::from(threads) / 1024;
    let detail = format!(
        "{:.0} logins a second on {threads} thread(s), {} ms each, {memory} MiB of memory ({})",
        f64::from(hashes) / took.as_secs_f64(),
        each.as_millis(),
        engine.describe(),
    );
    if each > SLOW_HASH {
        return Finding::warning(CHECK, detail, advice(password.hash));
    }
    Finding::ok(CHECK, detail)
}

/// Weaker settings than the defaults do not start.
fn advice(hash: HashParams) -> &'static str {
    let least = u64::from(DEFAULT_MEMORY_KIB) * u64::from(DEFAULT_ITERATIONS);
    if u64::from(hash.memory_kib) * u64::from(hash.iterations) > least {
        "give it more of the processor, or less password.memory_kib and iterations"
    } else {
        "give it more of the processor"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_hash_with_less_than_is_allowed() {
        for (memory_kib, iterations, less) in
            [(19_456, 2, false), (19_456, 3, true), (47_104, 1, true)]
        {
            let hash = HashParams {
                memory_kib,
                iterations,
            };
            assert_eq!(advice(hash).contains("less"), less, "{hash:?}");
        }
    }
}
