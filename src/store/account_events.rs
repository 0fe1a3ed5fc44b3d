//! The audit trail. Rows are only added; a trigger refuses every change of one.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::account::AccountId;
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::EmailKey;

/// An event as it was written down. The words are text: a newer version may have written others.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct AccountEvent {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub user_id: AccountId,
    pub actor: String,
    pub source_ip: Option<String>,
    pub request_id: Option<String>,
}

/// Which events are wanted: from `since` on, before `until`.
#[derive(Debug, Clone, Copy)]
pub struct EventRange {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub user_id: Option<AccountId>,
}

const RECORD: &str = "INSERT INTO account_events (at, kind, user_id, actor, source_ip, request_id)
    VALUES ($1, $2, $3, $4, $5, $6)";
/// The row is written whether or not the address has an account, so the time does not tell.
const RECORD_FOR: &str =
    "INSERT INTO account_events (at, kind, user_id, actor, source_ip, request_id)
    VALUES ($1, $2, (SELECT id FROM users WHERE email_key = $3), $4, $5, $6)";
const LAST: &str = "SELECT id, at, kind, user_id, actor, source_ip, request_id
    FROM account_events WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
/// $1 and $2 the event before the first wanted one. Its time is taken as it is stored: SQLite
/// compares texts, and somebody may have written one in another form, as with `Z`.
const ALL: &str = "SELECT id, at, kind, user_id, actor, source_ip, request_id
    FROM account_events
    WHERE (at, id) > (COALESCE((SELECT at FROM account_events WHERE id = $2), $1), $2)
        AND at < $3 AND user_id IS NOT NULL
    ORDER BY at, id LIMIT $4";
const OF_ONE: &str = "SELECT id, at, kind, user_id, actor, source_ip, request_id
    FROM account_events
    WHERE (at, id) > (COALESCE((SELECT at FROM account_events WHERE id = $2), $1), $2)
        AND at < $3 AND user_id = $5
    ORDER BY at, id LIMIT $4";
const FORGET: &str = "DELETE FROM account_events WHERE id IN (
        SELECT id FROM account_events WHERE at < $1 ORDER BY at LIMIT $2)";
const FORGET_NOBODYS: &str = "DELETE FROM account_events WHERE id IN (
        SELECT id FROM account_events WHERE user_id IS NULL LIMIT $1)";

impl Conn<'_> {
    /// Writes down what happens to an account, if the transaction is committed.
    pub async fn record_event(
        &mut self,
        kind: EventKind,
        account: AccountId,
        source: &Source,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let address = source.address().map(|address| address.to_string());
        let (actor, request_id) = (kind.actor(source).as_str(), source.request_id());
        let kind = kind.as_str();
        execute!(
            self, RECORD, now, kind, account, actor, &address, request_id
        )
        .map(drop)
    }

    /// The same for an address that may have no account; then it is forgotten soon.
    pub async fn record_event_for(
        &mut self,
        kind: EventKind,
        key: &EmailKey,
        source: &Source,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let address = source.address().map(|address| address.to_string());
        let (actor, request_id) = (kind.actor(source).as_str(), source.request_id());
        let (kind, key) = (kind.as_str(), key.as_str());
        execute!(
            self, RECORD_FOR, now, kind, key, actor, &address, request_id
        )
        .map(drop)
    }

    /// The newest events of an account, the last one first.
    pub async fn last_events(
        &mut self,
        account: AccountId,
        limit: i64,
    ) -> Result<Vec<AccountEvent>, StoreError> {
        fetch!(self, fetch_all, LAST, account, limit)
    }

    /// At most `limit` events of a range, the oldest first, after the one that is given.
    pub async fn events(
        &mut self,
        range: &EventRange,
        after: Option<&AccountEvent>,
        limit: i64,
    ) -> Result<Vec<AccountEvent>, StoreError> {
        let (at, id) = after.map_or((range.since, 0), |event| (event.at, event.id));
        match range.user_id {
            None => fetch!(self, fetch_all, ALL, at, id, range.until, limit),
            Some(user) => fetch!(self, fetch_all, OF_ONE, at, id, range.until, limit, user),
        }
    }

    /// Removes at most `limit` events from before `older_than`; how many there were.
    pub async fn forget_events(
        &mut self,
        older_than: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, older_than, limit)
    }

    /// Removes at most `limit` events of addresses without an account; how many there were.
    pub async fn forget_nobodys_events(&mut self, limit: i64) -> Result<u64, StoreError> {
        execute!(self, FORGET_NOBODYS, limit)
    }
}
