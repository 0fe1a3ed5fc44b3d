//! What can go wrong with the database, as far as anybody above needs to tell it apart.

use std::sync::Arc;

/// A failed statement or transaction. Cloned to everybody who waited for the same statement.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full, read-only or without a free connection: try again later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// It did not answer in time. Whether a commit took effect is not known.
    #[error("the database did not answer in time")]
    TimedOut,
    /// Other transactions got in the way, more often than we were ready to try.
    #[error("the transaction conflicted with others: {0}")]
    Contended(Arc<sqlx::Error>),
    /// A fault of ours: a wrong statement, or a schema that does not fit.
    #[error("the database refused a statement: {0}")]
    Internal(Arc<sqlx::Error>),
}

impl StoreError {
    /// Whether a row was refused because there is one with the same key.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Internal(error)
            if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::BeginFailed => Self::Unavailable(Arc::new(error)),
            E::Database(reported) => match reported.code().as_deref() {
                Some(code) if is_contention(code) => Self::Contended(Arc::new(error)),
                Some(code) if is_outage(code) => Self::Unavailable(Arc::new(error)),
                _ => Self::Internal(Arc::new(error)),
            },
            _ => Self::Internal(Arc::new(error)),
        }
    }
}

/// PostgreSQL's `serialization_failure` and `deadlock_detected`, alone; `SQLite`'s BUSY and LOCKED
/// with their extended codes.
fn is_contention(code: &str) -> bool {
    matches!(code, "40001" | "40P01") || matches!(sqlite_primary(code), Some(5 | 6))
}

/// PostgreSQL: connection exceptions, insufficient resources, operator intervention, invalid
/// authorization while a server starts or fails over, a read-only server, a transaction that was
/// idle too long, and a lock that was not given. `SQLite`: READONLY,
/// IOERR, FULL, CANTOPEN.
fn is_outage(code: &str) -> bool {
    code.len() == 5
        && (matches!(&code[..2], "08" | "53" | "57" | "58" | "28")
            || matches!(code, "25006" | "25P03" | "55P03"))
        || matches!(sqlite_primary(code), Some(8 | 10 | 13 | 14))
}

/// `SQLite` codes are decimal with at most four digits, the primary code in the low byte;
/// PostgreSQL's always have five characters.
fn sqlite_primary(code: &str) -> Option<u32> {
    (code.len() < 5)
        .then(|| code.parse::<u32>().ok())
        .flatten()
        .map(|code| code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::error::{DatabaseError, ErrorKind};
    use std::borrow::Cow;
    use std::error::Error;

    /// What a database reports, as far as it is looked at.
    #[derive(Debug, thiserror::Error)]
    #[error("code {0}")]
    struct Reported(&'static str);

    impl DatabaseError for Reported {
        fn message(&self) -> &str {
            self.0
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }
        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>,
    /// <https://sqlite.org/rescode.html>; with `SQLite`, 266 is IOERR and 517 BUSY, extended.
    #[test]
    fn every_code_has_its_meaning() {
        let of = |code| StoreError::from(sqlx::Error::Database(Box::new(Reported(code))));
        for code in ["40001", "40P01", "5", "6", "517"] {
            assert!(matches!(of(code), StoreError::Contended(_)), "{code}");
        }
        for code in [
            "08006", "53300", "57P01", "58030", "28000", "25006", "25P03", "55P03", "8", "10",
            "13", "14", "266",
        ] {
            assert!(matches!(of(code), StoreError::Unavailable(_)), "{code}");
        }
        // 42501 would be BUSY if it were taken for one of SQLite's.
        for code in ["42501", "42P01", "23505", "22P05", "1", "1555", "19", ""] {
            assert!(matches!(of(code), StoreError::Internal(_)), "{code}");
        }
    }
}
