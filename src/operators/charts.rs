//! Which charts there are, and what each line of them is.

use super::window::Window;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Number,
    Seconds,
    Bytes,
}

#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    pub(super) series: &'static [Series],
}

/// One line.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) read: fn(&Window<'_>) -> Option<f64>,
}

macro_rules! charts {
    ($($title:literal in $unit:ident { $($name:literal => $read:expr),+ $(,)? })+) => {
        &[$(Chart {
            title: $title,
            unit: Unit::$unit,
            series: &[$(Series { name: $name, read: $read }),+],
        }),+]
    };
}

const REQUESTS: &str = "doorward_http_requests_total";
const ANSWERED: &str = "doorward_http_request_duration_seconds";
const CHECKS: &str = "doorward_token_checks_total";
const LOGINS: &str = "doorward_logins_total";
const HASH_WAIT: &str = "doorward_hash_wait_seconds";
const MAILS: &str = "doorward_mails";

pub(super) const CHARTS: &[Chart] = charts! {
    "Answers a second" in Number {
        "2xx" => |w| w.rate(REQUESTS, &[("status", "2")]).or(Some(0.0)),
        "4xx" => |w| w.rate(REQUESTS, &[("status", "4")]).or(Some(0.0)),
        "5xx" => |w| w.rate(REQUESTS, &[("status", "5")]).or(Some(0.0)),
    }
    "Token checks a second" in Number {
        "valid" => |w| w.rate(CHECKS, &[("result", "valid")]),
        "refused" => |w| sum([
            w.rate(CHECKS, &[("result", "invalid")]),
            w.rate(CHECKS, &[("result", "dead")]),
        ]),
        "failed" => |w| w.rate(CHECKS, &[("result", "failed")]),
    }
    "Logins a second" in Number {
        "accepted" => |w| w.rate(LOGINS, &[("result", "accepted")]),
        "refused" => |w| sum([
            w.rate(LOGINS, &[("result", "wrong")]),
            w.rate(LOGINS, &[("result", "locked")]),
            w.rate(LOGINS, &[("result", "refused")]),
        ]),
        "failed" => |w| w.rate(LOGINS, &[("result", "failed")]),
    }
    "Time of GET /user" in Seconds {
        "p50" => |w| w.quantile(0.5, ANSWERED, &[("method", "GET"), ("route", "/user")]),
        "p99" => |w| w.quantile(0.99, ANSWERED, &[("method", "GET"), ("route", "/user")]),
    }
    "Time of what changes something (POST)" in Seconds {
        "p50" => |w| w.quantile(0.5, ANSWERED, &[("method", "POST"), ("route", "/user")]),
        "p99" => |w| w.quantile(0.99, ANSWERED, &[("method", "POST"), ("route", "/user")]),
    }
    "Wait for a password hash" in Seconds {
        "p50" => |w| w.quantile(0.5, HASH_WAIT, &[]),
        "p99" => |w| w.quantile(0.99, HASH_WAIT, &[]),
    }
    "Passwords that wait to be hashed" in Number {
        "waiting" => |w| w.gauge("doorward_hash_queue_depth", &[]),
    }
    "Refused, a second" in Number {
        "429, too often" => |w| w.rate("doorward_rate_limited_total", &[]),
        "503, hash queue" => |w| w.rate("doorward_hash_refused_total", &[]),
        "locks" => |w| w.rate("doorward_lockouts_total", &[]),
    }
    "Mails in the outbox" in Number {
        "waiting" => |w| w.gauge(MAILS, &[("state", "waiting")]),
        "failed" => |w| w.gauge(MAILS, &[("state", "failed")]),
    }
    "Connections" in Number {
        "clients" => |w| w.gauge("doorward_connections", &[("listener", "public")]),
        "database, in use" => |w| w.gauge("doorward_database_connections", &[("state", "used")]),
    }
    "Memory" in Bytes {
        "resident" => |w| w.gauge("process_resident_memory_bytes", &[]),
    }
    "Processors in use" in Number {
        "all threads" => |w| w.rate("process_cpu_seconds_total", &[]),
    }
};

fn sum<const N: usize>(parts: [Option<f64>; N]) -> Option<f64> {
    parts.into_iter().flatten().reduce(|sum, part| sum + part)
}
