//! A new password for who has the mailbox.

use secrecy::SecretString;

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::{Email, EmailKey};
use crate::domain::mail_kind::MailKind;
use crate::domain::one_time_token::{Purpose, TokenDigest};
use crate::domain::password::NewPassword;
use crate::security::access_token::TokenSubject;
use crate::security::hash_pool::HashFor;
use crate::security::one_time_token::OneTimeToken;
use crate::store::{read, transaction};

/// Why the password stays.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// Malformed, unknown, used, expired, another's, or for another purpose.
    #[error("the reset token is not valid")]
    InvalidToken,
    #[error(transparent)]
    Failed(Failure),
}
fails!(ResetPasswordError);

impl UserManager {
    /// Replaces the password, kills every older token and one-time token, unlocks the address
    /// and counts it as proven. Of parallel calls with one token, one succeeds. Gives a device
    /// token: otherwise whoever locks the account again would keep the owner from the login.
    pub async fn reset_password(
        &self,
        email: &Email,
        token: &str,
        new: &NewPassword,
        source: &Source,
    ) -> Result<SecretString, ResetPasswordError> {
        let token = OneTimeToken::parse(token).ok_or(ResetPasswordError::InvalidToken)?;
        let (digest, key) = (token.digest(), email.key());
        let ticket = self.0.hashes.enter(HashFor::Reset, key).await?;
        // Looked at before the wait and after it, so that a useless token costs no hash.
        self.find_reset_token(&digest, key).await?;
        let slot = ticket.slot().await?;
        self.find_reset_token(&digest, key).await?;
        let hash = slot.hash(new).await?;
        drop(slot);

        let now = self.now();
        let subject = transaction!(self.0.store, conn => {
            let owner = conn.consume_one_time_token(&digest, Purpose::Reset, key, now).await?;
            let Some(id) = owner else { return Ok(None) };
            let version = conn.reset_password(id, &hash, now).await?;
            // The mails first: one in hand may just be adding its token.
            conn.cancel_reset_mails(key.as_str()).await?;
            conn.delete_one_time_tokens(id).await?;
            conn.unlock(key).await?;
            conn.enqueue_mail(MailKind::PasswordChanged, key.as_str(), now).await?;
            conn.record_event(EventKind::PasswordReset, id, source, now).await?;
            Ok(Some(TokenSubject { account: id, version }))
        })?
        .ok_or(ResetPasswordError::InvalidToken)?;
        self.0.outbox.notify_one();
        tracing::info!(user.id = subject.account, "password reset");
        Ok(self.0.devices.issue(None, key, subject, now))
    }

    async fn find_reset_token(
        &self,
        digest: &TokenDigest,
        key: &EmailKey,
    ) -> Result<(), ResetPasswordError> {
        let now = self.now();
        let found = read!(self.0.store, conn => {
            conn.find_one_time_token(digest, Purpose::Reset, key, now).await
        })?;
        found.map(drop).ok_or(ResetPasswordError::InvalidToken)
    }
}
