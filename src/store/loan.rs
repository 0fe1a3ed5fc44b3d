//! A PostgreSQL connection out of the pool, and how it gets back there.
//!
//! Whoever waits for the database may go away at any moment, also between BEGIN and its answer.
//! The connection is then in the middle of something, and its server may be gone without a word.
//! So it goes back only after an answer that came in time, and without a transaction.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long a connection may take to answer when it comes back in the middle of something.
const RETURN_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Loan {
    /// Taken when this is dropped.
    conn: Option<PoolConnection<Postgres>>,
    in_transaction: bool,
    /// Nothing is under way.
    finished: bool,
}

impl Loan {
    /// A connection for single statements.
    pub(super) async fn for_reading(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self {
            conn: Some(pool.acquire().await?),
            in_transaction: false,
            finished: false,
        })
    }

    /// A connection in a transaction.
    pub(super) async fn for_transaction(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut loan = Self::for_reading(pool).await?;
        loan.in_transaction = true;
        sqlx::raw_sql("BEGIN").execute(loan.conn()).await?;
        Ok(loan)
    }

    pub(super) fn is_transaction(&self) -> bool {
        self.in_transaction
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("taken by nobody but drop")
    }

    /// Commits a transaction, and gives the connection back.
    pub(super) async fn finish(mut self) -> Result<(), sqlx::Error> {
        if self.in_transaction {
            sqlx::raw_sql("COMMIT").execute(self.conn()).await?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        if self.finished {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            drop(conn.detach());
            return;
        };
        let in_transaction = self.in_transaction;
        runtime.spawn(async move {
            let settled = timeout(RETURN_PATIENCE, async {
                if in_transaction {
                    sqlx::raw_sql("ROLLBACK").execute(&mut *conn).await?;
                }
                conn.ping().await
            });
            if !matches!(settled.await, Ok(Ok(()))) {
                // Closed, and its place in the pool is free.
                drop(conn.detach());
            }
        });
    }
}
