//! Looks up what is not counted as it happens, and remembers the last hour.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus::proto::MetricFamily;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::history::{History, Point};
use super::process;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::security::hash_pool::HashPool;
use crate::store::Store;

/// Between two points of the charts.
pub(super) const STEP: Duration = Duration::from_secs(10);
/// The database is asked about the outbox at most so often, however many ask us.
const ASK_DATABASE: Duration = Duration::from_secs(5);
/// Figures must be there when the database is not.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// All figures of one instance.
#[derive(Debug)]
pub struct Figures {
    pub(super) about: About,
    metrics: Metrics,
    store: Store,
    hashes: HashPool,
    clock: Arc<dyn Clock>,
    /// When the database was asked last. Locked while somebody looks.
    asked: tokio::sync::Mutex<Option<Duration>>,
    history: Mutex<History>,
}

/// What is running.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) version: &'static str,
    /// The engine; where it is is nobody's business here.
    pub(super) database: &'static str,
    pub(super) started: DateTime<Utc>,
}

impl Figures {
    #[must_use]
    pub fn new(metrics: Metrics, store: Store, hashes: HashPool, clock: Arc<dyn Clock>) -> Self {
        let about = About {
            version: env!("CARGO_PKG_VERSION"),
            database: store.engine(),
            started: clock.now(),
        };
        let gauges = &metrics.gauges;
        gauges.set_build(about.version, about.database);
        let started = about.started.timestamp_micros().unsigned_abs();
        gauges.process.start_time.set(process::float(started) / 1e6);
        Self {
            about,
            metrics,
            store,
            hashes,
            clock,
            asked: tokio::sync::Mutex::default(),
            history: Mutex::default(),
        }
    }

    /// Everything as it is now.
    pub async fn gather(&self) -> Vec<MetricFamily> {
        let gauges = &self.metrics.gauges;
        let mut asked = self.asked.lock().await;
        let now = self.clock.monotonic();
        if asked.is_none_or(|asked| now.saturating_sub(asked) >= ASK_DATABASE) {
            let backlog = timeout(DATABASE_PATIENCE, self.store.mail_backlog()).await;
            gauges.set_mails(backlog.ok().and_then(Result::ok));
            *asked = Some(now);
        }
        let connections = self.store.connections();
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        gauges.hash_queue_depth.set(number(self.hashes.waiting()));
        gauges.hash_threads.set(number(self.hashes.threads()));
        gauges
            .idle_database_connections
            .set(connections.idle.into());
        gauges
            .used_database_connections
            .set(connections.used.into());
        gauges.max_database_connections.set(connections.most.into());
        process::look(gauges);
        self.metrics.gather()
    }

    /// Takes a point for the charts now and then until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = interval(STEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.remember().await,
                () = stop.cancelled() => return,
            }
        }
    }

    /// Takes one point for the charts.
    pub async fn remember(&self) {
        let families = self.gather().await;
        let now = self.clock.now();
        self.history().record(now, families);
    }

    pub(super) fn points(&self) -> Vec<Point> {
        self.history().points()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) async fn database_answers(&self) -> bool {
        self.store.ping().await.is_ok()
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
