//! Which values each setting can have.
//!
//! Each function reads all its keys before the first `?`, so that every error is reported.

mod http;
mod limits;
mod mail;
mod password;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tracing_subscriber::filter::LevelFilter;

use super::reader::Reader;
use super::{Config, DatabaseConfig, Environment, JwtConfig, MetricsConfig, TelemetryConfig};
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::lockout::LockoutPolicy;
use crate::security::signing_secret;
use crate::store::DatabaseUrl;

pub(super) fn read(r: &mut Reader, environment: Environment) -> Option<Config> {
    let data_directory: PathBuf = r.parse("data.directory", "a folder")?;
    let hash_wait = r.duration("password.hash_wait", "100ms", "5m");
    let (http, database) = (http::read(r, hash_wait), database(r, &data_directory));
    let (jwt, password) = (jwt(r, environment), password::read(r, hash_wait));
    let (lockout, mail) = (lockout(r), mail::read(r, &data_directory));
    let device_lifetime = r.duration("lockout.device_lifetime", "1h", "365d");
    let confirmation = r.choice(
        "registration.confirmation",
        &[
            ("off", ConfirmationRule::Off),
            ("optional", ConfirmationRule::Optional),
            ("required", ConfirmationRule::Required),
        ],
    );
    let reset_lifetime = r.duration("one_time_tokens.reset_lifetime", "1m", "24h");
    let confirm_lifetime = r.duration("one_time_tokens.confirm_lifetime", "1m", "30d");
    let links_base_url = r.checked("links.base_url", http::BASE_URL, |text| match text {
        "" if environment == Environment::Development => Some(None),
        text => http::base_url(text).map(Some),
    });
    let limits = limits::read(r);
    let audit_retention = r.duration("audit.retention", "1d", "3650d");
    let listen = r.checked(
        "metrics.listen",
        "an address and a port, as 127.0.0.1:9464 or [::1]:9464; empty for none",
        |text| match text {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        },
    );
    let json = r.choice("telemetry.log_format", &[("pretty", false), ("json", true)]);
    let filter = r.checked(
        "telemetry.log_level",
        "a level or a tracing filter",
        |text| {
            let parsed = tracing_subscriber::EnvFilter::try_new(text).is_ok();
            (parsed && text.split(',').all(is_level_or_pair)).then(|| text.to_owned())
        },
    );
    let otlp_endpoint = r.checked(
        "telemetry.otlp_endpoint",
        http::COLLECTOR,
        |text| match text {
            "" => Some(None),
            text => http::collector(text).map(Some),
        },
    );
    let otlp_sample_ratio = r.range("telemetry.otlp_sample_ratio", 0.0..=1.0);
    Some(Config {
        environment,
        data_directory,
        http: http?,
        database: database?,
        jwt: jwt?,
        password: password?,
        lockout: lockout?,
        device_lifetime: device_lifetime?,
        confirmation: confirmation?,
        reset_lifetime: reset_lifetime?,
        confirm_lifetime: confirm_lifetime?,
        mail: mail?,
        links_base_url: links_base_url?,
        mails_per_hour: limits.as_ref()?.mails_per_hour,
        limits: limits?.requests,
        audit_retention: audit_retention?,
        metrics: MetricsConfig { listen: listen? },
        telemetry: TelemetryConfig {
            json: json?,
            filter: filter?,
            otlp_endpoint: otlp_endpoint?,
            otlp_sample_ratio: otlp_sample_ratio?,
        },
    })
}

fn database(r: &mut Reader, data_directory: &Path) -> Option<DatabaseConfig> {
    let file = format!("sqlite://{}", data_directory.join("doorward.db").display());
    let allowed = "postgres://user:password@host/name or sqlite://path; not an SQLite in memory";
    let url = r.checked("database.url", allowed, |text| {
        DatabaseUrl::parse(if text.is_empty() { &file } else { text }).ok()
    });
    let max_connections = r.range("database.max_connections", 1..=1_000);
    let cached_accounts = r.range("database.cached_accounts", 0..=10_000_000);
    let prepared_statements = r.parse("database.prepared_statements", "true or false");
    Some(DatabaseConfig {
        url: url?,
        max_connections: max_connections?,
        cached_accounts: cached_accounts?,
        prepared_statements: prepared_statements?,
    })
}

fn jwt(r: &mut Reader, environment: Environment) -> Option<JwtConfig> {
    let key = "jwt.secret";
    let allowed = "at least 32 random bytes, as `openssl rand -base64 48` prints them";
    let text = r.text(key).map(SecretString::from);
    let secret = match text {
        Some(secret) if !r.is_empty(key) => match signing_secret::check(&secret) {
            Ok(()) => Some(Some(secret)),
            Err(weak) => r.reject(key, &format!("{weak}; allowed: {allowed}")),
        },
        _ if environment == Environment::Production => r.reject(
            key,
            &format!("must be set in production (JWT_SECRET); allowed: {allowed}"),
        ),
        _ => Some(None),
    };
    let issuer = r.checked("jwt.issuer", "a name of 1 to 200 characters", |text| {
        (1..=200).contains(&text.len()).then(|| text.to_owned())
    });
    let lifetime = r.duration("jwt.lifetime", "1m", "365d");
    Some(JwtConfig {
        secret: secret?,
        issuer: issuer?,
        lifetime: lifetime?,
    })
}

fn lockout(r: &mut Reader) -> Option<LockoutPolicy> {
    let failures = r.range("lockout.failures", 1..=1_000);
    let window = r.duration("lockout.window", "1s", "30d");
    let freeze = r.duration("lockout.freeze", "1s", "30d");
    Some(LockoutPolicy {
        failures: failures?,
        window: window?,
        freeze: freeze?,
    })
}

/// A bare word that is no level would be taken for the name of a module, and hide all others.
fn is_level_or_pair(directive: &str) -> bool {
    directive.contains('=') || directive.trim().parse::<LevelFilter>().is_ok()
}
