//! One-time tokens, as digests.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::account::AccountId;
use crate::domain::email::EmailKey;
use crate::domain::one_time_token::{Purpose, TokenDigest};

/// A token that could still be used, as an operator sees it: not even its digest is read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct OpenToken {
    /// `reset` or `confirm`.
    pub purpose: String,
    pub expires_at: DateTime<Utc>,
}

const INSERT: &str = "INSERT INTO one_time_tokens (digest, user_id, purpose, expires_at)
    VALUES ($1, $2, $3, $4)";
const FIND: &str = "SELECT t.user_id FROM one_time_tokens AS t JOIN users AS u ON u.id = t.user_id
    WHERE t.digest = $1 AND t.purpose = $2 AND t.expires_at > $3
        AND u.email_key = $4 AND u.disabled_at IS NULL";
const CONSUME: &str = "DELETE FROM one_time_tokens
    WHERE digest = $1 AND purpose = $2 AND expires_at > $3
        AND user_id = (SELECT id FROM users WHERE email_key = $4 AND disabled_at IS NULL)
    RETURNING user_id";
const DELETE_ALL: &str = "DELETE FROM one_time_tokens WHERE user_id = $1";
const DELETE_PURPOSE: &str = "DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose = $2";
const OPEN: &str = "SELECT purpose, expires_at FROM one_time_tokens
    WHERE user_id = $1 AND expires_at > $2 ORDER BY expires_at";
const FORGET: &str = "DELETE FROM one_time_tokens WHERE digest IN (
        SELECT digest FROM one_time_tokens WHERE expires_at <= $1 LIMIT $2)";

impl Conn<'_> {
    /// Stores the digest of a new token.
    pub async fn insert_one_time_token(
        &mut self,
        digest: &TokenDigest,
        account: AccountId,
        purpose: Purpose,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            INSERT,
            digest.as_bytes(),
            account,
            purpose.as_str(),
            expires_at
        )
        .map(drop)
    }

    /// Whether the token would be taken now; it stays.
    pub async fn find_one_time_token(
        &mut self,
        digest: &TokenDigest,
        purpose: Purpose,
        key: &EmailKey,
        now: DateTime<Utc>,
    ) -> Result<Option<AccountId>, StoreError> {
        let row: Option<(AccountId,)> = fetch!(
            self,
            fetch_optional,
            FIND,
            digest.as_bytes(),
            purpose.as_str(),
            now,
            key.as_str(),
        )?;
        Ok(row.map(|(id,)| id))
    }

    /// Takes the token: of any number of callers, one gets the account.
    pub async fn consume_one_time_token(
        &mut self,
        digest: &TokenDigest,
        purpose: Purpose,
        key: &EmailKey,
        now: DateTime<Utc>,
    ) -> Result<Option<AccountId>, StoreError> {
        let row: Option<(AccountId,)> = fetch!(
            self,
            fetch_optional,
            CONSUME,
            digest.as_bytes(),
            purpose.as_str(),
            now,
            key.as_str(),
        )?;
        Ok(row.map(|(id,)| id))
    }

    /// Makes every one-time token of the account useless.
    pub async fn delete_one_time_tokens(&mut self, account: AccountId) -> Result<(), StoreError> {
        execute!(self, DELETE_ALL, account).map(drop)
    }

    /// Makes the account's one-time tokens of one purpose useless.
    pub async fn delete_one_time_tokens_for(
        &mut self,
        account: AccountId,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        execute!(self, DELETE_PURPOSE, account, purpose.as_str()).map(drop)
    }

    /// The account's one-time tokens that could still be used.
    pub async fn open_tokens(
        &mut self,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Vec<OpenToken>, StoreError> {
        fetch!(self, fetch_all, OPEN, account, now)
    }

    /// Removes at most `limit` expired tokens; how many there were.
    pub async fn forget_one_time_tokens(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, now, limit)
    }
}
