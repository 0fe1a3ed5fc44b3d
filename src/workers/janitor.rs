//! Removes what is over, a little at a time, so that no table grows with the traffic.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::lockout::LockoutPolicy;
use crate::store::{Store, StoreError, transaction};

/// Rows in one statement: short locks, however much there is to do.
const BATCH: i64 = 500;
const PAUSE: Duration = Duration::from_mins(5);
/// How long a finished mail can be looked up.
const MAILS_KEPT: TimeDelta = TimeDelta::days(30);
/// Longer than the window in which mails are counted.
const QUOTAS_KEPT: TimeDelta = TimeDelta::hours(2);

/// The longest that can be set.
const EVENTS_KEPT_AT_MOST: TimeDelta = TimeDelta::days(3_650);

/// Keeps the tables small.
#[derive(Debug)]
pub struct Janitor {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub lockout: LockoutPolicy,
    pub events_kept: Duration,
}

impl Janitor {
    /// Cleans now and then until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.clean().await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "removed what had expired"),
                Err(error) => tracing::warn!(%error, "the janitor could not clean"),
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Removes everything that is over; how many rows it was.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn clean(&self) -> Result<u64, StoreError> {
        let (now, policy, store) = (self.clock.now(), &self.lockout, &self.store);
        let events_since =
            now - TimeDelta::from_std(self.events_kept).unwrap_or(EVENTS_KEPT_AT_MOST);
        let mut all = 0;
        loop {
            let tokens = transaction!(store, c => c.forget_one_time_tokens(now, BATCH).await)?;
            let failures =
                transaction!(store, c => c.forget_login_failures(policy, now, BATCH).await)?;
            let devices = transaction!(store, c => c.forget_device_failures(now, BATCH).await)?;
            let mails = transaction!(store, c => c.forget_mails(now - MAILS_KEPT, BATCH).await)?;
            let quotas =
                transaction!(store, c => c.forget_mail_quotas(now - QUOTAS_KEPT, BATCH).await)?;
            let changes = transaction!(store, c => c.forget_account_changes(BATCH).await)?;
            let events = transaction!(store, c => c.forget_events(events_since, BATCH).await)?;
            let nobodys = transaction!(store, c => c.forget_nobodys_events(BATCH).await)?;
            let removed = [
                tokens, failures, devices, mails, quotas, changes, events, nobodys,
            ];
            all += removed.iter().sum::<u64>();
            // What comes in while it cleans can wait for the next time.
            if removed.iter().all(|rows| *rows < BATCH.unsigned_abs()) {
                return Ok(all);
            }
        }
    }
}
