//! Login.

use std::time::Duration;

use secrecy::SecretString;

use super::error::fails;
use super::prove_password::{Aim, Attempt, Proven, Unproven};
use super::{Failure, UserManager};
use crate::domain::account::Account;
use crate::domain::account_event::Source;
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::device::{Device, DeviceId};
use crate::domain::email::{Email, EmailKey};
use crate::domain::password::PresentedPassword;
use crate::security::access_token::TokenSubject;
use crate::store::transaction;

/// What whoever proved a password or a mailbox is given.
#[derive(Debug)]
pub struct LoggedIn {
    /// The access token.
    pub token: SecretString,
    /// Makes the device a known one for this address.
    pub device_token: SecretString,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("email or password is wrong")]
    WrongCredentials,
    #[error("account is locked for {0:?} more")]
    Locked(Duration),
    /// Said only to who knows the password.
    #[error("account is disabled")]
    Disabled,
    /// Said only to who knows the password.
    #[error("the mailbox has not been proven")]
    NotConfirmed,
    #[error(transparent)]
    Failed(Failure),
}
fails!(LoginError);

impl UserManager {
    /// A token for who knows the password; `None` is a password that is too long to be one.
    pub async fn login(
        &self,
        email: &Email,
        password: Option<PresentedPassword>,
        device: Option<Device>,
        source: Source,
    ) -> Result<LoggedIn, LoginError> {
        let result = self.try_login(email, password, device, source).await;
        let logins = &self.0.metrics.logins;
        let counter = match &result {
            Ok(_) => &logins.accepted,
            Err(LoginError::WrongCredentials) => &logins.wrong,
            Err(LoginError::Locked(_)) => &logins.locked,
            Err(LoginError::Disabled | LoginError::NotConfirmed) => &logins.refused,
            Err(LoginError::Failed(_)) => &logins.failed,
        };
        counter.inc();
        result
    }

    async fn try_login(
        &self,
        email: &Email,
        password: Option<PresentedPassword>,
        device: Option<Device>,
        source: Source,
    ) -> Result<LoggedIn, LoginError> {
        let rehash = password.clone();
        let attempt = Attempt {
            aim: Aim::Login,
            key: email.key().clone(),
            password,
            device,
            source,
        };
        let proven = match self.prove_password(attempt).await {
            Ok(proven) => proven,
            Err(Unproven::Wrong) => return Err(LoginError::WrongCredentials),
            Err(Unproven::Locked(left)) => return Err(LoginError::Locked(left)),
            Err(Unproven::Failed(failure)) => return Err(LoginError::Failed(failure)),
        };
        if let Some(refused) = self.refuses(&proven.account) {
            return Err(refused);
        }
        if proven.outdated
            && let Some(password) = rehash
        {
            Box::pin(self.rehash(&proven, &password)).await;
        }
        let account = &proven.account;
        let subject = TokenSubject {
            account: account.id,
            version: account.token_version,
        };
        let logged_in = self.tokens(subject, email.key(), proven.device)?;
        tracing::info!(user.id = account.id, "logged in");
        Ok(logged_in)
    }

    /// Why the account gets no token, whatever the password.
    pub(super) fn refuses(&self, account: &Account) -> Option<LoginError> {
        let required = self.0.rules.confirmation == ConfirmationRule::Required;
        if account.disabled_at.is_some() {
            Some(LoginError::Disabled)
        } else if required && account.confirmed_at.is_none() {
            Some(LoginError::NotConfirmed)
        } else {
            None
        }
    }

    /// An access token, and one for the device.
    pub(super) fn tokens(
        &self,
        subject: TokenSubject,
        key: &EmailKey,
        known: Option<DeviceId>,
    ) -> Result<LoggedIn, Failure> {
        let now = self.now();
        Ok(LoggedIn {
            token: self.0.tokens.issue(subject, now)?,
            device_token: self.0.devices.issue(known, key, subject, now),
        })
    }

    /// Replaces a hash with older parameters, by compare-and-swap: a password change that runs
    /// at the same time wins (SECURITY 18). It can wait for the next login when it fails.
    async fn rehash(&self, proven: &Proven, password: &PresentedPassword) {
        let id = proven.account.id;
        let hash = match proven.slot.hash(&password.to_rehash()).await {
            Ok(hash) => hash,
            Err(error) => {
                return tracing::warn!(user.id = id, %error, "the password was not hashed anew");
            }
        };
        let stored = &proven.stored;
        match transaction!(self.0.store, conn => conn.rehash_password(id, stored, &hash).await) {
            Ok(()) => tracing::info!(user.id = id, "password hashed anew"),
            Err(error) => tracing::warn!(user.id = id, %error, "the new hash was not stored"),
        }
    }
}
