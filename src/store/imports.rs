//! How far each import of accounts has come.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};

/// How far an import has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ImportProgress {
    /// Everything before it is done.
    pub position: i64,
    /// SHA-256 of what lies before the position.
    pub digest: Vec<u8>,
    /// The last line before the position.
    pub line: i64,
    pub imported: i64,
    pub refused: i64,
    pub skipped: i64,
    /// The length of the report so far.
    pub report_bytes: i64,
    pub finished_at: Option<DateTime<Utc>>,
}

const FIND: &str = "SELECT position, digest, line, imported, refused, skipped, report_bytes,
        finished_at
    FROM imports WHERE source = $1";
const BEGIN: &str = "INSERT INTO imports
    (source, position, digest, line, imported, refused, skipped, report_bytes, started_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source) DO NOTHING";
/// The old position is the guard: of two that import the same, one goes on.
const ADVANCE: &str = "UPDATE imports SET position = $3, digest = $4, line = $5, imported = $6,
        refused = $7, skipped = $8, report_bytes = $9, finished_at = NULL
    WHERE source = $1 AND position = $2";
const FINISH: &str = "UPDATE imports SET finished_at = COALESCE(finished_at, $2) WHERE source = $1";
const FORGET: &str = "DELETE FROM imports WHERE source = $1";

impl Conn<'_> {
    /// How far the import of this source has come, if it was begun.
    pub async fn import(&mut self, source: &[u8]) -> Result<Option<ImportProgress>, StoreError> {
        fetch!(self, fetch_optional, FIND, source)
    }

    /// Notes that an import begins.
    pub async fn begin_import(
        &mut self,
        source: &[u8],
        at: &ImportProgress,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            BEGIN,
            source,
            at.position,
            &at.digest,
            at.line,
            at.imported,
            at.refused,
            at.skipped,
            at.report_bytes,
            now,
        )
        .map(drop)
    }

    /// Moves an import on; `false` when it is not at `from`, because another process has it.
    pub async fn advance_import(
        &mut self,
        source: &[u8],
        from: i64,
        to: &ImportProgress,
    ) -> Result<bool, StoreError> {
        let moved = execute!(
            self,
            ADVANCE,
            source,
            from,
            to.position,
            &to.digest,
            to.line,
            to.imported,
            to.refused,
            to.skipped,
            to.report_bytes,
        )?;
        Ok(moved == 1)
    }

    /// Notes that the end of the source was reached.
    pub async fn finish_import(
        &mut self,
        source: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        execute!(self, FINISH, source, now).map(drop)
    }

    /// Lets an import begin again; the accounts stay.
    pub async fn forget_import(&mut self, source: &[u8]) -> Result<(), StoreError> {
        execute!(self, FORGET, source).map(drop)
    }
}
