//! Writes accounts down, page by page in the order of their numbers.
//!
//! A page is as of one moment, and pages are read one after the other: whoever is there all the
//! time is in it once and whole, and who comes or changes meanwhile may be in it or not. Nobody is
//! held up.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

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

/// The fields of an exported account, in their order.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    email: &'a str,
    password_hash: &'a str,
    role: &'a str,
    language: Option<&'a str>,
    confirmed_at: Option<String>,
    disabled_at: Option<String>,
    created_at: String,
    token_version: i64,
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
            let line = Line::of(account);
            match self.format {
                Format::Csv => line.row(&mut self.output)?,
                Format::Jsonl | Format::Sails => {
                    serde_json::to_writer(&mut self.output, &line).map_err(io::Error::from)?;
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

impl<'a> Line<'a> {
    fn of(account: &'a WholeAccount) -> Self {
        Self {
            id: account.id,
            email: &account.email,
            password_hash: &account.password_hash,
            role: &account.role,
            language: account.language.as_deref(),
            confirmed_at: account.confirmed_at.map(text),
            disabled_at: account.disabled_at.map(text),
            created_at: text(account.created_at),
            token_version: account.token_version,
        }
    }

    fn row(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(
            output,
            "{},{},{},{},{},{},{},{},{}",
            self.id,
            quoted(self.email),
            quoted(self.password_hash),
            quoted(self.role),
            // The name of a language has nothing to quote.
            self.language.unwrap_or_default(),
            self.confirmed_at.as_deref().unwrap_or_default(),
            self.disabled_at.as_deref().unwrap_or_default(),
            self.created_at,
            self.token_version,
        )
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Always in quotes: hashes have commas in them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
