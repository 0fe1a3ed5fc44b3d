//! The report of lines that could not be used: each with its number and the reason, never with
//! what is in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;

use super::Reason;

/// Where refused lines are named.
pub enum Report {
    /// A file with a JSON object for each.
    File(File),
    /// For a person, as they come.
    Lines(Box<dyn FnMut(&str) + Send>),
}

/// How each line of a report begins, and few other files.
const BEGIN: &[u8] = br#"{"line":"#;

/// A line that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) reason: Reason,
}

/// The same, as programs read it.
#[derive(Serialize)]
struct Shown {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<u64>,
    reason: &'static str,
    detail: String,
}

impl Report {
    /// A new or an empty file, or the one of an import that goes on, of which so many bytes are
    /// `known`. No other file is written to.
    ///
    /// # Errors
    /// When it cannot be written, or is not that file.
    pub fn file(path: &Path, known: Option<u64>) -> io::Result<Self> {
        let length = known.unwrap_or(0);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(length == 0)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let there = file.metadata()?.len();
        if known.is_none() && there > 0 {
            return Err(io::Error::other("it is there already, and not empty"));
        }
        if there < length || !begins_as_a_report(&mut file)? {
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
                    text.push_str(&line.json()?);
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

/// What follows the known bytes is cut off, so it has to be what a killed process has written.
fn begins_as_a_report(file: &mut File) -> io::Result<bool> {
    let mut begin = Vec::new();
    file.take(BEGIN.len() as u64).read_to_end(&mut begin)?;
    Ok(BEGIN.starts_with(&begin))
}

impl Refused {
    fn json(&self) -> io::Result<String> {
        let shown = Shown {
            line: self.line,
            last_line: (self.last_line != self.line).then_some(self.last_line),
            reason: self.reason.code(),
            detail: self.reason.to_string(),
        };
        Ok(serde_json::to_string(&shown)?)
    }

    fn text(&self) -> String {
        if self.last_line == self.line {
            format!("line {}: {}", self.line, self.reason)
        } else {
            format!("lines {} to {}: {}", self.line, self.last_line, self.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_begins_as_a_report_does() {
        let refused = Refused {
            line: 1,
            last_line: 2,
            reason: Reason::NotJson,
        };
        let line = refused.json().expect("JSON");
        assert!(line.as_bytes().starts_with(BEGIN), "{line}");
    }

    #[test]
    fn no_file_but_a_report_is_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report");
        let report = r#"{"line":1,"reason":"not_utf8","detail":"not UTF-8"}"#;
        for (text, known, usable) in [
            (None, None, true),
            (None, Some(0), true),
            (None, Some(1), false),
            (Some(""), None, true),
            (Some(""), Some(0), true),
            (Some(report), None, false),
            (Some(report), Some(0), true),
            (Some(&report[..5]), Some(0), true),
            (Some(report), Some(30), true),
            (Some(report), Some(300), false),
            (Some("precious"), None, false),
            (Some("precious"), Some(0), false),
            (Some("precious, and longer than that"), Some(20), false),
        ] {
            drop(std::fs::remove_file(&path));
            if let Some(text) = text {
                std::fs::write(&path, text).expect("written");
            }
            let opened = Report::file(&path, known);
            assert_eq!(opened.is_ok(), usable, "{text:?}, {known:?}");
            let after = std::fs::read_to_string(&path).ok();
            let expected = text.or(usable.then_some(""));
            assert_eq!(after.as_deref(), expected, "{text:?}, {known:?}");
        }
    }
}
