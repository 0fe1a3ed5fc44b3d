//! For tests alone: what happens when nobody can have a connection.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

use super::{Pool, Store, StoreError};

/// Connections that nobody else can have until this is dropped.
#[derive(Debug, Default)]
pub struct HeldConnections {
    postgres: Vec<PoolConnection<Postgres>>,
    sqlite: Vec<PoolConnection<Sqlite>>,
}

impl Store {
    /// Takes every connection there is, and keeps them.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn hold_all_connections(&self) -> Result<HeldConnections, StoreError> {
        let mut held = HeldConnections::default();
        let apart = [&self.checks, &self.pings];
        let apart = apart.into_iter().filter(|_| self.set_apart);
        for pool in apart.chain([&self.pool]) {
            match pool {
                Pool::Postgres(pool) => {
                    for _ in 0..pool.options().get_max_connections() {
                        held.postgres.push(pool.acquire().await?);
                    }
                }
                Pool::Sqlite(pool) => {
                    for _ in 0..pool.options().get_max_connections() {
                        held.sqlite.push(pool.acquire().await?);
                    }
                }
            }
        }
        Ok(held)
    }
}
