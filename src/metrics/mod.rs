//! What is counted. `app` makes one [`Metrics`] for each instance of the service and hands every
//! part its own counters; nothing here is global.
//!
//! Names follow Prometheus' conventions: base units, `_total` for what only grows. Labels have few
//! values, all of them ours: never an address, an account or anything that a client sent.

mod gauges;
mod http;
mod parts;

use prometheus::proto::MetricFamily;
use prometheus::{
    Histogram, Registry, Result, register_histogram_with_registry as histogram,
    register_int_counter_vec_with_registry as counters,
    register_int_gauge_vec_with_registry as gauges,
};

pub use gauges::Gauges;
pub use http::HttpMetrics;
pub use parts::{
    Connections, HashMetrics, LimitMetrics, Logins, MailMetrics, TokenChecks, UserMetrics,
};

/// Answers and waits, in seconds: from a token check to the longest wait for a hash.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Accounts in one statement.
const ACCOUNTS: [f64; 11] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_000.0,
];

/// All counters of one instance; cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    pub http: HttpMetrics,
    pub connections: Connections,
    pub hashes: HashMetrics,
    /// Token checks that were answered by one statement.
    pub batch_size: Histogram,
    pub users: UserMetrics,
    pub limits: LimitMetrics,
    pub mails: MailMetrics,
    /// What is looked up when somebody asks.
    pub gauges: Gauges,
}

impl Metrics {
    /// Nothing is counted yet.
    ///
    /// # Panics
    /// When two have one name, or a name is no name: a mistake in this file.
    #[must_use]
    pub fn new() -> Self {
        Self::register(Registry::new()).expect("valid names, each once")
    }

    /// Everything as it is now.
    #[must_use]
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    fn register(r: Registry) -> Result<Self> {
        let connections = gauges!(
            "doorward_connections",
            "Connections that are open, by listener.",
            &["listener"],
            r
        )?;
        Ok(Self {
            http: HttpMetrics::register(&r)?,
            connections: Connections {
                public: connections.with_label_values(&["public"]),
                operators: connections.with_label_values(&["operators"]),
            },
            hashes: HashMetrics::register(&r)?,
            batch_size: histogram!(
                "doorward_account_batch_size",
                "Token checks that were answered by one statement.",
                ACCOUNTS.to_vec(),
                r
            )?,
            users: UserMetrics::register(&r)?,
            limits: LimitMetrics::of_all(counters!(
                "doorward_rate_limited_total",
                "Requests that were answered 429, by what was asked for and whose allowance was \
                 used up.",
                &["action", "by"],
                r
            )?),
            mails: MailMetrics::register(&r)?,
            gauges: Gauges::register(&r)?,
            registry: r,
        })
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
