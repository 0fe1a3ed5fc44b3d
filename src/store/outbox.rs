//! The mails to be sent. A request writes a row in its own transaction; a worker takes it by
//! lease, so that a worker that dies loses nothing and two never have the same row.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::email::EmailKey;
use crate::domain::mail_kind::MailKind;

/// A row that this worker has until its lease ends.
pub struct OutboxMail {
    pub id: i64,
    /// `None` when a newer version of the service wrote the row.
    pub kind: Option<MailKind>,
    /// The canonical address; bound as it is in further statements.
    pub email_key: String,
    /// How often the row was taken, this time included.
    pub attempts: i32,
    /// The lease, which every later statement about the row repeats.
    pub leased_until: DateTime<Utc>,
}

/// Addresses are personal data: they never reach a log through `Debug`.
impl fmt::Debug for OutboxMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// The mails of one address, for an operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailSummary {
    pub waiting: i64,
    pub sent: i64,
    /// Given up; each was logged as an error.
    pub failed: i64,
}

const ENQUEUE: &str = "INSERT INTO outbox (kind, email_key, due_at, created_at)
    VALUES ($1, $2, $3, $3)";
/// The guard stands twice: the row may have been taken between the look and the update.
const CLAIM: &str = "UPDATE outbox SET leased_until = $2, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM outbox
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= $1
            AND (leased_until IS NULL OR leased_until <= $1)
        ORDER BY due_at LIMIT $3)
    AND sent_at IS NULL AND failed_at IS NULL AND (leased_until IS NULL OR leased_until <= $1)
    RETURNING id, kind, email_key, attempts";
const HOLD: &str = "UPDATE outbox SET leased_until = $2 WHERE id = $1 AND leased_until = $2";
const SENT: &str = "UPDATE outbox SET sent_at = $1, leased_until = NULL
    WHERE id = $2 AND leased_until = $3";
const RETRY: &str = "UPDATE outbox SET due_at = $1, last_error = $2, leased_until = NULL
    WHERE id = $3 AND leased_until = $4";
const GIVE_UP: &str = "UPDATE outbox SET failed_at = $1, last_error = $2, leased_until = NULL
    WHERE id = $3 AND leased_until = $4";
const DROP: &str = "DELETE FROM outbox WHERE id = $1 AND leased_until = $2";
const SUMMARY: &str = "SELECT
        COUNT(CASE WHEN sent_at IS NULL AND failed_at IS NULL THEN 1 END),
        COUNT(sent_at), COUNT(failed_at)
    FROM outbox WHERE email_key = $1";
/// Each half has an index of its own.
const BACKLOG: &str = "SELECT
        (SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL),
        (SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL)";
const CANCEL: &str = "DELETE FROM outbox
    WHERE email_key = $1 AND kind = $2 AND sent_at IS NULL";
/// Out of the hands of a worker, too, that would add a token.
const REPLACE: &str = "UPDATE outbox SET kind = $3, leased_until = NULL
    WHERE email_key = $1 AND kind = $2 AND sent_at IS NULL";
const FORGET_FOR: &str = "DELETE FROM outbox WHERE email_key = $1";
const FORGET: &str = "DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)
        LIMIT $2)";

