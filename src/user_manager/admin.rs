//! What an operator can do to an account, from the command line.

use std::time::Duration;

use chrono::TimeDelta;

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account::{Account, AccountId};
use crate::domain::email::{Email, EmailKey, InvalidEmail};
use crate::domain::password::NewPassword;
use crate::security::hash_pool::HashFor;
use crate::store::{AccountDetails, LoginFailures, MailSummary, NewAccount, read, transaction};

/// Which account: by number or by address.
#[derive(Debug, Clone)]
pub enum Which {
    Id(AccountId),
    Email(Email),
}

/// Everything an operator wants to know of an account.
#[derive(Debug)]
pub struct AccountReport {
    pub details: AccountDetails,
    /// The count of wrong passwords and the lock, if there is one.
    pub failures: Option<LoginFailures>,
    /// One-time tokens that could still be used.
    pub one_time_tokens: i64,
    pub mails: MailSummary,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("there is no such account")]
    NotFound,
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
        let id = transaction!(self.0.store, conn => conn.insert_account(&new, now).await)?;
        id.ok_or(AdminError::EmailTaken)
    }

    /// Everything about an account.
    pub async fn admin_report(&self, which: &Which) -> Result<AccountReport, AdminError> {
        let (account, key) = self.find(which).await?;
        let now = self.now();
        let report = read!(self.0.store, conn => {
            let failures = conn.login_failures(&key).await?;
            let one_time_tokens = conn.count_one_time_tokens(account.id, now).await?;
            let mails = conn.mail_summary(key.as_str()).await?;
            let details = conn.account_details(account.clone()).await?;
            Ok(details.map(|details| AccountReport { details, failures, one_time_tokens, mails }))
        })?;
        report.ok_or(AdminError::NotFound)
    }

    /// Refuses passwords for a while; tokens and resets go on working.
    pub async fn admin_lock(&self, which: &Which, length: Duration) -> Result<(), AdminError> {
        let (_, key) = self.find(which).await?;
        let now = self.now();
        let until = now + TimeDelta::from_std(length).unwrap_or(TimeDelta::days(36_500));
        Ok(transaction!(self.0.store, conn => conn.lock(&key, now, until).await)?)
    }

    /// Takes passwords again.
    pub async fn admin_unlock(&self, which: &Which) -> Result<(), AdminError> {
        let (_, key) = self.find(which).await?;
        Ok(transaction!(self.0.store, conn => conn.unlock(&key).await)?)
    }

    /// Closes the account and kills its tokens.
    pub async fn admin_disable(&self, which: &Which) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        let now = self.now();
        Ok(transaction!(self.0.store, conn => {
            // The mails first: one in hand may just be adding its token.
            conn.cancel_reset_mails(key.as_str()).await?;
            conn.delete_one_time_tokens(account.id).await?;
            conn.disable_account(account.id, now).await
        })?)
    }

    /// Opens the account again.
    pub async fn admin_enable(&self, which: &Which) -> Result<(), AdminError> {
        let (account, _) = self.find(which).await?;
        Ok(transaction!(self.0.store, conn => conn.enable_account(account.id).await)?)
    }

    /// Kills every token of the account.
    pub async fn admin_revoke_tokens(&self, which: &Which) -> Result<(), AdminError> {
        let (account, _) = self.find(which).await?;
        Ok(transaction!(self.0.store, conn => conn.revoke_tokens(account.id).await)?)
    }

    /// Deletes the account, its tokens, its failures and its mails.
    pub async fn admin_delete(&self, which: &Which) -> Result<(), AdminError> {
        let (account, key) = self.find(which).await?;
        Ok(transaction!(self.0.store, conn => {
            conn.delete_account(account.id).await?;
            conn.unlock(&key).await?;
            conn.forget_mails_for(&key).await
        })?)
    }

    async fn find(&self, which: &Which) -> Result<(Account, EmailKey), AdminError> {
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
