//! From a database URL to a pool.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Semaphore;
use tracing::log::LevelFilter;

use super::{LastPing, PATIENCE, Pool, Store};

/// A connection that was idle for longer than this is tried before it is used: the server may
/// have been restarted meanwhile.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// A parsed `postgres://` or `sqlite://` URL.
#[derive(Clone)]
pub enum DatabaseUrl {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// The text is not a URL of an engine that we have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not a postgres:// or sqlite:// URL")]
pub struct InvalidDatabaseUrl;

impl DatabaseUrl {
    /// Parses a URL. `SQLite` in memory is refused, and so is one without a path, which is a
    /// temporary file: every connection would have its own.
    ///
    /// # Errors
    /// [`InvalidDatabaseUrl`], without the text, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            // The end of a password with a slash in it, which would be shown as the name.
            "postgres" | "postgresql" if has_at_in_path(url) => Err(InvalidDatabaseUrl),
            "postgres" | "postgresql" => PgConnectOptions::from_str(url)
                .map(|options| Self::Postgres(Box::new(options)))
                .map_err(|_| InvalidDatabaseUrl),
            "sqlite" if !url.contains(":memory:") && !url.contains("mode=memory") => {
                match SqliteConnectOptions::from_str(url) {
                    Ok(options) if !options.get_filename().as_os_str().is_empty() => {
                        Ok(Self::Sqlite(Box::new(options)))
                    }
                    _ => Err(InvalidDatabaseUrl),
                }
            }
            _ => Err(InvalidDatabaseUrl),
        }
    }

    /// Where the data is, for a person to read; never the password.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Postgres(options) => format!(
                "PostgreSQL {}:{}/{}",
                options.get_host(),
                options.get_port(),
                options.get_database().unwrap_or(options.get_username())
            ),
            Self::Sqlite(options) => format!("SQLite {}", options.get_filename().display()),
        }
    }

    /// The file of an `SQLite` database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(options) => Some(options.get_filename()),
        }
    }

    /// The same while it is not there; to open the database is to make it.
    #[must_use]
    pub fn missing_file(&self) -> Option<&Path> {
        // Where it cannot be seen, opening it says why.
        let is_missing = |path: &&Path| matches!(path.try_exists(), Ok(false));
        self.file().filter(is_missing)
    }
}

impl Store {
    /// A store whose connections are made when they are needed, so that it starts without its
    /// database and finds it again after an outage.
    ///
    /// # Errors
    /// When an `SQLite` file or its folder cannot be made.
    pub fn new(
        url: &DatabaseUrl,
        max_connections: u32,
        named_statements: bool,
    ) -> io::Result<Self> {
        if let Some(path) = url.missing_file() {
            make_private(path)?;
        }
        // Too few to set some apart are shared.
        let set_apart = max_connections >= 4;
        let (pool, checks, pings) = if set_apart {
            let one = || self::pool(url, 1);
            (self::pool(url, max_connections - 2), one(), one())
        } else {
            let pool = self::pool(url, max_connections);
            (pool.clone(), pool.clone(), pool)
        };
        Ok(Self {
            pool,
            checks,
            pings,
            last_ping: LastPing::default(),
            set_apart,
            sqlite_writer: Arc::new(Semaphore::new(1)),
            named_statements,
        })
    }
}

/// Makes an empty file that its owner alone can read: password hashes will be in it. `SQLite` gives
/// the files that it puts beside it the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    let folder = path.parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    // Of several that start together, the first one makes it.
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options.open(path).map(drop)
}

fn has_at_in_path(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split('?').next().and_then(|rest| rest.split_once('/'));
    path.is_some_and(|(_, path)| path.contains('@'))
}

fn pool(url: &DatabaseUrl, max_connections: u32) -> Pool {
    match url {
        DatabaseUrl::Postgres(options) => Pool::Postgres(
            PgPoolOptions::new()
                .max_connections(max_connections)
                .acquire_timeout(PATIENCE)
                .acquire_slow_level(LevelFilter::Off)
                .test_before_acquire(false)
                .before_acquire(|conn, meta| {
                    Box::pin(async move {
                        Ok(meta.idle_for < TRUSTED_IDLE || conn.ping().await.is_ok())
                    })
                })
                .connect_lazy_with(
                    PgConnectOptions::clone(options)
                        .application_name("doorward")
                        .log_statements(LevelFilter::Off)
                        .log_slow_statements(LevelFilter::Off, Duration::ZERO),
                ),
        ),
        DatabaseUrl::Sqlite(options) => Pool::Sqlite(
            SqlitePoolOptions::new()
                .max_connections(max_connections)
                .acquire_timeout(PATIENCE)
                .acquire_slow_level(LevelFilter::Off)
                .test_before_acquire(false)
                // When the disk is full, SQLite rolls back by itself; sqlx does not notice, and
                // could begin no transaction on this connection any more.
                .before_acquire(|conn, _| Box::pin(async { Ok(!conn.is_in_transaction()) }))
                .connect_lazy_with(
                    SqliteConnectOptions::clone(options)
                        .create_if_missing(true)
                        .foreign_keys(true)
                        .journal_mode(SqliteJournalMode::Wal)
                        // FULL: what was answered with 2xx survives a power cut.
                        .synchronous(SqliteSynchronous::Full)
                        .busy_timeout(PATIENCE)
                        .log_statements(LevelFilter::Off)
                        .log_slow_statements(LevelFilter::Off, Duration::ZERO),
                ),
        ),
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::store_in;

    #[test]
    fn a_url_is_described_without_its_password() {
        for (url, description) in [
            (
                "postgres://ann:canary@db:5433/users",
                "PostgreSQL db:5433/users",
            ),
            ("postgresql://ann:canary@db", "PostgreSQL db:5432/ann"),
            ("sqlite://data/doorward.db", "SQLite data/doorward.db"),
        ] {
            let parsed = DatabaseUrl::parse(url).expect("a URL");
            assert_eq!(parsed.describe(), description);
            assert_eq!(format!("{parsed:?}"), description);
        }
    }

    #[test]
    fn what_is_no_database_of_ours_is_refused() {
        for url in [
            "",
            "mysql://db/users",
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://data/doorward.db?mode=memory",
            "sqlite:",
            "sqlite://",
            "sqlite://?mode=rwc",
            "postgres://ann:5432/canary@db/users",
        ] {
            assert!(DatabaseUrl::parse(url).is_err(), "{url}");
        }
    }

    /// Opening one is several statements.
    #[tokio::test]
    async fn a_connection_is_used_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 1);
        let Pool::Sqlite(pool) = &store.pool else {
            panic!("another engine")
        };
        let mark = sqlx::query("CREATE TEMP TABLE mark (id INTEGER)");
        mark.execute(pool).await.expect("made");
        let there = sqlx::query("SELECT id FROM mark").fetch_all(pool).await;
        there.expect("the same connection");
    }

    #[tokio::test]
    async fn a_closed_store_answers_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 1);
        store.migrate().await.expect("migrated");
        store.ping().await.expect("answered");
        store.close().await;
        store.mail_backlog().await.expect_err("closed");
    }
}
