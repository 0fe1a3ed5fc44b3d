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

/// What can be over.
#[derive(Debug, Clone, Copy)]
enum Over {
    OneTimeTokens,
    LoginFailures,
    DeviceFailures,
    Mails,
    MailQuotas,
    AccountChanges,
    Events,
    /// Of addresses without an account.
    NobodysEvents,
}

impl Over {
    const ALL: [Self; 8] = [
        Self::OneTimeTokens,
        Self::LoginFailures,
        Self::DeviceFailures,
        Self::Mails,
        Self::MailQuotas,
        Self::AccountChanges,
        Self::Events,
        Self::NobodysEvents,
    ];
}

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
    /// [`StoreError`] when something could not be removed; the rest is.
    pub async fn clean(&self) -> Result<u64, StoreError> {
        let (mut all, mut failed) = (0, None);
        for what in Over::ALL {
            match self.remove(what).await {
                Ok(rows) => all += rows,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    async fn remove(&self, what: Over) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let rows = self.remove_some(what).await?;
            all += rows;
            // What comes in while it cleans can wait for the next time.
            if rows < BATCH.unsigned_abs() {
                return Ok(all);
            }
        }
    }

    async fn remove_some(&self, what: Over) -> Result<u64, StoreError> {
        let (now, policy) = (self.clock.now(), &self.lockout);
        let events_kept = TimeDelta::from_std(self.events_kept).unwrap_or(EVENTS_KEPT_AT_MOST);
        transaction!(self.store, c => match what {
            Over::OneTimeTokens => c.forget_one_time_tokens(now, BATCH).await,
            Over::LoginFailures => c.forget_login_failures(policy, now, BATCH).await,
            Over::DeviceFailures => c.forget_device_failures(now, BATCH).await,
            Over::Mails => c.forget_mails(now - MAILS_KEPT, BATCH).await,
            Over::MailQuotas => c.forget_mail_quotas(now - QUOTAS_KEPT, BATCH).await,
            Over::AccountChanges => c.forget_account_changes(BATCH).await,
            Over::Events => c.forget_events(now - events_kept, BATCH).await,
            Over::NobodysEvents => c.forget_nobodys_events(BATCH).await,
        })
    }
}
