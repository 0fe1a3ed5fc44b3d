//! What a person sees of a long run: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, stderr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressStyle};

use crate::store::ImportProgress;

/// Lines between two words where there is no terminal.
const A_WHILE: i64 = 100_000;

const BAR: &str = "{bar:30} {bytes} of {total_bytes}, {eta} left, {msg}";
const WITHOUT_END: &str = "{spinner} {bytes}, {msg}";

/// Shown on standard error; clones show the same.
#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// Bytes that were read.
    read: Arc<AtomicU64>,
    /// The line that was spoken of.
    spoken: Arc<AtomicI64>,
    /// The line that it began at.
    begun: Arc<OnceLock<i64>>,
    terminal: bool,
}

impl Progress {
    /// Nothing is shown before something has moved.
    pub(super) fn start(size: Option<u64>, read: Arc<AtomicU64>) -> Self {
        let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style = if size.is_some() { BAR } else { WITHOUT_END };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self {
            bar,
            read,
            spoken: Arc::new(AtomicI64::new(0)),
            begun: Arc::default(),
            terminal: stderr().is_terminal(),
        }
    }

    /// Says something that stays.
    pub(super) fn say(&self, line: &str) {
        if self.terminal {
            self.bar.suspend(|| eprintln!("{line}"));
        } else {
            eprintln!("{line}");
        }
    }

    /// Shows how far it is.
    pub(super) fn moved(&self, at: &ImportProgress) {
        if self.terminal {
            let lines = at.line - self.begun.get_or_init(|| at.line);
            let seconds = self.bar.elapsed().as_secs().max(1);
            let rate = lines.unsigned_abs() / seconds;
            self.bar.set_message(format!(
                "{} lines, {rate}/s, {} not usable",
                at.line, at.refused
            ));
            self.bar.set_position(self.read.load(Ordering::Relaxed));
        } else if at.line - self.spoken.load(Ordering::Relaxed) >= A_WHILE {
            self.spoken.store(at.line, Ordering::Relaxed);
            eprintln!("{} lines, {} not usable", at.line, at.refused);
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
