//! What is counted. `app` makes one [`Metrics`] for each instance of the service and hands every
//! part its own counters; nothing here is global.
//!
//! Names follow Prometheus' conventions: base units, `_total` for what only grows. Labels have few
//! values, all of them ours: never an address, an account or anything that a client sent.

mod gauges;
mod http;

use prometheus::{
    Histogram, IntCounter, IntGauge, Registry, Result, proto::MetricFamily,
    register_histogram_with_registry as histogram, register_int_counter_vec_with_registry as counters,
    register_int_counter_with_registry as counter, register_int_gauge_vec_with_registry as gauges,
};

pub use gauges::Gauges;
pub use http::HttpMetrics;

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

/// Connections that are open, by the listener that they came to.
#[derive(Debug, Clone)]
pub struct Connections {
    pub public: IntGauge,
    pub operators: IntGauge,
}

/// Of the hashing threads and the queue before them.
#[derive(Debug, Clone)]
pub struct HashMetrics {
    /// From arrival to a slot, in seconds.
    pub wait: Histogram,
    /// One hash, in seconds.
    pub duration: Histogram,
    /// Callers that were sent away.
    pub refused: IntCounter,
}

/// Of what is done with accounts.
#[derive(Debug, Clone)]
pub struct UserMetrics {
    pub token_checks: TokenChecks,
    pub logins: Logins,
    pub lockouts: IntCounter,
}

#[derive(Debug, Clone)]
pub struct TokenChecks {
    pub valid: IntCounter,
    /// Malformed, forged or expired.
    pub invalid: IntCounter,
    /// Was valid once: the account is gone, closed, or has moved on.
    pub dead: IntCounter,
    /// The database could not say.
    pub failed: IntCounter,
}

#[derive(Debug, Clone)]
pub struct Logins {
    pub accepted: IntCounter,
    pub wrong: IntCounter,
    pub locked: IntCounter,
    /// The password was right, and the account is disabled or not confirmed.
    pub refused: IntCounter,
    /// Overloaded, or the database is away.
    pub failed: IntCounter,
}

/// Of requests that came too often.
#[derive(Debug, Clone)]
pub struct LimitMetrics(prometheus::IntCounterVec);

impl LimitMetrics {
    /// For one action and for whom it counts.
    ///
    /// # Panics
    /// Never: there are two labels.
    #[must_use]
    pub fn of(&self, action: &str, by: &str) -> IntCounter {
        self.0.with_label_values(&[action, by])
    }
}

/// Of mails on their way out.
#[derive(Debug, Clone)]
pub struct MailMetrics {
    pub sent: IntCounter,
    /// Attempts after which a mail was put back.
    pub put_back: IntCounter,
    pub given_up: IntCounter,
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
        let seconds = || SECONDS.to_vec();
        let checks = counters!(
            "doorward_token_checks_total",
            "Access tokens that were checked, by result.",
            &["result"],
            r
        )?;
        let logins = counters!(
            "doorward_logins_total",
            "Logins, by result.",
            &["result"],
            r
        )?;
        let limited = counters!(
            "doorward_rate_limited_total",
            "Requests that were answered 429, by what was asked for and whose allowance was used up.",
            &["action", "by"],
            r
        )?;
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
            hashes: HashMetrics {
                wait: histogram!(
                    "doorward_hash_wait_seconds",
                    "How long passwords waited for their turn to be hashed.",
                    seconds(),
                    r
                )?,
                duration: histogram!(
                    "doorward_hash_duration_seconds",
                    "How long one password hash took.",
                    seconds(),
                    r
                )?,
                refused: counter!(
                    "doorward_hash_refused_total",
                    "Passwords that were not hashed because too many waited.",
                    r
                )?,
            },
            batch_size: histogram!(
                "doorward_account_batch_size",
                "Token checks that were answered by one statement.",
                ACCOUNTS.to_vec(),
                r
            )?,
            users: UserMetrics {
                token_checks: TokenChecks {
                    valid: checks.with_label_values(&["valid"]),
                    invalid: checks.with_label_values(&["invalid"]),
                    dead: checks.with_label_values(&["dead"]),
                    failed: checks.with_label_values(&["failed"]),
                },
                logins: Logins {
                    accepted: logins.with_label_values(&["accepted"]),
                    wrong: logins.with_label_values(&["wrong"]),
                    locked: logins.with_label_values(&["locked"]),
                    refused: logins.with_label_values(&["refused"]),
                    failed: logins.with_label_values(&["failed"]),
                },
                lockouts: counter!(
                    "doorward_lockouts_total",
                    "Addresses that were locked after too many wrong passwords.",
                    r
                )?,
            },
            limits: LimitMetrics(limited),
            mails: MailMetrics {
                sent: counter!("doorward_mails_sent_total", "Mails that left.", r)?,
                put_back: counter!(
                    "doorward_mails_put_back_total",
                    "Attempts to send a mail that failed; it is tried again.",
                    r
                )?,
                given_up: counter!(
                    "doorward_mails_given_up_total",
                    "Mails that are not tried again.",
                    r
                )?,
            },
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
