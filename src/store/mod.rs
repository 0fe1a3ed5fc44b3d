//! The database: one store, one text per statement, two engines.
//!
//! Statements are methods of [`Conn`], one file a table. `read!` lends a connection,
//! `transaction!` a transaction. What is slow (a hash, a mail) never happens inside.

mod account_changes;
mod account_events;
mod account_list;
pub mod account_loader;
mod connect;
mod device_failures;
mod error;
mod examination;
mod figures;
#[doc(hidden)]
pub mod held;
mod imports;
mod loan;
mod login_failures;
mod mail_quota;
mod many_users;
mod migrations;
mod one_time_tokens;
mod outbox;
mod outbox_list;
mod ping;
#[cfg(test)]
mod scratch;
pub(crate) mod turns;
mod users;

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use account_events::{AccountEvent, EventRange};
pub use account_list::{AccountFilter, AccountState, ListedAccount};
pub use connect::{DatabaseUrl, InvalidDatabaseUrl};
pub use error::StoreError;
pub use examination::SchemaState;
pub use figures::Connections;
pub use imports::ImportProgress;
use loan::Loan;
pub use login_failures::LoginFailures;
pub use many_users::{MovedAccount, WholeAccount};
pub use migrations::MigrationError;
pub use one_time_tokens::OpenToken;
pub use outbox::{MailSummary, OutboxMail};
pub use outbox_list::{ListedMail, MailState};
use ping::LastPing;
pub(crate) use turns::{long_transaction, read, run, transaction, write_once};
pub use users::{AccountDetails, Credentials, NewAccount, Recipient};

/// How long a caller waits for the database in all, then it is told 503.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The accounts, tokens, failures and mails; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    /// Set apart, so that nothing else keeps a token check waiting...
    checks: Pool,
    /// ...or readiness.
    pings: Pool,
    /// Whether they are; with few connections all share one pool.
    set_apart: bool,
    last_ping: LastPing,
    /// `SQLite` has one writer at a time; waiting here is fair, waiting in its lock is not.
    sqlite_writer: Arc<Semaphore>,
    /// Off behind a pooler that cannot keep a named statement for its client.
    named_statements: bool,
}

#[derive(Debug, Clone)]
enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// A connection or a transaction on either engine; all statements are its methods.
#[derive(Debug)]
pub struct Conn<'c> {
    engine: Engine<'c>,
    named_statements: bool,
}

#[derive(Debug)]
enum Engine<'c> {
    Postgres(&'c mut PgConnection),
    Sqlite(&'c mut SqliteConnection),
}

/// Runs one expression against whichever engine is behind the connection.
macro_rules! on_engine {
    ($conn:expr, $c:ident => $run:expr) => {
        match &mut $conn.engine {
            $crate::store::Engine::Postgres($c) => $run,
            $crate::store::Engine::Sqlite($c) => $run,
        }
    };
}

/// Runs one statement and fetches its rows as tuples.
macro_rules! fetch {
    ($conn:expr, $fetch:ident, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let named = $conn.named_statements;
        $crate::store::on_engine!($conn, c =>
            sqlx::query_as($sql).persistent(named)$(.bind($bind))*.$fetch(&mut **c).await)
        .map_err($crate::store::StoreError::from)
    }};
}

/// Runs one statement that gives no rows; the number of rows it changed.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let named = $conn.named_statements;
        $crate::store::on_engine!($conn, c =>
            sqlx::query($sql).persistent(named)$(.bind($bind))*.execute(&mut **c).await
                .map(|done| done.rows_affected()))
        .map_err($crate::store::StoreError::from)
    }};
}
use {execute, fetch, on_engine};

/// A connection or a transaction that was lent out; use [`Lent::conn`], then [`Lent::finish`].
/// Dropped without that, a transaction is rolled back.
#[derive(Debug)]
pub(crate) struct Lent<'s> {
    held: Held<'s>,
    named_statements: bool,
}

#[derive(Debug)]
enum Held<'s> {
    Postgres(Loan),
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>, SemaphorePermit<'s>),
}

