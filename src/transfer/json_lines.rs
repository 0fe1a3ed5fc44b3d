//! JSON lines: an object on each line.

use std::fmt;
use std::io;
use std::ops::ControlFlow;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

use super::batch::{Batches, Entry, Unwanted};
use super::fields::{Named, Values};
use super::reader::{Ignored, LONGEST};
use super::{Input, Judge, Reason};

pub(super) fn read(
    input: &mut Input,
    mut line: u64,
    judge: &Judge,
    ignored: &mut Ignored,
    batches: &mut Batches,
) -> io::Result<ControlFlow<Unwanted>> {
    let mut text = Vec::new();
    while let Some(fits) = next_line(input, &mut text)? {
        let number = line + 1;
        line += u64::from(fits.ended);
        let text = match text.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if number == 1 => rest,
            _ => &text,
        };
        if text.trim_ascii().is_empty() && !fits.too_long {
            continue;
        }
        let judged = if fits.too_long {
            Err(Reason::TooLong)
        } else {
            std::str::from_utf8(text)
                .map_err(|_| Reason::NotUtf8)
                .and_then(|text| values(text, ignored))
                .and_then(|values| judge.account(&values))
        };
        let entry = Entry {
            line: number,
            last_line: number,
            judged,
        };
        if let ControlFlow::Break(unwanted) = batches.push(entry, || input.mark(line)) {
            return Ok(ControlFlow::Break(unwanted));
        }
    }
    Ok(batches.hand_on(input.mark(line)))
}

struct Fits {
    too_long: bool,
    /// By a line break, not by the end of the source.
    ended: bool,
}

/// Reads a line; of one that is too long nothing is kept.
fn next_line(input: &mut Input, text: &mut Vec<u8>) -> io::Result<Option<Fits>> {
    text.clear();
    let mut fits = Fits {
        too_long: false,
        ended: false,
    };
    let begin = input.position();
    while !fits.ended {
        let some = input.peek()?;
        if some.is_empty() {
            break;
        }
        let end = some.iter().position(|byte| *byte == b'\n');
        let part = &some[..end.unwrap_or(some.len())];
        fits.too_long |= text.len() + part.len() > LONGEST;
        if fits.too_long {
            text.clear();
        } else {
            text.extend_from_slice(part);
        }
        fits.ended = end.is_some();
        let count = part.len() + usize::from(fits.ended);
        input.advance(count);
    }
    Ok((input.position() > begin).then_some(fits))
}

fn values(text: &str, ignored: &mut Ignored) -> Result<Values, Reason> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut reason = None;
    let visitor = Fields {
        ignored,
        reason: &mut reason,
    };
    let values = json
        .deserialize_map(visitor)
        .and_then(|values| json.end().map(|()| values));
    match (values, reason) {
        (_, Some(reason)) => Err(reason),
        (Ok(values), None) => Ok(values),
        (Err(_), None) => Err(Reason::NotJson),
    }
}

/// Unlike `serde_json`'s own map it notices a field that is there twice.
struct Fields<'a> {
    ignored: &'a mut Ignored,
    reason: &'a mut Option<Reason>,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut values = Values::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match Named::of(&name) {
                Named::Field(field) => {
                    if let Err(reason) = values.set(field, value) {
                        self.reason.get_or_insert(reason);
                    }
                }
                Named::LeftBehind => {}
                Named::Unknown => self.ignored.note(&name),
            }
        }
        Ok(values)
    }
}
