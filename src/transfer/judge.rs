//! From the values of a line to an account to be, or to the reason why not.

use chrono::{DateTime, Utc};

use super::Reason;
use super::fields::{Field, Values};
use crate::domain::email::Email;
use crate::domain::language::Language;
use crate::domain::password::PasswordHash;
use crate::security::access_token;
use crate::security::password_hash::{HashError, StoredHash};
use crate::store::MovedAccount;

/// What everybody is until somebody says otherwise.
const USUAL_ROLE: &str = "user";
const LONGEST_ROLE: usize = 32;

/// Decides which lines can be used.
#[derive(Debug, Clone, Copy)]
pub struct Judge {
    pub now: DateTime<Utc>,
    /// Every address counts as proven.
    pub all_confirmed: bool,
    /// Roles are taken over; otherwise everybody becomes a user.
    pub with_roles: bool,
}

impl Judge {
    pub(super) fn account(&self, values: &Values) -> Result<MovedAccount, Reason> {
        let text = |field: Field| values.text(field)?.ok_or(Reason::Missing(field.name()));
        let email = Email::parse(text(Field::Email)?).map_err(|_| Reason::InvalidEmail)?;
        let password_hash = PasswordHash::from_phc(text(Field::PasswordHash)?.to_owned());
        match StoredHash::read(&password_hash) {
            Ok(_) => {}
            Err(HashError::TooExpensive) => return Err(Reason::ExpensiveHash),
            Err(_) => return Err(Reason::UnknownHash),
        }
        let confirmed_at = self.moment(values, Field::Confirmed, Field::ConfirmedAt)?;
        Ok(MovedAccount {
            email,
            password_hash,
            token_version: access_token::fresh_version(),
            role: self.role(values)?,
            language: language(values)?,
            confirmed_at: confirmed_at.or(self.all_confirmed.then_some(self.now)),
            disabled_at: self.moment(values, Field::Disabled, Field::DisabledAt)?,
            created_at: values.time(Field::CreatedAt, self.now)?.unwrap_or(self.now),
        })
    }

    /// When it was, or whether it is: then it is so from now on.
    fn moment(
        &self,
        values: &Values,
        flag: Field,
        time: Field,
    ) -> Result<Option<DateTime<Utc>>, Reason> {
        match (values.flag(flag)?, values.time(time, self.now)?) {
            (Some(false), Some(_)) => Err(Reason::WrongValue(flag.name())),
            (Some(true), None) => Ok(Some(self.now)),
            (_, time) => Ok(time),
        }
    }

    fn role(&self, values: &Values) -> Result<String, Reason> {
        let role = values.text(Field::Role)?.unwrap_or(USUAL_ROLE);
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if role.len() > LONGEST_ROLE || !role.bytes().all(word) {
            return Err(Reason::WrongValue(Field::Role.name()));
        }
        Ok(if self.with_roles { role } else { USUAL_ROLE }.to_owned())
    }
}

/// Any that has a name: mails in one that there is not are in the default one.
fn language(values: &Values) -> Result<Option<String>, Reason> {
    let Some(name) = values.text(Field::Language)? else {
        return Ok(None);
    };
    let language = Language::parse(&name.to_ascii_lowercase());
    let language = language.ok_or(Reason::WrongValue(Field::Language.name()))?;
    Ok(Some(language.as_str().to_owned()))
}
