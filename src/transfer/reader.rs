//! The thread that reads a source.

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Batches, Mark};
use super::{Format, Input, Judge, json_lines, sails, table};

/// The most bytes of a line or a row.
pub(super) const LONGEST: usize = 64 * 1024;

/// Batches that wait for the importer.
const AHEAD: usize = 2;

/// Why a source was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error(
        "it has changed before the place that was reached the last time; \
         --restart begins at its first line again"
    )]
    Changed,
    #[error("its first line has to name the columns, with email and password_hash among them")]
    NoHeader,
    #[error("its first line names the column {0} twice")]
    ColumnTwice(&'static str),
    #[error("it has no list of accounts at data.user")]
    NoUsers,
    #[error("it is no JSON from line {line}, column {column} on")]
    Broken { line: usize, column: usize },
    #[error("the thread that reads it has failed")]
    Thread,
}

/// Names that mean nothing here, for the one who wonders where they are.
#[derive(Debug, Default)]
pub struct Ignored(BTreeSet<String>);

impl Ignored {
    const MOST: usize = 20;
    const LONGEST: usize = 40;

    pub(super) fn note(&mut self, name: &str) {
        if self.0.len() < Self::MOST && !self.0.contains(name) {
            let short = name.chars().take(Self::LONGEST);
            self.0.insert(short.flat_map(char::escape_debug).collect());
        }
    }

    /// The names, in alphabetical order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// What is being read.
#[derive(Debug)]
pub struct Reading {
    batches: mpsc::Receiver<Batch>,
    end: oneshot::Receiver<Result<Ignored, ReadError>>,
}

impl Reading {
    /// Starts to read from a place on, in batches of `size` lines.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(
        input: Input,
        format: Format,
        from: Mark,
        judge: Judge,
        size: usize,
    ) -> io::Result<Self> {
        let (importer, batches) = mpsc::channel(AHEAD);
        let (told, end) = oneshot::channel();
        thread::Builder::new()
            .name("import".to_owned())
            .spawn(move || {
                let mut batches = Batches::new(size, importer);
                // Nobody listens when the importer has failed.
                drop(told.send(read(input, format, &from, &judge, &mut batches)));
            })?;
        Ok(Self { batches, end })
    }

    /// The next batch; `None` at the end.
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// How it ended; call it when there are no more batches.
    ///
    /// # Errors
    /// [`ReadError`] when it was not at the end of the source.
    pub async fn end(self) -> Result<Ignored, ReadError> {
        self.end.await.unwrap_or(Err(ReadError::Thread))
    }
}

fn read(
    mut input: Input,
    format: Format,
    from: &Mark,
    judge: &Judge,
    batches: &mut Batches,
) -> Result<Ignored, ReadError> {
    let mut ignored = Ignored::default();
    let read = match format {
        Format::Jsonl => {
            if from.position > 0 && !input.skip_to(from)? {
                return Err(ReadError::Changed);
            }
            json_lines::read(&mut input, from.line, judge, &mut ignored, batches)?
        }
        Format::Csv => table::read(&mut input, from, judge, &mut ignored, batches)?,
        Format::Sails => sails::read(input, from, judge, &mut ignored, batches)?,
    };
    match read {
        ControlFlow::Continue(()) | ControlFlow::Break(_) => Ok(ignored),
    }
}
