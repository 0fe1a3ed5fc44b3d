//! The accounts.

use chrono::{DateTime, Utc};

use super::login_failures::LoginFailures;
use super::{Conn, StoreError, execute, fetch};
use crate::domain::account::{Account, AccountId};
use crate::domain::email::{Email, EmailKey};
use crate::domain::language::Language;
use crate::domain::password::PasswordHash;

/// What a login needs, read in one statement: the account, its hash, the failures so far.
#[derive(Debug)]
pub struct Credentials {
    pub account: Option<(Account, PasswordHash)>,
    pub failures: Option<LoginFailures>,
}

/// A row to be.
#[derive(Debug)]
pub struct NewAccount<'a> {
    pub email: &'a Email,
    pub password_hash: &'a PasswordHash,
    pub confirmed_at: Option<DateTime<Utc>>,
    /// `None` for the default one.
    pub language: Option<Language>,
}

/// Whom a mail is for.
#[derive(Debug)]
pub struct Recipient {
    pub account: Account,
    /// The name of the language that mails are written in; `None` for the default one.
    pub language: Option<String>,
}

/// An account as an operator sees it.
#[derive(Debug)]
pub struct AccountDetails {
    pub account: Account,
    pub role: String,
    pub language: Option<String>,
    pub created_at: DateTime<Utc>,
}

const BY_ID: &str = "SELECT id, email, email_key, token_version, confirmed_at, disabled_at
    FROM users WHERE id = $1";
const BY_KEY: &str = "SELECT id, email, email_key, token_version, confirmed_at, disabled_at
    FROM users WHERE email_key = $1";
const RECIPIENT: &str =
    "SELECT id, email, email_key, token_version, confirmed_at, disabled_at, language
    FROM users WHERE email_key = $1";
const DETAILS: &str = "SELECT role, language, created_at FROM users WHERE id = $1";
/// $1 address, $2 now, or NULL for whom no lock keeps out. The account of a locked address is not
/// looked for: otherwise the time would tell whether there is one.
const CREDENTIALS: &str = "SELECT u.id, u.email, u.email_key, u.token_version, u.confirmed_at,
        u.disabled_at, u.password_hash, f.failures, f.locked_until
    FROM (SELECT CAST($1 AS text) AS email_key) AS asked
    LEFT JOIN login_failures AS f ON f.email_key = asked.email_key
    LEFT JOIN users AS u
        ON u.email_key = CASE WHEN f.locked_until > $2 THEN NULL ELSE asked.email_key END";
const INSERT: &str = "INSERT INTO users
        (email, email_key, password_hash, confirmed_at, created_at, language)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (email_key) DO NOTHING
    RETURNING id";
const CHANGE_PASSWORD: &str = "UPDATE users
    SET password_hash = $1, token_version = token_version + 1
    WHERE id = $2 AND token_version = $3 AND disabled_at IS NULL
    RETURNING token_version";
const RESET_PASSWORD: &str = "UPDATE users
    SET password_hash = $1, token_version = token_version + 1,
        confirmed_at = COALESCE(confirmed_at, $2)
    WHERE id = $3
    RETURNING token_version";
const REHASH: &str = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
const CONFIRM: &str = "UPDATE users SET confirmed_at = COALESCE(confirmed_at, $1) WHERE id = $2";
const REVOKE: &str = "UPDATE users SET token_version = token_version + 1 WHERE id = $1";
const DISABLE: &str = "UPDATE users
    SET disabled_at = COALESCE(disabled_at, $1), token_version = token_version + 1 WHERE id = $2";
const ENABLE: &str = "UPDATE users SET disabled_at = NULL WHERE id = $1";
const DELETE: &str = "DELETE FROM users WHERE id = $1";

