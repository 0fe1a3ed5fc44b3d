//! What the commands print: tables for people, JSON for programs.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::CliError;

/// Prints a text. That nobody reads on, as behind `| head`, is no failure; then it is false.
pub(super) fn print(text: &str) -> Result<bool, CliError> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::Failed(format!("standard output: {error}"))),
    }
}

/// Prints a value as one line.
pub(super) fn print_json(value: &Value) -> Result<(), CliError> {
    print(&format!("{value}\n")).map(drop)
}

/// Columns, one line a row.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    let lines = table.trim_fmt();
    // The style has a space before the first column.
    let lines = lines
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// A part of a list, and the number behind which the next part begins.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    pub(super) next: Option<i64>,
}

impl<T> Page<T> {
    /// The first `limit` of the rows; one more shows that there are more.
    pub(super) fn of(mut rows: Vec<T>, limit: i64, number: impl Fn(&T) -> i64) -> Self {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_all = rows.len() <= most;
        rows.truncate(most);
        let next = rows.last().filter(|_| !is_all).map(number);
        Self { rows, next }
    }

    /// Prints it for a person, as this text.
    pub(super) fn print(&self, text: &str) -> Result<(), CliError> {
        print(text)?;
        if let Some(next) = self.next {
            eprintln!("there are more: --after {next}");
        }
        Ok(())
    }
}

/// Names and values, one below the other.
pub(super) fn fields(shown: &Value) -> String {
    let line = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => plain(text),
            other => other.to_string(),
        };
        format!("{key:<16} {value}\n")
    };
    let lines = shown.as_object().into_iter().flatten().map(line);
    lines.collect::<Vec<String>>().concat()
}

/// What changes the direction of what follows, and so what a line seems to say (CVE-2021-42574).
const DIRECTIONS: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// A text that is not ours, as a mail server's words, without what would steer a terminal.
pub(super) fn plain(text: &str) -> String {
    let steers = |c: char| c.is_control() || DIRECTIONS.contains(&c);
    let shown = |c: char| if steers(c) { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// To the second, in UTC.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_row_and_nothing_that_steers_a_terminal() {
        let rows = [vec![
            "1".to_owned(),
            "550 \u{1b}[2Jno\r\nsuch \u{202e}user".to_owned(),
        ]];
        let text = table(&["ID", "ERROR"], rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ID  ERROR");
        assert_eq!(
            lines[1],
            "1   550 \u{fffd}[2Jno\u{fffd}\u{fffd}such \u{fffd}user"
        );
        assert_eq!(lines.len(), 2);
    }
}
