//! Proof of the mailbox.

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::Email;
use crate::domain::mail_kind::MailKind;
use crate::domain::one_time_token::Purpose;
use crate::security::one_time_token::OneTimeToken;
use crate::store::transaction;

/// Why the mailbox is not proven.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Malformed, unknown, used, expired, another's, or for another purpose.
    #[error("the confirm token is not valid")]
    InvalidToken,
    #[error(transparent)]
    Failed(Failure),
}
fails!(ConfirmError);

impl UserManager {
    /// Counts the mailbox as proven.
    pub async fn confirm(
        &self,
        email: &Email,
        token: &str,
        source: &Source,
    ) -> Result<(), ConfirmError> {
        let token = OneTimeToken::parse(token).ok_or(ConfirmError::InvalidToken)?;
        let (digest, key, now) = (token.digest(), email.key(), self.now());
        let account = transaction!(self.0.store, conn => {
            let owner = conn.consume_one_time_token(&digest, Purpose::Confirm, key, now).await?;
            let Some(id) = owner else { return Ok(None) };
            conn.confirm_account(id, now).await?;
            conn.delete_one_time_tokens_for(id, Purpose::Confirm).await?;
            conn.record_event(EventKind::Confirmed, id, source, now).await?;
            Ok(Some(id))
        })?
        .ok_or(ConfirmError::InvalidToken)?;
        tracing::info!(user.id = account, "mailbox confirmed");
        Ok(())
    }

    /// Asks for another mail with the link. Whether there is anything to confirm is found out
    /// while sending.
    pub async fn resend_confirmation(&self, email: &Email, source: &Source) -> Result<(), Failure> {
        let event = EventKind::ConfirmationRequested;
        self.request_one_mail(MailKind::Confirm, email.key(), event, source)
            .await
    }
}
