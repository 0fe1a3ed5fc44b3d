//! The outbox worker: takes mails by lease, makes their one-time tokens while sending, so that
//! no usable token is ever at rest, and tries again with growing pauses.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::account::Account;
use crate::domain::mail_kind::MailKind;
use crate::domain::one_time_token::Purpose;
use crate::mail::{LetterWriter, Mailer, OneTimeLink};
use crate::metrics::MailMetrics;
use crate::security::one_time_token::OneTimeToken;
use crate::store::{OutboxMail, Recipient, Store, StoreError, read, transaction};

/// How long a worker has a mail for itself; longer than the mail server is waited for.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Mails taken at once, and sent side by side.
const BATCH: i64 = 8;
/// The last attempt is about a day after the first.
const MAX_ATTEMPTS: i32 = 15;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// How often the note that a mail left is tried, a second apart and well within the lease.
const NOTE_TRIES: u32 = 30;
/// How often an idle worker looks for mails that another instance left, or that are due again.
const POLL: Duration = Duration::from_secs(5);

/// Sends what is in the outbox.
#[derive(Debug)]
pub struct OutboxWorker {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub mailer: Mailer,
    pub writer: LetterWriter,
    pub reset_lifetime: Duration,
    pub confirm_lifetime: Duration,
    /// Told when there is a new mail.
    pub wake: Arc<Notify>,
    pub metrics: MailMetrics,
}

/// Why a mail did not leave this time.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Mail(String),
    /// A reset or a password change took the mail back, or the lease ended.
    #[error("the mail was taken back")]
    TakenBack,
}

