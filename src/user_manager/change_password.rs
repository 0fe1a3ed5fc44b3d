//! A new password for who knows the old one.

use std::time::Duration;

use secrecy::SecretString;

use super::error::fails;
use super::prove_password::Unproven;
use super::{Failure, UserManager};
use crate::domain::account::Account;
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
    ) -> Result<SecretString, ChangePasswordError> {
        if email.key().as_str() != account.email_key {
            return Err(ChangePasswordError::EmailNotFound);
        }
        let proven = match self.prove_password(email.key(), current).await {
            Ok(proven) => proven,
            Err(Unproven::Wrong) => return Err(ChangePasswordError::WrongPassword),
            Err(Unproven::Locked(left)) => return Err(ChangePasswordError::Locked(left)),
            Err(Unproven::Failed(failure)) => return Err(ChangePasswordError::Failed(failure)),
        };
        let hash = proven.slot.hash(new).await?;
        drop(proven.slot);
        let (id, old_version, now) = (account.id, account.token_version, self.now());
        let version = transaction!(self.0.store, conn => {
            let version = conn.change_password(id, old_version, &hash).await?;
            if version.is_some() {
                // The mails first: one in hand may just be adding its token.
                conn.cancel_mails(MailKind::Reset, &account.email_key).await?;
                conn.delete_one_time_tokens(id).await?;
                conn.enqueue_mail(MailKind::PasswordChanged, &account.email_key, now).await?;
            }
            Ok(version)
        })?
        .ok_or(ChangePasswordError::InvalidToken)?;
        self.0.outbox.notify_one();
        tracing::info!(user.id = id, "password changed");
        Ok(self.0.tokens.issue(
            TokenSubject {
                account: id,
                version,
            },
            now,
        )?)
    }
}
