//! What `doorward doctor` asks of the database. Nothing here changes it for good.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Conn, Engine, Store, StoreError, execute, fetch, migrations, read, transaction};

/// How the schema compares with the one that this version wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaState {
    pub applied: usize,
    /// Versions that are still to be applied.
    pub pending: Vec<i64>,
    /// Versions that this version of the service does not know, or knows otherwise, or that
    /// were begun and not finished.
    pub foreign: Vec<i64>,
}

const VERSION_POSTGRES: &str = "SELECT current_setting('server_version')";
const VERSION_SQLITE: &str = "SELECT sqlite_version()";
const CLOCK: &str = "SELECT clock_timestamp()";
const IS_MIGRATED_POSTGRES: &str = "SELECT COUNT(*) FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'";
const IS_MIGRATED_SQLITE: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
const APPLIED: &str = "SELECT version, success, checksum FROM _sqlx_migrations";
/// No canonical address is empty, so nobody's count is touched.
const WRITE: &str = "INSERT INTO mail_quota (email_key, kind, mails, window_started_at)
    VALUES ('', $1, 0, $2) ON CONFLICT (email_key, kind) DO NOTHING";
const CLEAN: &str = "DELETE FROM mail_quota WHERE email_key = '' AND kind = $1";

impl Store {
    /// The version of the engine.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be asked.
    pub async fn engine_version(&self) -> Result<String, StoreError> {
        read!(self, conn => {
            let sql = conn.choose(VERSION_POSTGRES, VERSION_SQLITE);
            let row: (String,) = fetch!(conn, fetch_one, sql)?;
            Ok(row.0)
        })
    }

    /// The database's clock; `None` where it is this machine's.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be asked.
    pub async fn database_clock(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        read!(self, conn => {
            if matches!(conn.engine, Engine::Sqlite(_)) {
                return Ok(None);
            }
            let row: (DateTime<Utc>,) = fetch!(conn, fetch_one, CLOCK)?;
            Ok(Some(row.0))
        })
    }

    /// What is applied of the migrations.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be asked.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let rows: Vec<(i64, bool, Vec<u8>)> = read!(self, conn => {
            let sql = conn.choose(IS_MIGRATED_POSTGRES, IS_MIGRATED_SQLITE);
            let tables: (i64,) = fetch!(conn, fetch_one, sql)?;
            if tables.0 == 0 {
                return Ok(Vec::new());
            }
            fetch!(conn, fetch_all, APPLIED)
        })?;
        let mut known: BTreeMap<i64, &[u8]> = migrations::known(self)
            .iter()
            .map(|migration| (migration.version, migration.checksum.as_ref()))
            .collect();
        let mut state = SchemaState::default();
        for (version, success, checksum) in &rows {
            if *success && known.remove(version) == Some(checksum) {
                state.applied += 1;
            } else {
                state.foreign.push(*version);
            }
        }
        state.pending = known.into_keys().collect();
        Ok(state)
    }

    /// Writes a row to the disk and takes it away again.
    ///
    /// # Errors
    /// [`StoreError`] when the database takes no writes.
    pub async fn try_writing(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        const KIND: &str = "doctor";
        transaction!(self, conn => execute!(conn, WRITE, KIND, now).map(drop))?;
        transaction!(self, conn => execute!(conn, CLEAN, KIND).map(drop))
    }
}

impl Conn<'_> {
    fn choose(&self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self.engine {
            Engine::Postgres(_) => postgres,
            Engine::Sqlite(_) => sqlite,
        }
    }
}
