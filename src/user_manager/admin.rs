//! What an operator can do to an account, from the command line.

use std::time::Duration;

use chrono::TimeDelta;

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account::{Account, AccountId};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::{Email, EmailKey, InvalidEmail};
use crate::domain::password::NewPassword;
use crate::security::hash_pool::HashFor;
use crate::store::{NewAccount, read, transaction};

/// The longest lock that is set. Times have to keep four digits of the year: SQLite compares texts.
pub const LONGEST_LOCK: TimeDelta = TimeDelta::days(36_525);

/// Whoever may use the command line may do all of this.
const OPERATOR: Source = Source::Operator;

/// Which account: by number or by address.
#[derive(Debug, Clone)]
pub enum Which {
    Id(AccountId),
    Email(Email),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("there is no such account")]
    NotFound,
    #[error("there is no such mail, or it was sent, or is just being sent")]
    NoSuchMail,
    #[error("the address has an account already")]
    EmailTaken,
    #[error("{0}")]
    Failed(Failure),
}
fails!(AdminError);

impl std::str::FromStr for Which {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => Email::parse(text).map(Self::Email),
        }
    }
}

impl UserManager {
    /// Makes an account whose mailbox counts as proven; the operator vouches for it.
    pub async fn admin_create(
        &self,
        email: &Email,
        password: &NewPassword,
    ) -> Result<AccountId, AdminError> {
        let ticket = self
            .0
            .hashes
            .enter(HashFor::Registration, email.key())
            .await?;
        let password_hash = ticket.slot().await?.hash(password).await?;
        let now = self.now();
        let new = NewAccount {
            email,
            password_hash: &password_hash,
            confirmed_at: Some(now),
            language: None,
        };
        let id = transaction!(self.0.store, conn => {
            let id = conn.insert_account(&new, now).await?;
            if let Some(id) = id {
                conn.record_event(EventKind::Registered, id, &OPERATOR, now).await?;
            }
            Ok(id)
        })?;
        id.ok_or(AdminError::EmailTaken)
    }

    /// Refuses passwords for a while; tokens and resets go on working.
    pub async fn admin_lock(&self, which: &Which, length: Duration) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        let now = self.now();
        let length = TimeDelta::from_std(length).unwrap_or(LONGEST_LOCK);
        let until = now + length.min(LONGEST_LOCK);
        Ok(transaction!(self.0.store, conn => {
            conn.lock(&key, now, until).await?;
            conn.record_event(EventKind::Locked, account.id, &OPERATOR, now).await
        })?)
    }

    /// Takes passwords again.
    pub async fn admin_unlock(&self, which: &Which) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        let now = self.now();
        Ok(transaction!(self.0.store, conn => {
            conn.unlock(&key).await?;
            conn.record_event(EventKind::Unlocked, account.id, &OPERATOR, now).await
        })?)
    }

    /// Closes the account and kills its tokens.
    pub async fn admin_disable(&self, which: &Which) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        let (id, now) = (account.id, self.now());
        let done = transaction!(self.0.store, conn => {
            // The mails first: one in hand may just be adding its token.
            conn.cancel_reset_mails(key.as_str()).await?;
            conn.delete_one_time_tokens(id).await?;
            let done = conn.disable_account(id, now).await?;
            if done {
                conn.record_event(EventKind::Disabled, id, &OPERATOR, now).await?;
            }
            Ok(done)
        })?;
        found(done)
    }

    /// Opens the account again.
    pub async fn admin_enable(&self, which: &Which) -> Result<(), AdminError> {
        let (account, _) = self.find(which).await?;
        let (id, now) = (account.id, self.now());
        let done = transaction!(self.0.store, conn => {
            let done = conn.enable_account(id).await?;
            if done {
                conn.record_event(EventKind::Enabled, id, &OPERATOR, now).await?;
            }
            Ok(done)
        })?;
        found(done)
    }

    /// Kills every token of the account.
    pub async fn admin_revoke_tokens(&self, which: &Which) -> Result<(), AdminError> {
        let (account, _) = self.find(which).await?;
        let (id, now) = (account.id, self.now());
        let done = transaction!(self.0.store, conn => {
            let done = conn.revoke_tokens(id).await?;
            if done {
                conn.record_event(EventKind::TokensRevoked, id, &OPERATOR, now).await?;
            }
            Ok(done)
        })?;
        found(done)
    }

    /// Deletes the account, its tokens, its failures and its mails; its events stay.
    pub async fn admin_delete(&self, which: &Which) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        let (id, now) = (account.id, self.now());
        let done = transaction!(self.0.store, conn => {
            let done = conn.delete_account(id).await?;
            if done {
                conn.unlock(&key).await?;
                conn.forget_mails_for(&key).await?;
                conn.record_event(EventKind::Deleted, id, &OPERATOR, now).await?;
            }
            Ok(done)
        })?;
        found(done)
    }

    pub(super) async fn find(&self, which: &Which) -> Result<(Account, EmailKey), AdminError> {
        let account = read!(self.0.store, conn => match which {
            Which::Id(id) => conn.account(*id).await,
            Which::Email(email) => conn.account_by_key(email.key().as_str()).await,
        })?;
        let account = account.ok_or(AdminError::NotFound)?;
        // A stored canonical form is its own canonical form.
        let email = Email::parse(&account.email_key);
        let key = email
            .map_err(|error| Failure::Internal(error.to_string()))?
            .key()
            .clone();
        Ok((account, key))
    }
}

/// The account may be gone since it was looked for.
fn found(done: bool) -> Result<(), AdminError> {
    if done {
        Ok(())
    } else {
        Err(AdminError::NotFound)
    }
}
