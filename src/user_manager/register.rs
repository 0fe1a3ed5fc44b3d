//! Registration.

use super::error::fails;
use super::{Failure, LoggedIn, UserManager};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::email::Email;
use crate::domain::language::Language;
use crate::domain::mail_kind::MailKind;
use crate::domain::password::NewPassword;
use crate::security::access_token::TokenSubject;
use crate::security::hash_pool::HashFor;
use crate::store::{NewAccount, read, transaction};

/// What a registration gives.
#[derive(Debug)]
pub enum Registered {
    /// The account can be used at once.
    Token(LoggedIn),
    /// There is mail, for the new owner or for the one who was there before.
    CheckMail,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Never said where confirmation is required.
    #[error("the address has an account")]
    EmailTaken,
    #[error(transparent)]
    Failed(Failure),
}
fails!(RegisterError);

impl UserManager {
    /// Makes an account for the address, whose mails are in this language; in the default one
    /// when there is none.
    pub async fn register(
        &self,
        email: &Email,
        password: &NewPassword,
        language: Option<Language>,
        source: &Source,
    ) -> Result<Registered, RegisterError> {
        let ticket = self
            .0
            .hashes
            .enter(HashFor::Registration, email.key())
            .await?;
        let rule = self.0.rules.confirmation;
        if rule != ConfirmationRule::Required {
            let key = email.key().as_str();
            let taken = read!(self.0.store, conn => conn.account_by_key(key).await)?;
            if taken.is_some() {
                return Err(RegisterError::EmailTaken);
            }
        }
        let password_hash = ticket.slot().await?.hash(password).await?;
        let now = self.now();
        let new = NewAccount {
            email,
            password_hash: &password_hash,
            confirmed_at: None,
            language,
        };
        let id = transaction!(self.0.store, conn => {
            let id = conn.insert_account(&new, now).await?;
            let mail = match (id, rule) {
                (Some(_), ConfirmationRule::Off) => MailKind::Welcome,
                (Some(_), ConfirmationRule::Optional | ConfirmationRule::Required) => {
                    MailKind::Confirm
                }
                (None, ConfirmationRule::Required) => MailKind::AlreadyRegistered,
                (None, ConfirmationRule::Off | ConfirmationRule::Optional) => return Ok(id),
            };
            let allowed = self.count_mail(conn, mail, email.key(), now).await?;
            // A new account always gets its mail, whoever used the quota up before there was one.
            if allowed || id.is_some() {
                conn.enqueue_mail(mail, email.key().as_str(), now).await?;
                let event = id.map_or(EventKind::RegisteredAgain, |_| EventKind::Registered);
                conn.record_event_for(event, email.key(), source, now).await?;
            }
            Ok(id)
        })?;
        self.0.outbox.notify_one();
        if let Some(id) = id {
            tracing::info!(user.id = id, "registered");
        }
        match (id, rule) {
            (_, ConfirmationRule::Required) => Ok(Registered::CheckMail),
            (None, _) => Err(RegisterError::EmailTaken),
            (Some(account), _) => {
                // A new account's token version is the column's default.
                let subject = TokenSubject {
                    account,
                    version: 1,
                };
                Ok(Registered::Token(self.tokens(
                    subject,
                    email.key(),
                    None,
                )?))
            }
        }
    }
}
