//! How many mails of one kind an address was sent lately at somebody's request.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::email::EmailKey;
use crate::domain::mail_kind::MailKind;

/// $1 address, $2 kind, $3 now, $4 a window begun at or before this is over, $5 the most.
const TAKE: &str = "INSERT INTO mail_quota (email_key, kind, mails, window_started_at)
    VALUES ($1, $2, 1, $3)
    ON CONFLICT (email_key, kind) DO UPDATE SET
        mails = CASE WHEN mail_quota.window_started_at <= $4 THEN 1 ELSE mail_quota.mails + 1 END,
        window_started_at = CASE
            WHEN mail_quota.window_started_at <= $4 THEN excluded.window_started_at
            ELSE mail_quota.window_started_at END
    WHERE mail_quota.window_started_at <= $4 OR mail_quota.mails < $5
    RETURNING mails";
const FORGET: &str = "DELETE FROM mail_quota WHERE (email_key, kind) IN (
        SELECT email_key, kind FROM mail_quota WHERE window_started_at <= $1 LIMIT $2)
    AND window_started_at <= $1";

impl Conn<'_> {
    /// Takes one mail of the quota; false when it is used up.
    pub async fn take_mail_quota(
        &mut self,
        key: &EmailKey,
        kind: MailKind,
        most: i32,
        window_start: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let taken: Option<(i32,)> = fetch!(
            self,
            fetch_optional,
            TAKE,
            key.as_str(),
            kind.as_str(),
            now,
            window_start,
            most,
        )?;
        Ok(taken.is_some())
    }

    /// Removes at most `limit` windows that are over; how many there were.
    pub async fn forget_mail_quotas(
        &mut self,
        window_start: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, window_start, limit)
    }
}
