//! The outbox as an operator looks at it: which mails wait or failed, and another try.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Conn, StoreError, execute, fetch};

/// A mail, as an operator sees it. There is no token in it: it is made while sending.
#[derive(Clone, Serialize, sqlx::FromRow)]
pub struct ListedMail {
    pub id: i64,
    pub kind: String,
    /// The canonical address that it is for.
    pub email_key: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often a worker has tried it.
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub failed_at: Option<DateTime<Utc>>,
    /// The mail server's words.
    pub last_error: Option<String>,
}

/// How a mail can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    Waiting,
    Sent,
    /// Given up.
    Failed,
}

/// $1 the last one that was seen, $2 state.
const LIST: &str = "SELECT * FROM (
        SELECT id, kind, email_key, CASE WHEN sent_at IS NOT NULL THEN 'sent'
            WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END AS state,
            attempts, created_at, due_at, sent_at, failed_at, last_error
        FROM outbox WHERE id > $1) AS mails
    WHERE $2 IN ('any', state) ORDER BY id LIMIT $3";
const LAST: &str = "SELECT id, kind, email_key, CASE WHEN sent_at IS NOT NULL THEN 'sent'
            WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END AS state,
        attempts, created_at, due_at, sent_at, failed_at, last_error
    FROM outbox WHERE email_key = $1 ORDER BY id DESC LIMIT $2";
/// One that a worker has in hand is left to it.
const RETRY: &str = "UPDATE outbox SET failed_at = NULL, attempts = 0, due_at = $1
    WHERE id = $2 AND sent_at IS NULL AND (leased_until IS NULL OR leased_until <= $1)";
const RETRY_FAILED: &str = "UPDATE outbox SET failed_at = NULL, attempts = 0, due_at = $1
    WHERE id IN (SELECT id FROM outbox WHERE failed_at IS NOT NULL ORDER BY id LIMIT $2)
        AND failed_at IS NOT NULL";

impl Conn<'_> {
    /// At most `limit` mails after the one with the number `after`.
    pub async fn list_mails(
        &mut self,
        state: Option<MailState>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ListedMail>, StoreError> {
        let state = state.map_or("any", MailState::as_str);
        fetch!(self, fetch_all, LIST, after, state, limit)
    }

    /// The newest mails of an address, the last one first.
    pub async fn last_mails(
        &mut self,
        email_key: &str,
        limit: i64,
    ) -> Result<Vec<ListedMail>, StoreError> {
        fetch!(self, fetch_all, LAST, email_key, limit)
    }

    /// Makes a mail due now, with all its attempts; false when there is none that could be sent.
    pub async fn try_mail_again(
        &mut self,
        id: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(execute!(self, RETRY, now, id)? == 1)
    }

    /// The same for at most `limit` of those that were given up; how many there were.
    pub async fn try_failed_mails_again(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, RETRY_FAILED, now, limit)
    }
}

impl MailState {
    /// The word for people and programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Addresses are personal data: they never reach a log through `Debug`.
impl fmt::Debug for ListedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY 48.
    #[test]
    fn an_address_never_shows_in_debug_output() {
        let mail = ListedMail {
            id: 7,
            kind: "reset".to_owned(),
            email_key: "canary@example.com".to_owned(),
            state: "failed".to_owned(),
            attempts: 1,
            created_at: DateTime::UNIX_EPOCH,
            due_at: DateTime::UNIX_EPOCH,
            sent_at: None,
            failed_at: None,
            last_error: Some("canary".to_owned()),
        };
        let shown = format!("{mail:?}");
        assert!(
            shown.starts_with("ListedMail { id: 7, kind: \"reset\""),
            "{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}
