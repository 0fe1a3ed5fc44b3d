//! Thousands of connections are normal, and each is an open file; the usual limit is 1,024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{Config, DatabaseConfig};
use crate::store::DatabaseUrl;

/// For everything but connections of clients and of the database: standard streams, the listener,
/// the runtime's own, mails that are being sent, look-ups of names.
const RESERVE: u64 = 32;

/// Raises the soft limit as far as it is needed and the hard one allows, which only an administrator
/// can raise. Takes fewer connections where that is not enough: with none left for the database the
/// service would refuse everybody.
pub(super) fn make_room(config: &mut Config) {
    let (besides, needed) = (besides(config), needed(config));
    let wanted = config.http.max_connections;
    let limit = raise(needed);
    let fitting = fitting(wanted, besides, limit);
    if fitting < wanted {
        tracing::warn!(
            limit,
            "http.max_connections is {wanted}, and the limit of open files leaves room for {fitting}: \
             more wait until one ends. Raise it to {needed}, with `ulimit -n {needed}` before the \
             start or LimitNOFILE={needed} in a systemd unit, or set http.max_connections lower"
        );
        config.http.max_connections = fitting;
    }
}

/// Files that may be open at once with these settings.
pub(super) fn needed(config: &Config) -> u64 {
    besides(config).saturating_add(config.http.max_connections as u64)
}

fn besides(config: &Config) -> u64 {
    RESERVE + of_database(&config.database)
}

/// `SQLite` opens the file and its log for each connection.
fn of_database(database: &DatabaseConfig) -> u64 {
    let connections = u64::from(database.max_connections);
    match database.url {
        DatabaseUrl::Postgres(_) => connections,
        DatabaseUrl::Sqlite(_) => 2 * connections,
    }
}

/// The connections that there is room for, and never none.
fn fitting(wanted: usize, besides: u64, limit: Option<u64>) -> usize {
    let Some(limit) = limit else {
        return wanted;
    };
    let room = usize::try_from(limit.saturating_sub(besides)).unwrap_or(usize::MAX);
    wanted.min(room).max(1)
}

/// What the soft limit becomes; `None` for no limit.
pub(super) fn attainable(needed: u64) -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let target = maximum.map_or(needed, |maximum| maximum.min(needed));
    current.map(|current| current.max(target))
}

/// The soft limit after it was raised, if it has to be; `None` for no limit.
fn raise(needed: u64) -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let target = attainable(needed);
    if current == target {
        return current;
    }
    let raised = Rlimit {
        current: target,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => {
            tracing::debug!(from = current, to = target, "more files may be open");
            target
        }
        Err(error) => {
            tracing::warn!(%error, "no more files than usual may be open");
            current
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_as_many_as_fit_and_never_none() {
        for (limit, expected) in [
            (None, 100),
            (Some(u64::MAX), 100),
            (Some(142), 100),
            (Some(141), 99),
            (Some(43), 1),
            (Some(42), 1),
            (Some(0), 1),
        ] {
            assert_eq!(fitting(100, 42, limit), expected, "{limit:?}");
        }
    }
}
