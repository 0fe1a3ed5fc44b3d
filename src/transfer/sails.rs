//! The data file of the old API, as sails-disk 0.10 writes it: one JSON document with the accounts
//! at `data.user`. They are read one by one.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::batch::{Batches, Entry, Mark, Unwanted};
use super::fields::{Named, Values};
use super::reader::{Ignored, ReadError};
use super::{Input, Judge, Reason};

pub(super) fn read(
    input: Input,
    from: &Mark,
    judge: &Judge,
    ignored: &mut Ignored,
    batches: &mut Batches,
) -> Result<ControlFlow<Unwanted>, ReadError> {
    let mut users = Users {
        from,
        judge,
        ignored,
        batches,
        digest: Sha256::new(),
        read: 0,
        ended: None,
        found: false,
    };
    let mut json = serde_json::Deserializer::from_reader(input.into_bytes());
    let path = Path {
        names: &["data", "user"],
        users: &mut users,
    };
    let done = path.deserialize(&mut json).and_then(|()| json.end());
    let (ended, found, mark) = (users.ended.take(), users.found, users.mark());
    match (ended, done) {
        (Some(Ended::Unwanted(unwanted)), _) => Ok(ControlFlow::Break(unwanted)),
        (Some(Ended::Changed), _) => Err(ReadError::Changed),
        (None, Err(error)) if error.is_io() => Err(ReadError::Io(error.into())),
        // Not its text, which may have a value in it.
        (None, Err(error)) => {
            drop(batches.hand_on(mark));
            Err(ReadError::Broken {
                line: error.line(),
                column: error.column(),
            })
        }
        (None, Ok(())) if !found => Err(ReadError::NoUsers),
        (None, Ok(())) if mark.position < from.position => Err(ReadError::Changed),
        (None, Ok(())) => Ok(batches.hand_on(mark)),
    }
}

struct Users<'a> {
    from: &'a Mark,
    judge: &'a Judge,
    ignored: &'a mut Ignored,
    batches: &'a mut Batches,
    digest: Sha256,
    read: u64,
    ended: Option<Ended>,
    found: bool,
}

/// Why reading stopped early.
enum Ended {
    Unwanted(Unwanted),
    Changed,
}

impl Users<'_> {
    fn mark(&self) -> Mark {
        Mark {
            position: self.read,
            line: self.read,
            digest: self.digest.clone().finalize().to_vec(),
        }
    }

    /// Whether to go on.
    fn take(&mut self, user: &Value) -> bool {
        self.digest.update(user.to_string());
        self.read += 1;
        if self.read <= self.from.position {
            if self.read == self.from.position && self.mark() != *self.from {
                self.ended = Some(Ended::Changed);
            }
            return self.ended.is_none();
        }
        let judged = values(user, self.ignored).and_then(|values| self.judge.account(&values));
        let entry = Entry {
            line: self.read,
            last_line: self.read,
            judged,
        };
        let mark = Mark {
            position: self.read,
            line: self.read,
            digest: Vec::new(),
        };
        let digest = &self.digest;
        let pushed = self.batches.push(entry, || Mark {
            digest: digest.clone().finalize().to_vec(),
            ..mark
        });
        if let ControlFlow::Break(unwanted) = pushed {
            self.ended = Some(Ended::Unwanted(unwanted));
        }
        self.ended.is_none()
    }
}

fn values(user: &Value, ignored: &mut Ignored) -> Result<Values, Reason> {
    let mut values = Values::default();
    for (name, value) in user.as_object().ok_or(Reason::NotJson)? {
        match Named::of(name) {
            Named::Field(field) => values.set(field, value.clone())?,
            Named::LeftBehind => {}
            Named::Unknown => ignored.note(name),
        }
    }
    Ok(values)
}

/// Goes down through objects to the list of users, past everything else.
struct Path<'a, 'b> {
    names: &'static [&'static str],
    users: &'a mut Users<'b>,
}

impl<'de> DeserializeSeed<'de> for Path<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.names.is_empty() {
            json.deserialize_seq(self)
        } else {
            json.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Path<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a data file of sails-disk")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.names.split_first() {
                Some((wanted, names)) if name == *wanted => map.next_value_seed(Path {
                    names,
                    users: &mut *self.users,
                })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.users.found = true;
        while let Some(user) = list.next_element::<Value>()? {
            if !self.users.take(&user) {
                return Err(A::Error::custom("ended"));
            }
        }
        Ok(())
    }
}
