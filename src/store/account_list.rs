//! Accounts as an operator looks for them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Conn, StoreError, fetch};
use crate::domain::account::AccountId;

/// One of many accounts, as an operator sees it.
#[derive(Clone, Serialize, sqlx::FromRow)]
pub struct ListedAccount {
    pub id: AccountId,
    /// As it was typed at registration.
    pub email: String,
    pub created_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Wrong passwords in the current count.
    pub login_failures: i32,
    /// When the lock ends; `None` when there is none any more.
    pub locked_until: Option<DateTime<Utc>>,
}

/// What an account can be looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Neither disabled nor locked.
    Active,
    Locked,
    Disabled,
    /// The mailbox was not proven, whatever else.
    Unconfirmed,
}

/// Which accounts are wanted: those after `after`, in the order of their numbers.
#[derive(Clone)]
pub struct AccountFilter {
    /// Part of the address, in lower case.
    pub part: String,
    pub state: Option<AccountState>,
    pub after: AccountId,
    pub limit: i64,
}

/// $1 now, $2 the last one that was seen, $3 pattern, $4 state.
const LIST: &str = "SELECT u.id, u.email, u.created_at, u.confirmed_at, u.disabled_at,
        COALESCE(f.failures, 0) AS login_failures,
        CASE WHEN f.locked_until > $1 THEN f.locked_until END AS locked_until
    FROM users AS u LEFT JOIN login_failures AS f ON f.email_key = u.email_key
    WHERE u.id > $2 AND (u.email_key LIKE $3 ESCAPE '!' OR LOWER(u.email) LIKE $3 ESCAPE '!')
        AND CASE $4
            WHEN 'active' THEN u.disabled_at IS NULL
                AND (f.locked_until IS NULL OR f.locked_until <= $1)
            WHEN 'locked' THEN f.locked_until IS NOT NULL AND f.locked_until > $1
            WHEN 'disabled' THEN u.disabled_at IS NOT NULL
            WHEN 'unconfirmed' THEN u.confirmed_at IS NULL
            ELSE u.id > 0 END
    ORDER BY u.id LIMIT $5";

impl Conn<'_> {
    /// The accounts that fit.
    pub async fn list_accounts(
        &mut self,
        filter: &AccountFilter,
        now: DateTime<Utc>,
    ) -> Result<Vec<ListedAccount>, StoreError> {
        let state = filter.state.map_or("any", AccountState::as_str);
        let (after, limit) = (filter.after, filter.limit);
        let pattern = pattern(&filter.part);
        fetch!(self, fetch_all, LIST, now, after, &pattern, state, limit)
    }
}

impl AccountState {
    /// The word for people and programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// Finds the part anywhere; what has a meaning in a pattern stands for itself.
fn pattern(part: &str) -> String {
    let escaped = part
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{escaped}%")
}

/// Addresses are personal data: they never reach a log through `Debug`.
impl fmt::Debug for ListedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedAccount")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccountFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountFilter")
            .field("state", &self.state)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY 48.
    #[test]
    fn addresses_never_show_in_debug_output() {
        let account = ListedAccount {
            id: 7,
            email: "canary@example.com".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            confirmed_at: None,
            disabled_at: None,
            login_failures: 0,
            locked_until: None,
        };
        assert_eq!(format!("{account:?}"), "ListedAccount { id: 7, .. }");
        let filter = AccountFilter {
            part: "canary".to_owned(),
            state: None,
            after: 7,
            limit: 1,
        };
        let shown = "AccountFilter { state: None, after: 7, .. }";
        assert_eq!(format!("{filter:?}"), shown);
    }

    #[test]
    fn a_pattern_finds_what_was_typed_and_nothing_else() {
        assert_eq!(pattern(""), "%%");
        assert_eq!(pattern("a_b%c!"), "%a!_b!%c!!%");
    }
}
