//! CSV (RFC 4180): a header, then a row for each account, with memory of a fixed size.
//!
//! A field in quotes may have line breaks. So a quote that is never closed takes in all that
//! follows, and the report names the last line beside the first: to begin anew at the next line
//! would let what somebody once typed into a field become an account.

use std::io;
use std::ops::ControlFlow;

use csv_core::ReadRecordResult;
use serde_json::Value;

use super::batch::{Batches, Entry, Mark, Unwanted};
use super::fields::{Field, Named, Values};
use super::reader::{Ignored, LONGEST, ReadError};
use super::{Input, Judge, Reason};

const MOST_COLUMNS: usize = 512;

pub(super) fn read(
    input: &mut Input,
    from: &Mark,
    judge: &Judge,
    ignored: &mut Ignored,
    batches: &mut Batches,
) -> Result<ControlFlow<Unwanted>, ReadError> {
    let mut rows = Rows::new();
    let columns = rows.header(input, ignored)?;
    if from.position > 0 {
        if from.position < input.position() || !input.skip_to(from)? {
            return Err(ReadError::Changed);
        }
        rows.line_breaks = from.line;
    }
    while let Some(row) = rows.next(input)? {
        let judged = rows
            .cells(&row)
            .and_then(|cells| values(&columns, cells))
            .and_then(|values| judge.account(&values));
        let entry = Entry {
            line: row.line,
            last_line: row.last_line,
            judged,
        };
        let line_breaks = rows.line_breaks;
        if let ControlFlow::Break(unwanted) = batches.push(entry, || input.mark(line_breaks)) {
            return Ok(ControlFlow::Break(unwanted));
        }
    }
    Ok(batches.hand_on(input.mark(rows.line_breaks)))
}

struct Rows {
    parser: csv_core::Reader,
    /// The fields of the row, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    line_breaks: u64,
}

struct Row {
    line: u64,
    last_line: u64,
    columns: usize,
    /// What it has more than there is room for is lost.
    lost: Option<Reason>,
}

impl Rows {
    fn new() -> Self {
        Self {
            parser: csv_core::Reader::new(),
            text: vec![0; LONGEST],
            ends: vec![0; MOST_COLUMNS],
            line_breaks: 0,
        }
    }

    /// What each column is.
    fn header(
        &mut self,
        input: &mut Input,
        ignored: &mut Ignored,
    ) -> Result<Vec<Option<Field>>, ReadError> {
        let row = self.next(input)?.ok_or(ReadError::NoHeader)?;
        let cells = self.cells(&row).map_err(|_| ReadError::NoHeader)?;
        let mut columns = Vec::new();
        for name in cells {
            columns.push(match Named::of(name) {
                Named::Field(field) if columns.contains(&Some(field)) => {
                    return Err(ReadError::ColumnTwice(field.name()));
                }
                Named::Field(field) => Some(field),
                Named::LeftBehind => None,
                Named::Unknown => {
                    ignored.note(name);
                    None
                }
            });
        }
        for needed in [Field::Email, Field::PasswordHash] {
            if !columns.contains(&Some(needed)) {
                return Err(ReadError::NoHeader);
            }
        }
        Ok(columns)
    }

    fn next(&mut self, input: &mut Input) -> io::Result<Option<Row>> {
        // Empty lines, and the second half of a CRLF.
        loop {
            let some = input.peek()?;
            let breaks = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
            let count = some.iter().take_while(breaks).count();
            if count == 0 {
                break;
            }
            self.line_breaks += line_breaks(&some[..count]);
            input.advance(count);
        }
        let mut row = Row {
            line: self.line_breaks + 1,
            last_line: self.line_breaks + 1,
            columns: 0,
            lost: None,
        };
        let mut length = 0;
        loop {
            let some = input.peek()?;
            let (result, taken, written, columns) = self.parser.read_record(
                some,
                &mut self.text[length..],
                &mut self.ends[row.columns..],
            );
            let breaks = line_breaks(&some[..taken]);
            let ended_by_break = some[..taken].last() == Some(&b'\n');
            self.line_breaks += breaks;
            input.advance(taken);
            length += written;
            row.columns += columns;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    row.lost = Some(Reason::TooLong);
                    length = 0;
                }
                ReadRecordResult::OutputEndsFull => {
                    row.lost = Some(Reason::WrongColumns);
                    row.columns = 0;
                }
                ReadRecordResult::Record => {
                    row.last_line = self.line_breaks + u64::from(!ended_by_break);
                    return Ok(Some(row));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn cells(&self, row: &Row) -> Result<Vec<&str>, Reason> {
        if let Some(lost) = row.lost {
            return Err(lost);
        }
        let mut begin = 0;
        let cell = |end: &usize| {
            let bytes = &self.text[begin..*end];
            begin = *end;
            std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)
        };
        self.ends[..row.columns].iter().map(cell).collect()
    }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

fn values(columns: &[Option<Field>], cells: Vec<&str>) -> Result<Values, Reason> {
    if columns.len() != cells.len() {
        return Err(Reason::WrongColumns);
    }
    let mut values = Values::default();
    for (column, cell) in columns.iter().zip(cells) {
        if let Some(field) = column {
            values.set(*field, Value::String(cell.to_owned()))?;
        }
    }
    Ok(values)
}
