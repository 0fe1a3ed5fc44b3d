//! The database: whether it answers, fits, takes writes, and has the same time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chrono::TimeDelta;

use super::Finding;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::{SchemaState, Store, StoreError};

/// More than this is no matter of the network.
const CLOCK_WARNING: TimeDelta = TimeDelta::seconds(2);
/// Instances that are so far apart disagree on what has expired.
const CLOCK_FAILED: TimeDelta = TimeDelta::seconds(60);

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let url = &config.database.url;
    // To open an SQLite file is to make it.
    if url.missing_file().is_some() {
        return vec![Finding::warning(
            "database",
            format!("{} is not there yet", url.describe()),
            "it is made at the first start, or by `doorward migrate`",
        )];
    }
    let store = match Store::new(url, 1, config.database.prepared_statements) {
        Ok(store) => store,
        Err(error) => {
            let advice = "let the service's user use the folder";
            return vec![Finding::failed("database", error.to_string(), advice)];
        }
    };
    let mut findings = Vec::new();
    match store.engine_version().await {
        Ok(version) => findings.push(Finding::ok(
            "database",
            format!("{} answers (version {version})", url.describe()),
        )),
        Err(error) => {
            let detail = format!("{}: {error}", url.describe());
            let advice = "look whether it runs, and at DATABASE_URL: host, user, password, name";
            return vec![Finding::failed("database", detail, advice)];
        }
    }
    findings.extend(url.file().and_then(readable_by_others));
    match store.schema_state().await {
        Ok(state) => {
            let is_there = state.applied > 0;
            findings.push(schema(&state));
            if is_there {
                findings.push(writable(store.try_writing(SystemClock.now()).await));
            }
        }
        Err(error) => findings.push(Finding::failed(
            "migrations",
            error.to_string(),
            "let the database's user read _sqlx_migrations",
        )),
    }
    findings.extend(clock(&store).await);
    store.close().await;
    findings
}

/// A new one is made for its owner alone.
fn readable_by_others(file: &Path) -> Option<Finding> {
    let mode = fs::metadata(file).ok()?.permissions().mode();
    let advice = "chmod 600 the file and those beside it that begin with its name";
    (mode & 0o077 != 0).then(|| {
        Finding::warning(
            "database file",
            format!("{} can be read by others", file.display()),
            advice,
        )
    })
}

fn schema(state: &SchemaState) -> Finding {
    const CHECK: &str = "migrations";
    if !state.foreign.is_empty() {
        return Finding::failed(
            CHECK,
            format!(
                "this version of doorward does not know the migration(s) {:?}",
                state.foreign
            ),
            "use the version of doorward that made them, or a newer one",
        );
    }
    if !state.pending.is_empty() {
        return Finding::warning(
            CHECK,
            format!(
                "{} are still to be applied: {:?}",
                state.pending.len(),
                state.pending
            ),
            "the next start does it, or `doorward migrate`",
        );
    }
    Finding::ok(CHECK, format!("all {} are applied", state.applied))
}

fn writable(tried: Result<(), StoreError>) -> Finding {
    match tried {
        Ok(()) => Finding::ok("writing", "a row was written and taken away again"),
        Err(error) => Finding::failed(
            "writing",
            error.to_string(),
            "look whether the database is a replica, the disk full, or the user without rights",
        ),
    }
}

/// Halfway through the question is the best guess at when it was answered.
async fn clock(store: &Store) -> Option<Finding> {
    const CHECK: &str = "clock";
    let asked = SystemClock.now();
    let answer = store.database_clock().await;
    let took = SystemClock.now() - asked;
    let there = match answer {
        Ok(time) => time?,
        Err(error) => {
            let advice = "try again";
            return Some(Finding::warning(CHECK, error.to_string(), advice));
        }
    };
    let ahead = there - (asked + took / 2);
    let detail = format!(
        "the database's is {} ms ahead of ours",
        ahead.num_milliseconds()
    );
    let advice = "synchronise both clocks (NTP); instances with different times disagree on what \
                  has expired";
    Some(if ahead.abs() > CLOCK_FAILED {
        Finding::failed(CHECK, detail, advice)
    } else if ahead.abs() > CLOCK_WARNING {
        Finding::warning(CHECK, detail, advice)
    } else {
        Finding::ok(CHECK, detail)
    })
}
