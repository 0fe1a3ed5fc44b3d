//! Lines on their way from the thread that reads to the importer.

use std::ops::ControlFlow;

use tokio::sync::mpsc;

use super::Reason;
use crate::store::MovedAccount;

/// A place in a source between two lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// In bytes, or in accounts of a Sails file.
    pub position: u64,
    /// Line breaks before it, or accounts of a Sails file.
    pub line: u64,
    /// SHA-256 of what lies before it.
    pub digest: Vec<u8>,
}

/// A line with what it is good for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: u64,
    /// Another number than `line` when it has line breaks in quotes.
    pub(super) last_line: u64,
    pub(super) judged: Result<MovedAccount, Reason>,
}

/// Some lines, and the place behind them.
#[derive(Debug)]
pub struct Batch {
    pub(super) entries: Vec<Entry>,
    pub(super) end: Mark,
}

/// Collects lines into batches and hands them on.
pub(super) struct Batches {
    waiting: Vec<Entry>,
    size: usize,
    importer: mpsc::Sender<Batch>,
}

/// The importer has ended.
#[derive(Debug)]
pub(super) struct Unwanted;

impl Batches {
    pub(super) fn new(size: usize, importer: mpsc::Sender<Batch>) -> Self {
        Self {
            waiting: Vec::with_capacity(size),
            size,
            importer,
        }
    }

    /// Takes a line; `mark` says which place is behind it.
    pub(super) fn push(
        &mut self,
        entry: Entry,
        mark: impl FnOnce() -> Mark,
    ) -> ControlFlow<Unwanted> {
        self.waiting.push(entry);
        if self.waiting.len() < self.size {
            return ControlFlow::Continue(());
        }
        self.hand_on(mark())
    }

    /// Hands on what is there, also when it is nothing: the source ends here.
    pub(super) fn hand_on(&mut self, end: Mark) -> ControlFlow<Unwanted> {
        let entries = std::mem::replace(&mut self.waiting, Vec::with_capacity(self.size));
        match self.importer.blocking_send(Batch { entries, end }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(Unwanted),
        }
    }
}
