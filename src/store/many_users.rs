//! Many accounts in one statement, for those that move in and out.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::{Conn, StoreError, fetch, on_engine};
use crate::domain::account::AccountId;
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::Email;
use crate::domain::password::PasswordHash;

/// An account from elsewhere.
#[derive(Debug, Clone)]
pub struct MovedAccount {
    pub email: Email,
    pub password_hash: PasswordHash,
    pub token_version: i64,
    pub role: String,
    /// Of the mails; `None` for the default.
    pub language: Option<String>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// All of an account, in the order in which it is written down.
#[derive(sqlx::FromRow, Serialize)]
pub struct WholeAccount {
    pub id: AccountId,
    pub email: String,
    pub password_hash: String,
    pub role: String,
    /// Of the mails; `None` for the default.
    pub language: Option<String>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub token_version: i64,
}

const PAGE: &str = "SELECT id, email, password_hash, token_version, role, language,
        confirmed_at, disabled_at, created_at
    FROM users WHERE id > $1 ORDER BY id LIMIT $2";

impl Conn<'_> {
    /// Which of these canonical addresses have an account.
    pub async fn taken_addresses(&mut self, keys: &[&str]) -> Result<Vec<String>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = "SELECT email_key FROM users WHERE email_key IN ".to_owned();
        place_holders(&mut sql, 0, keys.len());
        let named = self.named_statements;
        let rows: Vec<(String,)> = on_engine!(self, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(named);
            for key in keys {
                query = query.bind(*key);
            }
            query.fetch_all(&mut **c).await
        })?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }

    /// Adds all of these accounts; [`StoreError::is_duplicate`] when one of them is there. At most
    /// 3,600: `SQLite` binds 32,766 values.
    pub async fn insert_accounts(&mut self, accounts: &[MovedAccount]) -> Result<(), StoreError> {
        const COLUMNS: usize = 9;
        if accounts.is_empty() {
            return Ok(());
        }
        let mut sql = "INSERT INTO users (email, email_key, password_hash, token_version, role,
            language, confirmed_at, disabled_at, created_at) VALUES "
            .to_owned();
        for row in 0..accounts.len() {
            if row > 0 {
                sql.push(',');
            }
            place_holders(&mut sql, row * COLUMNS, COLUMNS);
        }
        let named = self.named_statements;
        on_engine!(self, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(named);
            for account in accounts {
                query = query
                    .bind(account.email.typed())
                    .bind(account.email.key().as_str())
                    .bind(account.password_hash.as_str())
                    .bind(account.token_version)
                    .bind(account.role.as_str())
                    .bind(account.language.as_deref())
                    .bind(account.confirmed_at)
                    .bind(account.disabled_at)
                    .bind(account.created_at);
            }
            query.execute(&mut **c).await.map(drop)
        })
        .map_err(StoreError::from)
    }

    /// Writes down that these accounts, which are there by now, were imported by an operator.
    pub async fn record_imports(
        &mut self,
        accounts: &[MovedAccount],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const BEFORE: usize = 3;
        if accounts.is_empty() {
            return Ok(());
        }
        let mut sql = "INSERT INTO account_events (at, kind, actor, user_id)
            SELECT $1, $2, $3, id FROM users WHERE email_key IN "
            .to_owned();
        place_holders(&mut sql, BEFORE, accounts.len());
        let kind = EventKind::Imported;
        let named = self.named_statements;
        on_engine!(self, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(named);
            query = query.bind(now).bind(kind.as_str()).bind(kind.actor(&Source::Operator).as_str());
            for account in accounts {
                query = query.bind(account.email.key().as_str());
            }
            query.execute(&mut **c).await.map(drop)
        })
        .map_err(StoreError::from)
    }

    /// The accounts with the next higher numbers, in their order.
    pub async fn accounts_after(
        &mut self,
        id: AccountId,
        limit: i64,
    ) -> Result<Vec<WholeAccount>, StoreError> {
        fetch!(self, fetch_all, PAGE, id, limit)
    }
}

/// `($1,$2,$3)`: nothing but numbers.
fn place_holders(sql: &mut String, after: usize, count: usize) {
    for number in after + 1..=after + count {
        sql.push_str(if number == after + 1 { "($" } else { ",$" });
        sql.push_str(&number.to_string());
    }
    sql.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_holders_go_on_from_row_to_row() {
        let mut sql = String::new();
        place_holders(&mut sql, 0, 2);
        place_holders(&mut sql, 2, 3);
        assert_eq!(sql, "($1,$2)($3,$4,$5)");
    }
}