impl OutboxWorker {
    /// Sends until it is told to stop; the mails in hand are finished.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.deliver_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "the outbox cannot be read"),
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Takes some of the mails that are due and sends them; how many it took.
    ///
    /// # Errors
    /// [`StoreError`] when the outbox cannot be read.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let lease = now + LEASE;
        let mails = transaction!(self.store, conn => conn.claim_mails(now, lease, BATCH).await)?;
        let deliveries = mails.iter().map(|mail| self.deliver(mail));
        for settled in futures_util::future::join_all(deliveries).await {
            if let Err(error) = settled {
                tracing::warn!(%error, "a mail stays in the outbox until its lease ends");
            }
        }
        Ok(mails.len())
    }

    /// Sends one mail and notes how it went.
    async fn deliver(&self, mail: &OutboxMail) -> Result<(), StoreError> {
        let Some(kind) = mail.kind else {
            return self
                .put_back(mail, "unknown", "this version does not know the kind")
                .await;
        };
        let recipient = match self.recipient(mail, kind).await {
            Ok(Some(account)) => account,
            Ok(None) => return transaction!(self.store, conn => conn.drop_mail(mail).await),
            Err(error) => return self.put_back(mail, kind.as_str(), &error.to_string()).await,
        };
        match self.send(mail, kind, &recipient).await {
            Ok(()) => {
                self.metrics.sent.inc();
                tracing::info!(
                    user.id = recipient.account.id,
                    mail = kind.as_str(),
                    "mail sent"
                );
                self.note_sent(mail).await
            }
            Err(Undelivered::TakenBack) => Ok(()),
            Err(error) => self.put_back(mail, kind.as_str(), &error.to_string()).await,
        }
    }

    /// Whom the mail is for, as things stand now; often it is for nobody.
    async fn recipient(
        &self,
        mail: &OutboxMail,
        kind: MailKind,
    ) -> Result<Option<Recipient>, StoreError> {
        let key = mail.email_key.as_str();
        let recipient = read!(self.store, conn => conn.recipient(key).await)?;
        Ok(recipient.filter(|Recipient { account, .. }| {
            let needed = match kind {
                MailKind::Confirm => account.confirmed_at.is_none(),
                MailKind::Welcome
                | MailKind::Reset
                | MailKind::PasswordChanged
                | MailKind::AccountLocked
                | MailKind::AccountWasLocked
                | MailKind::AlreadyRegistered => true,
            };
            needed && account.disabled_at.is_none()
        }))
    }

    /// A mail that left and is not noted goes out again, so a short outage is waited for.
    async fn note_sent(&self, mail: &OutboxMail) -> Result<(), StoreError> {
        let mut tries = 1;
        loop {
            let now = self.clock.now();
            let noted = transaction!(self.store, conn => conn.mail_sent(mail, now).await);
            if noted.is_ok() || tries == NOTE_TRIES {
                return noted;
            }
            tries += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn send(
        &self,
        mail: &OutboxMail,
        kind: MailKind,
        Recipient { account, language }: &Recipient,
    ) -> Result<(), Undelivered> {
        let token = match kind.purpose() {
            Some(purpose) => Some(self.one_time_token(mail, account, purpose).await?),
            None => None,
        };
        let revealed = token
            .as_ref()
            .map(|(token, lifetime)| (token.reveal(), *lifetime));
        let link = revealed.as_ref().map(|(token, lifetime)| OneTimeLink {
            token,
            lifetime: *lifetime,
        });
        let letter = self
            .writer
            .write(kind, &account.email, language.as_deref(), link.as_ref())
            .map_err(|error| Undelivered::Mail(error.to_string()))?;
        self.mailer
            .send(&letter)
            .await
            .map_err(|error| Undelivered::Mail(error.to_string()))
    }

    async fn one_time_token(
        &self,
        mail: &OutboxMail,
        account: &Account,
        purpose: Purpose,
    ) -> Result<(OneTimeToken, Duration), Undelivered> {
        let token =
            OneTimeToken::generate().map_err(|error| Undelivered::Mail(error.to_string()))?;
        let lifetime = match purpose {
            Purpose::Reset => self.reset_lifetime,
            Purpose::Confirm => self.confirm_lifetime,
        };
        let (digest, id) = (token.digest(), account.id);
        let expires_at = later(self.clock.now(), lifetime);
        let made = transaction!(self.store, conn => {
            // Whoever takes the mail back waits for this transaction, or this one for them.
            let held = conn.hold_mail(mail).await?;
            if held {
                conn.insert_one_time_token(&digest, id, purpose, expires_at).await?;
            }
            Ok(held)
        })?;
        if made {
            Ok((token, lifetime))
        } else {
            Err(Undelivered::TakenBack)
        }
    }

    /// Tries again later, or gives up loudly. The error may name the recipient, so the log has
    /// the mail's number and the database has the words.
    async fn put_back(&self, mail: &OutboxMail, kind: &str, error: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        if mail.attempts >= MAX_ATTEMPTS {
            self.metrics.given_up.inc();
            tracing::error!(
                mail.id,
                mail = kind,
                mail.attempts,
                "gave up on a mail; outbox.last_error says why"
            );
            return transaction!(self.store, conn => conn.give_up_mail(mail, now, error).await);
        }
        self.metrics.put_back.inc();
        let due_at = later(now, pause_after(mail.attempts));
        tracing::warn!(
            mail.id,
            mail = kind,
            mail.attempts,
            "a mail was not taken and will be tried again; outbox.last_error says why"
        );
        transaction!(self.store, conn => conn.retry_mail(mail, due_at, error).await)
    }
}

/// Twice as long each time, and up to a quarter more, so that mails do not come back together.
fn pause_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or_default()
        .min(16);
    let pause = FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE);
    pause.mul_f64(rand::random_range(1.0..1.25))
}

fn later(now: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(by).unwrap_or(TimeDelta::days(36_500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_the_longest() {
        for attempts in 1..40 {
            let pause = pause_after(attempts);
            assert!(pause >= FIRST_PAUSE && pause <= LONGEST_PAUSE.mul_f64(1.25));
        }
        assert!(pause_after(2) >= FIRST_PAUSE * 2);
        let whole: Duration = (1..MAX_ATTEMPTS).map(pause_after).sum();
        assert!(whole > Duration::from_hours(23) && whole < Duration::from_hours(30));
    }
}
