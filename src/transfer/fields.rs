//! The fields of an account in a file, under the names that they have here and elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::Reason;

/// How far another machine's clock may be ahead.
const CLOCKS_APART: TimeDelta = TimeDelta::days(1);

/// What is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    PasswordHash,
    Confirmed,
    ConfirmedAt,
    Disabled,
    DisabledAt,
    Role,
    Language,
    CreatedAt,
}

/// What a name in a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Field(Field),
    /// Of our own exports and of the old API: left behind on purpose. Numbers are new here, and
    /// tokens, locks and counts of wrong passwords belong to where they were made.
    LeftBehind,
    Unknown,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Email,
        Self::PasswordHash,
        Self::Confirmed,
        Self::ConfirmedAt,
        Self::Disabled,
        Self::DisabledAt,
        Self::Role,
        Self::Language,
        Self::CreatedAt,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PasswordHash => "password_hash",
            Self::Confirmed => "confirmed",
            Self::ConfirmedAt => "confirmed_at",
            Self::Disabled => "disabled",
            Self::DisabledAt => "disabled_at",
            Self::Role => "role",
            Self::Language => "language",
            Self::CreatedAt => "created_at",
        }
    }
}

impl Named {
    pub(super) fn of(name: &str) -> Self {
        let own = Field::ALL.into_iter().find(|field| field.name() == name);
        if let Some(field) = own {
            return Self::Field(field);
        }
        match name {
            // The old API, Supabase Auth, Devise.
            "encryptedPassword" | "encrypted_password" => Self::Field(Field::PasswordHash),
            "email_confirmed_at" => Self::Field(Field::ConfirmedAt),
            "createdAt" => Self::Field(Field::CreatedAt),
            "id"
            | "token_version"
            | "locked"
            | "passwordFailures"
            | "lastPasswordFailure"
            | "resetToken"
            | "updatedAt"
            | "updated_at" => Self::LeftBehind,
            _ => Self::Unknown,
        }
    }
}

/// The values of one line; an absent one is `Null`.
#[derive(Debug, Default)]
pub(super) struct Values([Option<Value>; 9]);

impl Values {
    /// # Errors
    /// [`Reason::Twice`]: which of the two is meant cannot be known.
    pub(super) fn set(&mut self, field: Field, value: Value) -> Result<(), Reason> {
        match self.0[field as usize].replace(value) {
            None => Ok(()),
            Some(_) => Err(Reason::Twice(field.name())),
        }
    }

    fn get(&self, field: Field) -> &Value {
        self.0[field as usize].as_ref().unwrap_or(&Value::Null)
    }

    /// `None` when it is absent, null or empty.
    pub(super) fn text(&self, field: Field) -> Result<Option<&str>, Reason> {
        match self.get(field) {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(Reason::WrongValue(field.name())),
        }
    }

    pub(super) fn flag(&self, field: Field) -> Result<Option<bool>, Reason> {
        if let Value::Bool(flag) = self.get(field) {
            return Ok(Some(*flag));
        }
        match self.text(field)? {
            None => Ok(None),
            Some("true" | "t" | "1") => Ok(Some(true)),
            Some("false" | "f" | "0") => Ok(Some(false)),
            Some(_) => Err(Reason::WrongValue(field.name())),
        }
    }

    /// A time that is past, as far as clocks agree: RFC 3339, also as PostgreSQL writes it.
    pub(super) fn time(
        &self,
        field: Field,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Reason> {
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let wrong = Reason::WrongValue(field.name());
        // PostgreSQL leaves out the minutes of the zone where there are none.
        let time = text
            .parse()
            .or_else(|_| format!("{text}:00").parse::<DateTime<Utc>>())
            .map_err(|_| wrong)?;
        // Microseconds, as both engines store them.
        let time = DateTime::from_timestamp_micros(time.timestamp_micros()).ok_or(wrong)?;
        if time < DateTime::UNIX_EPOCH || time > now + CLOCKS_APART {
            return Err(wrong);
        }
        Ok(Some(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05+00:00"))]
    #[case("2024-01-02T03:04:05.678+02:00", Some("2024-01-02T01:04:05.678+00:00"))]
    #[case(
        "2024-01-02 03:04:05.678901+00",
        Some("2024-01-02T03:04:05.678901+00:00")
    )]
    #[case("2024-01-02 03:04:05-05", Some("2024-01-02T08:04:05+00:00"))]
    #[case("2024-01-02 03:04:05", None)]
    #[case("2024-01-02", None)]
    #[case("1704164645", None)]
    #[case("1969-12-31T23:59:59Z", None)]
    #[case("2024-06-02T00:00:01Z", None)]
    #[case("+99999-01-01T00:00:00Z", None)]
    #[case("yesterday", None)]
    fn times_have_a_zone_and_are_past(#[case] text: &str, #[case] expected: Option<&str>) {
        let mut values = Values::default();
        let text = Value::String(text.to_owned());
        values.set(Field::CreatedAt, text).expect("once");
        let now = "2024-06-01T00:00:00Z".parse().expect("a time");
        let time = values.time(Field::CreatedAt, now).ok().flatten();
        assert_eq!(time.map(|time| time.to_rfc3339()).as_deref(), expected);
    }

    #[test]
    fn every_field_has_a_place_of_its_own() {
        let mut values = Values::default();
        for field in Field::ALL {
            assert_eq!(Named::of(field.name()), Named::Field(field));
            values.set(field, Value::Null).expect("once");
        }
        let twice = values.set(Field::Email, Value::Null);
        assert_eq!(twice, Err(Reason::Twice("email")));
    }
}
