//! One SELECT for each request, as most services do it: the statement prepared once for each
//! connection, a pool of the size that doorward has.

use std::str::FromStr as _;

use doorward::security::access_token::TokenSubject;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{PgPool, SqlitePool};

use super::User;

/// As `database.max_connections` in config/default.toml.
const CONNECTIONS: u32 = 10;

const CURRENT: &str = "SELECT id, email FROM users
    WHERE id = $1 AND token_version = $2 AND disabled_at IS NULL";

/// The accounts of either engine.
#[derive(Clone)]
pub enum Accounts {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Accounts {
    /// A pool that does not try a connection before it lends it; doorward does not either.
    pub fn connect(url: &str) -> Result<Self, sqlx::Error> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?.journal_mode(SqliteJournalMode::Wal);
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
            let pool = pool.test_before_acquire(false);
            return Ok(Self::Sqlite(pool.connect_lazy_with(options)));
        }
        let options = PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = pool.test_before_acquire(false);
        Ok(Self::Postgres(pool.connect_lazy_with(options)))
    }

    /// The account, when the token still counts.
    pub async fn current(&self, subject: TokenSubject) -> Result<Option<User>, sqlx::Error> {
        let query = (subject.account, subject.version);
        let found: Option<(i64, String)> = match self {
            Self::Postgres(pool) => {
                let query = sqlx::query_as(CURRENT).bind(query.0).bind(query.1);
                query.fetch_optional(pool).await?
            }
            Self::Sqlite(pool) => {
                let query = sqlx::query_as(CURRENT).bind(query.0).bind(query.1);
                query.fetch_optional(pool).await?
            }
        };
        Ok(found.map(|(id, email)| User { id, email }))
    }
}
