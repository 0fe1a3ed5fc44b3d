//! The lockout's counters, by canonical address, whether or not it has an account.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::email::EmailKey;
use crate::domain::lockout::LockoutPolicy;

/// The failures of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct LoginFailures {
    /// Wrong passwords in the current count; 0 in an operator's lock.
    pub failures: i32,
    /// When the lock ends, if there is one.
    pub locked_until: Option<DateTime<Utc>>,
}

/// $1 address, $2 now, $3 a count older than this is over, $4 failures that lock, $5 end of the
/// lock. A row that is locked is left as it is: attempts while locked do not extend the lock.
const COUNT: &str =
    "INSERT INTO login_failures (email_key, failures, last_failure_at, locked_until)
    VALUES ($1, 1, $2, CASE WHEN $4 <= 1 THEN $5 END)
    ON CONFLICT (email_key) DO UPDATE SET
        failures = CASE
            WHEN login_failures.locked_until IS NOT NULL OR login_failures.last_failure_at < $3
            THEN 1 ELSE login_failures.failures + 1 END,
        last_failure_at = excluded.last_failure_at,
        locked_until = CASE
            WHEN $4 <= 1 THEN $5
            WHEN login_failures.locked_until IS NOT NULL OR login_failures.last_failure_at < $3
            THEN NULL
            WHEN login_failures.failures + 1 >= $4 THEN $5
            ELSE NULL END
    WHERE login_failures.locked_until IS NULL OR login_failures.locked_until <= $2
    RETURNING failures, locked_until";
const READ: &str = "SELECT failures, locked_until FROM login_failures WHERE email_key = $1";
const CLEAR: &str = "DELETE FROM login_failures
    WHERE email_key = $1 AND (locked_until IS NULL OR locked_until <= $2)";
const UNLOCK: &str = "DELETE FROM login_failures WHERE email_key = $1";
const LOCK: &str = "INSERT INTO login_failures (email_key, failures, last_failure_at, locked_until)
    VALUES ($1, 0, $2, $3)
    ON CONFLICT (email_key) DO UPDATE SET failures = 0, last_failure_at = $2, locked_until = $3";
/// The condition stands twice: the row may have been locked between the look and the deletion.
const FORGET: &str = "DELETE FROM login_failures WHERE email_key IN (
        SELECT email_key FROM login_failures
        WHERE last_failure_at < $1 AND (locked_until IS NULL OR locked_until <= $2) LIMIT $3)
    AND last_failure_at < $1 AND (locked_until IS NULL OR locked_until <= $2)";

impl Conn<'_> {
    /// The failures of an address so far.
    pub async fn login_failures(
        &mut self,
        key: &EmailKey,
    ) -> Result<Option<LoginFailures>, StoreError> {
        fetch!(self, fetch_optional, READ, key.as_str())
    }

    /// Counts one wrong password; `None` when the address is locked already.
    pub async fn count_login_failure(
        &mut self,
        key: &EmailKey,
        policy: &LockoutPolicy,
        now: DateTime<Utc>,
    ) -> Result<Option<LoginFailures>, StoreError> {
        fetch!(
            self,
            fetch_optional,
            COUNT,
            key.as_str(),
            now,
            policy.count_since(now),
            policy.failures,
            policy.locked_until(now),
        )
    }

    /// Ends the count after a right password; a lock set meanwhile stays.
    pub async fn clear_login_failures(
        &mut self,
        key: &EmailKey,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, CLEAR, key.as_str(), now).map(drop)
    }

    /// Ends the count and the lock.
    pub async fn unlock(&mut self, key: &EmailKey) -> Result<(), StoreError> {
        execute!(self, UNLOCK, key.as_str()).map(drop)
    }

    /// Locks until the given moment, whatever was counted.
    pub async fn lock(
        &mut self,
        key: &EmailKey,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, LOCK, key.as_str(), now, until).map(drop)
    }

    /// Removes at most `limit` counts that are over; how many there were.
    pub async fn forget_login_failures(
        &mut self,
        policy: &LockoutPolicy,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, policy.count_since(now), now, limit)
    }
}