impl Conn<'_> {
    /// The account with this number.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row: Option<MaybeAccount> = fetch!(self, fetch_optional, BY_ID, id)?;
        Ok(row.and_then(Option::from))
    }

    /// The account with this canonical address.
    pub async fn account_by_key(&mut self, key: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<MaybeAccount> = fetch!(self, fetch_optional, BY_KEY, key)?;
        Ok(row.and_then(Option::from))
    }

    /// Whom a mail to this canonical address is for.
    pub async fn recipient(&mut self, key: &str) -> Result<Option<Recipient>, StoreError> {
        let row: Option<RecipientRow> = fetch!(self, fetch_optional, RECIPIENT, key)?;
        Ok(row.and_then(|row| {
            Some(Recipient {
                account: Option::from(row.account)?,
                language: row.language,
            })
        }))
    }

    /// What an operator sees beside the account itself.
    pub async fn account_details(
        &mut self,
        account: Account,
    ) -> Result<Option<AccountDetails>, StoreError> {
        let row: Option<(String, Option<String>, DateTime<Utc>)> =
            fetch!(self, fetch_optional, DETAILS, account.id)?;
        Ok(row.map(|(role, language, created_at)| AccountDetails {
            account,
            role,
            language,
            created_at,
        }))
    }

    /// Account, hash and failures of an address, all as of one moment; the failures alone when it
    /// is locked at `lock_at`.
    pub async fn credentials(
        &mut self,
        key: &EmailKey,
        lock_at: Option<DateTime<Utc>>,
    ) -> Result<Credentials, StoreError> {
        let row: CredentialsRow = fetch!(self, fetch_one, CREDENTIALS, key.as_str(), lock_at)?;
        let failures = row.failures.map(|failures| LoginFailures {
            failures,
            locked_until: row.locked_until,
        });
        let hash = row.password_hash.map(PasswordHash::from_phc);
        Ok(Credentials {
            account: Option::from(row.account).zip(hash),
            failures,
        })
    }

    /// Adds an account; `None` when the address has one already.
    pub async fn insert_account(
        &mut self,
        new: &NewAccount<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<AccountId>, StoreError> {
        let NewAccount {
            email,
            password_hash,
            confirmed_at,
            language,
        } = new;
        let row: Option<(AccountId,)> = fetch!(
            self,
            fetch_optional,
            INSERT,
            email.typed(),
            email.key().as_str(),
            password_hash.as_str(),
            confirmed_at,
            now,
            language.as_ref().map(Language::as_str),
        )?;
        Ok(row.map(|(id,)| id))
    }

    /// Replaces the password of an account whose token version is still `version`, and kills
    /// its tokens; the new token version, or `None` when somebody was faster.
    pub async fn change_password(
        &mut self,
        id: AccountId,
        version: i64,
        hash: &PasswordHash,
    ) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = fetch!(
            self,
            fetch_optional,
            CHANGE_PASSWORD,
            hash.as_str(),
            id,
            version
        )?;
        Ok(row.map(|(version,)| version))
    }

    /// Replaces the password after the mailbox was proven, and kills the account's tokens; the
    /// new token version.
    pub async fn reset_password(
        &mut self,
        id: AccountId,
        hash: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let row: (i64,) = fetch!(self, fetch_one, RESET_PASSWORD, hash.as_str(), now, id)?;
        Ok(row.0)
    }

    /// Replaces a hash by one of the same password, unless the password was changed meanwhile.
    /// Nobody needs to know which.
    pub async fn rehash_password(
        &mut self,
        id: AccountId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        execute!(self, REHASH, new.as_str(), id, old.as_str()).map(drop)
    }

    /// Notes that the mailbox was proven.
    pub async fn confirm_account(
        &mut self,
        id: AccountId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, CONFIRM, now, id).map(drop)
    }

    /// Kills every token of the account; false when there is none.
    pub async fn revoke_tokens(&mut self, id: AccountId) -> Result<bool, StoreError> {
        Ok(execute!(self, REVOKE, id)? == 1)
    }

    /// Closes the account and kills its tokens, for good even when it is opened again; false
    /// when there is none.
    pub async fn disable_account(
        &mut self,
        id: AccountId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(execute!(self, DISABLE, now, id)? == 1)
    }

    /// Opens the account again; false when there is none.
    pub async fn enable_account(&mut self, id: AccountId) -> Result<bool, StoreError> {
        Ok(execute!(self, ENABLE, id)? == 1)
    }

    /// Deletes the account and its one-time tokens; false when there is none.
    pub async fn delete_account(&mut self, id: AccountId) -> Result<bool, StoreError> {
        Ok(execute!(self, DELETE, id)? == 1)
    }
}

#[derive(sqlx::FromRow)]
struct RecipientRow {
    #[sqlx(flatten)]
    account: MaybeAccount,
    language: Option<String>,
}

/// Everything may be absent: the address need have neither an account nor failures.
#[derive(sqlx::FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    account: MaybeAccount,
    password_hash: Option<String>,
    failures: Option<i32>,
    locked_until: Option<DateTime<Utc>>,
}

/// The columns of an [`Account`], which are absent on the far side of an outer join.
#[derive(sqlx::FromRow)]
pub(super) struct MaybeAccount {
    id: Option<i64>,
    email: Option<String>,
    email_key: Option<String>,
    token_version: Option<i64>,
    confirmed_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
}

impl From<MaybeAccount> for Option<Account> {
    fn from(row: MaybeAccount) -> Self {
        Some(Account {
            id: row.id?,
            email: row.email?,
            email_key: row.email_key?,
            token_version: row.token_version?,
            confirmed_at: row.confirmed_at,
            disabled_at: row.disabled_at,
        })
    }
}