impl Conn<'_> {
    /// Asks for a mail; it goes out once the transaction is committed, and never otherwise.
    pub async fn enqueue_mail(
        &mut self,
        kind: MailKind,
        email_key: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, ENQUEUE, kind.as_str(), email_key, now).map(drop)
    }

    /// Takes at most `limit` rows that are due, until `leased_until`.
    pub async fn claim_mails(
        &mut self,
        now: DateTime<Utc>,
        leased_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<OutboxMail>, StoreError> {
        let rows: Vec<(i64, String, String, i32)> =
            fetch!(self, fetch_all, CLAIM, now, leased_until, limit)?;
        let mail = |(id, kind, email_key, attempts): (i64, String, String, i32)| OutboxMail {
            id,
            kind: MailKind::from_word(&kind),
            email_key,
            attempts,
            leased_until,
        };
        Ok(rows.into_iter().map(mail).collect())
    }

    /// Notes that the mail was handed over.
    pub async fn mail_sent(
        &mut self,
        mail: &OutboxMail,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, SENT, now, mail.id, mail.leased_until).map(drop)
    }

    /// Puts the mail back until `due_at`.
    pub async fn retry_mail(
        &mut self,
        mail: &OutboxMail,
        due_at: DateTime<Utc>,
        error: &str,
    ) -> Result<(), StoreError> {
        execute!(self, RETRY, due_at, error, mail.id, mail.leased_until).map(drop)
    }

    /// Never tries this mail again.
    pub async fn give_up_mail(
        &mut self,
        mail: &OutboxMail,
        now: DateTime<Utc>,
        error: &str,
    ) -> Result<(), StoreError> {
        execute!(self, GIVE_UP, now, error, mail.id, mail.leased_until).map(drop)
    }

    /// Removes a mail that has nobody to go to.
    pub async fn drop_mail(&mut self, mail: &OutboxMail) -> Result<(), StoreError> {
        execute!(self, DROP, mail.id, mail.leased_until).map(drop)
    }

    /// Takes back the mails with a reset token that have not left, also those that were given up,
    /// which an operator could have sent: whoever reads them later could undo a reset or a change of
    /// the password. A worker that has one in hand finds its row gone before it makes the token.
    /// That somebody guessed is told all the same, without a link.
    pub async fn cancel_reset_mails(&mut self, email_key: &str) -> Result<(), StoreError> {
        execute!(self, CANCEL, email_key, MailKind::Reset.as_str())?;
        let (with_link, without) = (MailKind::AccountLocked, MailKind::AccountWasLocked);
        let (with_link, without) = (with_link.as_str(), without.as_str());
        execute!(self, REPLACE, email_key, with_link, without).map(drop)
    }

    /// Whether the mail is still in hand; false when the row is gone or somebody else's. On
    /// PostgreSQL the row stays locked until the end of the transaction.
    pub async fn hold_mail(&mut self, mail: &OutboxMail) -> Result<bool, StoreError> {
        Ok(execute!(self, HOLD, mail.id, mail.leased_until)? == 1)
    }

    /// How the mails of an address fared.
    pub async fn mail_summary(&mut self, email_key: &str) -> Result<MailSummary, StoreError> {
        let (waiting, sent, failed) = fetch!(self, fetch_one, SUMMARY, email_key)?;
        Ok(MailSummary {
            waiting,
            sent,
            failed,
        })
    }

    /// The mails that wait, and those that failed for good, of all addresses.
    pub async fn mail_backlog(&mut self) -> Result<(i64, i64), StoreError> {
        fetch!(self, fetch_one, BACKLOG)
    }

    /// Removes the mails of an address that is being deleted.
    pub async fn forget_mails_for(&mut self, key: &EmailKey) -> Result<(), StoreError> {
        execute!(self, FORGET_FOR, key.as_str()).map(drop)
    }

    /// Removes at most `limit` finished mails from before `older_than`; how many there were.
    pub async fn forget_mails(
        &mut self,
        older_than: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, older_than, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::store_in;
    use crate::store::transaction;
    use chrono::TimeDelta;

    #[test]
    fn an_address_never_shows_in_debug_output() {
        let mail = OutboxMail {
            id: 1,
            kind: Some(MailKind::Reset),
            email_key: "canary@example.com".to_owned(),
            attempts: 0,
            leased_until: DateTime::UNIX_EPOCH,
        };
        let shown = format!("{mail:?}");
        assert!(
            shown.contains("Reset") && !shown.contains("canary"),
            "{shown}"
        );
    }

    /// Two workers never have the same mail, and one that was taken back is nobody's.
    #[tokio::test]
    async fn a_mail_is_held_by_its_lease_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 1);
        store.migrate().await.expect("migrated");
        let hold = async |mail: &OutboxMail| {
            let held = transaction!(store, conn => conn.hold_mail(mail).await);
            held.expect("an answer")
        };
        let address = "ann@example.com";
        let now = DateTime::UNIX_EPOCH;
        let mut mails = transaction!(store, conn => {
            conn.enqueue_mail(MailKind::Reset, address, now).await?;
            conn.claim_mails(now, now + TimeDelta::minutes(1), 2).await
        })
        .expect("claimed");
        let mut mail = mails.pop().expect("one mail");
        assert!(mails.is_empty() && hold(&mail).await);
        let leased_until = mail.leased_until;
        mail.leased_until += TimeDelta::seconds(1);
        assert!(!hold(&mail).await, "somebody else's");
        mail.leased_until = leased_until;
        transaction!(store, conn => conn.cancel_reset_mails(address).await).expect("cancelled");
        assert!(!hold(&mail).await, "taken back");
    }
}