impl Store {
    /// A connection for reading; see [`read!`].
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        self.lend_from(&self.pool).await
    }

    /// The connection that is set apart for token checks.
    pub(crate) async fn lend_for_checks(&self) -> Result<Lent<'_>, StoreError> {
        self.lend_from(&self.checks).await
    }

    /// The connection that is set apart for readiness.
    pub(crate) async fn lend_for_ping(&self) -> Result<Lent<'_>, StoreError> {
        self.lend_from(&self.pings).await
    }

    /// Whether the connection for token checks may be kept: nobody else needs it.
    pub(crate) fn is_set_apart(&self) -> bool {
        self.set_apart
    }

    async fn lend_from(&self, pool: &Pool) -> Result<Lent<'_>, StoreError> {
        let held = match pool {
            Pool::Postgres(pool) if self.named_statements => {
                Held::Postgres(Loan::for_reading(pool).await?)
            }
            // An unnamed statement is parsed in one round trip and run in the next; a pooler in
            // transaction mode keeps the two together only inside a transaction.
            Pool::Postgres(pool) => Held::Postgres(Loan::for_transaction(pool).await?),
            Pool::Sqlite(pool) => Held::Sqlite(pool.acquire().await?),
        };
        Ok(self.lent(held))
    }

    /// A transaction; see [`transaction!`].
    pub(crate) async fn begin(&self) -> Result<Lent<'_>, StoreError> {
        let held = match &self.pool {
            Pool::Postgres(pool) => Held::Postgres(Loan::for_transaction(pool).await?),
            Pool::Sqlite(pool) => {
                let turn = self.sqlite_writer.acquire().await;
                let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
                Held::SqliteTransaction(pool.begin_with("BEGIN IMMEDIATE").await?, turn)
            }
        };
        Ok(self.lent(held))
    }

    /// A connection for one statement that writes; see [`write_once!`].
    pub(crate) async fn lend_for_writing(&self) -> Result<Lent<'_>, StoreError> {
        match &self.pool {
            // A statement alone is a transaction, in one round trip instead of three.
            Pool::Postgres(_) => self.lend().await,
            Pool::Sqlite(_) => self.begin().await,
        }
    }

    fn lent<'s>(&self, held: Held<'s>) -> Lent<'s> {
        Lent {
            held,
            named_statements: self.named_statements,
        }
    }

    /// The mails that wait, and those that failed for good.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot say.
    pub async fn mail_backlog(&self) -> Result<(i64, i64), StoreError> {
        read!(self, conn => conn.mail_backlog().await)
    }

    /// Closes all connections, those in use after their statement.
    pub async fn close(&self) {
        for pool in [&self.checks, &self.pings, &self.pool] {
            match pool {
                Pool::Postgres(pool) => pool.close().await,
                Pool::Sqlite(pool) => pool.close().await,
            }
        }
    }
}

impl Lent<'_> {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        let engine = match &mut self.held {
            Held::Postgres(loan) => Engine::Postgres(loan.conn()),
            Held::Sqlite(conn) => Engine::Sqlite(conn),
            Held::SqliteTransaction(tx, _) => Engine::Sqlite(tx),
        };
        Conn {
            engine,
            named_statements: self.named_statements,
        }
    }

    /// Ready for more statements, unless it was a transaction, which is committed.
    pub(crate) async fn keep(self) -> Result<Option<Self>, StoreError> {
        match &self.held {
            Held::Postgres(loan) if !loan.is_transaction() => Ok(Some(self)),
            Held::Sqlite(_) => Ok(Some(self)),
            Held::Postgres(_) | Held::SqliteTransaction(..) => self.finish().await.map(|()| None),
        }
    }

    /// Commits, where there is something to commit, and gives the connection back.
    pub(crate) async fn finish(self) -> Result<(), StoreError> {
        match self.held {
            Held::Postgres(loan) => loan.finish().await?,
            Held::Sqlite(_) => {}
            Held::SqliteTransaction(tx, _turn) => tx.commit().await?,
        }
        Ok(())
    }
}
