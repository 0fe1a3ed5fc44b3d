//! The report of lines that could not be used: each with its number and the reason, never with
//! what is in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::json;

use super::Reason;

/// Where refused lines are named.
pub enum Report {
    /// A file with a JSON object for each.
    File(File),
    /// For a person, as they come.
    Lines(Box<dyn FnMut(&str) + Send>),
}

/// A line that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) reason: Reason,
}

impl Report {
    /// A new file, or the one of an import that goes on, of which `length` bytes are known. No
    /// other file is written to.
    ///
    /// # Errors
    /// When it cannot be written, or is not that file.
    pub fn file(path: &Path, length: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        if length == 0 {
            return Ok(Self::File(options.create_new(true).open(path)?));
        }
        let file = options.open(path)?;
        if file.metadata()?.len() < length {
            return Err(io::Error::other("it is not the report of this import"));
        }
        Ok(Self::File(file))
    }

    /// Writes what belongs behind the first `length` bytes; the new length. What a process that
    /// was killed has written there is replaced.
    pub(super) fn write(&mut self, length: u64, refused: &[Refused]) -> io::Result<u64> {
        match self {
            Self::File(file) => {
                let mut text = String::new();
                for line in refused {
                    text.push_str(&line.json());
                    text.push('\n');
                }
                file.set_len(length)?;
                file.seek(SeekFrom::Start(length))?;
                file.write_all(text.as_bytes())?;
                if !text.is_empty() {
                    file.sync_data()?;
                }
                Ok(length + text.len() as u64)
            }
            Self::Lines(show) => {
                for line in refused {
                    show(&line.text());
                }
                Ok(length)
            }
        }
    }
}

impl Refused {
    fn json(&self) -> String {
        let mut shown = json!({
            "line": self.line,
            "reason": self.reason.code(),
            "detail": self.reason.to_string(),
        });
        if self.last_line != self.line {
            shown["last_line"] = json!(self.last_line);
        }
        shown.to_string()
    }

    fn text(&self) -> String {
        if self.last_line == self.line {
            format!("line {}: {}", self.line, self.reason)
        } else {
            format!("lines {} to {}: {}", self.line, self.last_line, self.reason)
        }
    }
}
