//! What is told of the database: its engine, and the connections to it.

use super::{Pool, Store};
use crate::telemetry::traced;

/// How many connections there are to the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    pub used: u32,
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

impl Store {
    /// For a collector of traces: work on the database, without statements or values.
    pub(crate) fn span(&self) -> tracing::Span {
        traced!(
            "database",
            otel.kind = "client",
            db.system.name = self.system()
        )
    }

    /// The engine's name in OpenTelemetry's conventions.
    fn system(&self) -> &'static str {
        match self.pool {
            Pool::Postgres(_) => "postgresql",
            Pool::Sqlite(_) => "sqlite",
        }
    }

    /// The engine's name.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self.pool {
            Pool::Postgres(_) => "PostgreSQL",
            Pool::Sqlite(_) => "SQLite",
        }
    }

    /// The connections that there are now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let apart = [&self.checks, &self.pings].into_iter();
        let pools = apart.filter(|_| self.set_apart).chain([&self.pool]);
        pools.fold(Connections::default(), |sum, pool| {
            let (size, idle, most) = match pool {
                Pool::Postgres(pool) => (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                ),
                Pool::Sqlite(pool) => (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                ),
            };
            let idle = u32::try_from(idle).unwrap_or(u32::MAX);
            Connections {
                // The two are not read at the same moment.
                used: sum.used + size.saturating_sub(idle),
                idle: sum.idle + idle,
                most: sum.most + most,
            }
        })
    }
}
