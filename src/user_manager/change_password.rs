//! A new password for who knows the old one.

use std::time::Duration;

use super::error::fails;
use super::prove_password::{Aim, Attempt, Unproven};
use super::{Failure, LoggedIn, UserManager};
use crate::domain::account::Account;
use crate::domain::account_event::{EventKind, Source};
use crate::domain::device::Device;
use crate::domain::email::Email;
use crate::domain::mail_kind::MailKind;
use crate::domain::password::{NewPassword, PresentedPassword};
use crate::security::access_token::TokenSubject;
use crate::store::transaction;

/// Why the password stays.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the address is not that of the token's account")]
    EmailNotFound,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("account is locked for {0:?} more")]
    Locked(Duration),
    /// Another change, a reset or an operator was faster; the token is dead by now.
    #[error("the token is not valid any more")]
    InvalidToken,
    #[error(transparent)]
    Failed(Failure),
}
fails!(ChangePasswordError);

impl UserManager {
    /// Replaces the password, kills every older token, and gives a new one.
    pub async fn change_password(
        &self,
        account: &Account,
        email: &Email,
        current: Option<PresentedPassword>,
        new: &NewPassword,
        device: Option<Device>,
        source: Source,
    ) -> Result<LoggedIn, ChangePasswordError> {
        if email.key().as_str() != account.email_key {
            return Err(ChangePasswordError::EmailNotFound);
        }
        let attempt = Attempt {
            aim: Aim::ChangePassword,
            key: email.key().clone(),
            password: current,
            device,
            source: source.clone(),
        };
        let proven = match self.prove_password(attempt).await {
            Ok(proven) => proven,
            Err(Unproven::Wrong) => return Err(ChangePasswordError::WrongPassword),
            Err(Unproven::Locked(left)) => return Err(ChangePasswordError::Locked(left)),
            Err(Unproven::Failed(failure)) => return Err(ChangePasswordError::Failed(failure)),
        };
        let hash = proven.slot.hash(new).await?;
        let known = proven.device;
        drop(proven.slot);
        let (id, old_version, now) = (account.id, account.token_version, self.now());
        let version = transaction!(self.0.store, conn => {
            let version = conn.change_password(id, old_version, &hash).await?;
            if version.is_some() {
                // The mails first: one in hand may just be adding its token.
                conn.cancel_reset_mails(&account.email_key).await?;
                conn.delete_one_time_tokens(id).await?;
                conn.enqueue_mail(MailKind::PasswordChanged, &account.email_key, now).await?;
                conn.record_event(EventKind::PasswordChanged, id, &source, now).await?;
            }
            Ok(version)
        })?
        .ok_or(ChangePasswordError::InvalidToken)?;
        self.0.outbox.notify_one();
        tracing::info!(user.id = id, "password changed");
        let account = id;
        let subject = TokenSubject { account, version };
        Ok(self.tokens(subject, email.key(), known)?)
    }
}
