//! The counters of each part of the service.

use prometheus::{
    Histogram, IntCounter, IntCounterVec, IntGauge, Registry, Result,
    register_histogram_with_registry as histogram,
    register_int_counter_vec_with_registry as counters,
    register_int_counter_with_registry as counter,
};

use super::SECONDS;

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
pub struct LimitMetrics(IntCounterVec);

impl LimitMetrics {
    pub(super) fn of_all(all: IntCounterVec) -> Self {
        Self(all)
    }

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

impl HashMetrics {
    pub(super) fn register(r: &Registry) -> Result<Self> {
        Ok(Self {
            wait: histogram!(
                "doorward_hash_wait_seconds",
                "How long passwords waited for their turn to be hashed.",
                SECONDS.to_vec(),
                r
            )?,
            duration: histogram!(
                "doorward_hash_duration_seconds",
                "How long one password hash took.",
                SECONDS.to_vec(),
                r
            )?,
            refused: counter!(
                "doorward_hash_refused_total",
                "Passwords that were not hashed because too many waited.",
                r
            )?,
        })
    }
}

impl UserMetrics {
    pub(super) fn register(r: &Registry) -> Result<Self> {
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
        Ok(Self {
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
        })
    }
}

impl MailMetrics {
    pub(super) fn register(r: &Registry) -> Result<Self> {
        Ok(Self {
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
        })
    }
}
