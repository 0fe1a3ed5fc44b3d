//! Writes accounts down, page by page in the order of their numbers.
//!
//! A page is as of one moment, and pages are read one after the other: whoever is there all the
//! time is in it once and whole, and who comes or changes meanwhile may be in it or not. Nobody is
//! held up.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};

use super::Format;
use crate::store::{Store, StoreError, WholeAccount, read};

const PAGE: i64 = 1_000;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// An export that goes on.
pub struct Exporter<W> {
    store: Store,
    format: Format,
    output: W,
    last: i64,
    /// Accounts so far.
    pub written: u64,
}

const COLUMNS: &str =
    "id,email,password_hash,role,language,confirmed_at,disabled_at,created_at,token_version";

impl<W: Write> Exporter<W> {
    /// Begins; a CSV export with its header.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn begin(store: Store, format: Format, mut output: W) -> io::Result<Self> {
        if format == Format::Csv {
            writeln!(output, "{COLUMNS}")?;
        }
        Ok(Self {
            store,
            format,
            output,
            last: 0,
            written: 0,
        })
    }

    /// Writes a page; `false` when there is none.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn step(&mut self) -> Result<bool, ExportError> {
        let last = self.last;
        let page = read!(self.store, conn => conn.accounts_after(last, PAGE).await)?;
        for account in &page {
            match self.format {
                Format::Csv => write_row(account, &mut self.output)?,
                Format::Jsonl | Format::Sails => {
                    serde_json::to_writer(&mut self.output, account).map_err(io::Error::from)?;
                    self.output.write_all(b"\n")?;
                }
            }
        }
        let Some(account) = page.last() else {
            self.output.flush()?;
            return Ok(false);
        };
        self.last = account.id;
        self.written += page.len() as u64;
        Ok(true)
    }

    /// What was written to.
    #[must_use]
    pub fn into_output(self) -> W {
        self.output
    }
}

fn write_row(account: &WholeAccount, output: &mut impl Write) -> io::Result<()> {
    writeln!(
        output,
        "{},{},{},{},{},{},{},{},{}",
        account.id,
        quoted(&account.email),
        quoted(&account.password_hash),
        quoted(&account.role),
        // The name of a language has nothing to quote.
        account.language.as_deref().unwrap_or_default(),
        account.confirmed_at.map(time).unwrap_or_default(),
        account.disabled_at.map(time).unwrap_or_default(),
        time(account.created_at),
        account.token_version,
    )
}

/// As in JSON.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Always in quotes: hashes have commas in them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
