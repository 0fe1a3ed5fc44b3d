//! Accounts that move in and out: files of them, line by line, with memory that does not grow.
//!
//! A thread reads the source and judges each line; the importer puts what can be used into the
//! database, a batch a transaction, together with how far it has come. So an import that is killed
//! goes on where it stopped, and neither loses a line nor takes one twice.

mod batch;
pub mod exporter;
mod fields;
pub mod importer;
mod input;
mod json_lines;
mod judge;
pub mod reader;
mod reason;
mod report;
mod sails;
mod table;

pub use batch::Mark;
pub use input::Input;
pub use judge::Judge;
pub use reason::Reason;
pub use report::Report;

/// How the accounts are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object on each line
    Jsonl,
    /// A header, then a row for each account (RFC 4180)
    Csv,
    /// The old API's data file, as sails-disk 0.10 writes it
    Sails,
}

impl Format {
    /// Guessed from a file's name.
    #[must_use]
    pub fn of_name(name: &std::path::Path) -> Option<Self> {
        match name.extension()?.to_str()? {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "db" => Some(Self::Sails),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Sails => "sails",
        }
    }
}
