//! Migrations: run at every start, by as many instances at once as like.
//!
//! There is no lock. A migration and its row in `_sqlx_migrations` are one transaction, so of
//! several instances one wins; the others fail, look again, and find it done. An advisory lock
//! would need a session of its own, which poolers in transaction mode and some databases that
//! speak PostgreSQL's protocol do not give, and which waits for ever.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection as _, Executor as _, PgPool};

use super::{Pool, Store, StoreError};

static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// How often the loser of a race looks again.
const ATTEMPTS: u32 = 20;

/// Why the database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database is away: trying again later may help.
    #[error(transparent)]
    Store(StoreError),
    /// The database was migrated by another version of the service, or by hand.
    #[error("the database does not fit this version: {0}")]
    Mismatch(MigrateError),
}

impl Store {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`MigrationError`].
    pub async fn migrate(&self) -> Result<(), MigrationError> {
        let mut attempt = 1;
        loop {
            let done = match &self.pool {
                Pool::Postgres(pool) if self.named_statements => {
                    unlocked(&POSTGRES).run(pool).await
                }
                Pool::Postgres(pool) => behind_pooler(pool).await,
                Pool::Sqlite(pool) => unlocked(&SQLITE).run(pool).await,
            };
            let failed = match done {
                Ok(()) => return Ok(()),
                Err(
                    mismatch @ (MigrateError::VersionMissing(_)
                    | MigrateError::VersionMismatch(_)
                    | MigrateError::Dirty(_)),
                ) => return Err(MigrationError::Mismatch(mismatch)),
                Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                    error
                }
                Err(other) => sqlx::Error::Migrate(Box::new(other)),
            };
            let failed = StoreError::from(failed);
            if matches!(failed, StoreError::Unavailable(_)) || attempt == ATTEMPTS {
                return Err(MigrationError::Store(failed));
            }
            attempt += 1;
            let pause = Duration::from_millis(rand::random_range(20..200));
            tokio::time::sleep(pause).await;
        }
    }
}

/// The migrations of this version.
pub(super) fn known(store: &Store) -> &'static Migrator {
    match &store.pool {
        Pool::Postgres(_) => &POSTGRES,
        Pool::Sqlite(_) => &SQLITE,
    }
}

/// The migrator gives its statements names whatever the setting says. One transaction keeps it on
/// one server connection, and takes the names back that another instance has left there.
async fn behind_pooler(pool: &PgPool) -> Result<(), MigrateError> {
    let mut tx = pool.begin().await?;
    tx.clear_cached_statements().await?;
    tx.execute("DEALLOCATE ALL").await?;
    // As `run`, whose future cannot be spawned when it is given a transaction.
    unlocked(&POSTGRES)
        .run_direct(None, &mut *tx, false)
        .await?;
    Ok(tx.commit().await?)
}

fn unlocked(migrator: &Migrator) -> Migrator {
    let mut migrator = Migrator::with_migrations(migrator.iter().cloned().collect());
    migrator.set_locking(false);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::store_in;

    /// Tried again, as after a race with another instance, and then given up.
    #[tokio::test]
    async fn a_migration_that_cannot_be_done_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 1);
        let Pool::Sqlite(pool) = &store.pool else {
            panic!("another engine")
        };
        let by_hand = sqlx::query("CREATE TABLE users (id INTEGER)");
        by_hand.execute(pool).await.expect("made");
        let minute = Duration::from_mins(1);
        let given_up = tokio::time::timeout(minute, store.migrate()).await;
        let given_up = given_up.expect("not for ever");
        assert!(
            matches!(given_up, Err(MigrationError::Store(_))),
            "{given_up:?}"
        );
    }
}
