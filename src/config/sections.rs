//! Which values each setting can have.
//!
//! Each function reads all its keys before the first `?`, so that every error is reported.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use tracing_subscriber::filter::LevelFilter;

use super::limits;
use super::reader::Reader;
use super::{
    Config, DatabaseConfig, Environment, HttpConfig, JwtConfig, MailConfig, MailTransport,
    PasswordConfig, TelemetryConfig,
};
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::password::{PasswordPolicy, Preset};
use crate::security::password_hash::{
    DEFAULT_ITERATIONS, DEFAULT_MEMORY_KIB, EngineChoice, HashParams,
};
use crate::security::signing_secret;
use crate::store::DatabaseUrl;

pub(super) fn read(r: &mut Reader, environment: Environment) -> Option<Config> {
    let data_directory: PathBuf = r.parse("data.directory", "a folder")?;
    let (http, database) = (http(r), database(r, &data_directory));
    let (jwt, password) = (jwt(r, environment), password(r));
    let (lockout, mail) = (lockout(r), mail(r, &data_directory));
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
    let links_base_url = base_url(r);
    let limits = limits::read(r);
    let json = r.choice("telemetry.log_format", &[("pretty", false), ("json", true)]);
    let filter = r.checked(
        "telemetry.log_level",
        "a level or a tracing filter",
        |text| {
            let parsed = tracing_subscriber::EnvFilter::try_new(text).is_ok();
            (parsed && text.split(',').all(is_level_or_pair)).then(|| text.to_owned())
        },
    );
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
        telemetry: TelemetryConfig {
            json: json?,
            filter: filter?,
        },
    })
}

fn http(r: &mut Reader) -> Option<HttpConfig> {
    let host = r.parse("http.host", "an IP address, as 127.0.0.1, 0.0.0.0 or ::");
    let port = r.range("http.port", 0..=65_535);
    let token_error_status = r.choice("http.token_error_status", &[("400", 400), ("401", 401)]);
    let trusted_proxies = r.list("http.trusted_proxies", "networks, as 10.0.0.0/8", |text| {
        text.parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    });
    let cors_origins = r.list(
        "http.cors_origins",
        "origins without a path, as https://app.example.com",
        origin,
    );
    let read_timeout = r.duration("http.read_timeout", "1s", "5m");
    let write_timeout = r.duration("http.write_timeout", "1s", "5m");
    let handler_timeout = r.duration("http.handler_timeout", "1s", "10m");
    let max_connections = r.range("http.max_connections", 1..=1_000_000);
    let drain_delay = r.duration("http.drain_delay", "0s", "5m");
    let drain_timeout = r.duration("http.drain_timeout", "1s", "10m");
    Some(HttpConfig {
        host: host?,
        port: port?,
        token_error_status: token_error_status?,
        trusted_proxies: trusted_proxies?,
        cors_origins: cors_origins?,
        read_timeout: read_timeout?,
        write_timeout: write_timeout?,
        handler_timeout: handler_timeout?,
        max_connections: max_connections?,
        drain_delay: drain_delay?,
        drain_timeout: drain_timeout?,
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

fn password(r: &mut Reader) -> Option<PasswordConfig> {
    let presets = [("classic", Preset::Classic), ("nist", Preset::Nist)];
    let preset = r.choice("password.policy", &presets);
    let min_length = r.range_or("password.min_length", "preset", 1..=256);
    let max_length = r.range_or("password.max_length", "preset", 1..=1_024);
    let memory_kib = r.range("password.memory_kib", 8..=1_048_576);
    let iterations = r.range("password.iterations", 1..=16);
    let threads = r.range_or("password.hash_threads", "auto", 1..=256);
    let hash_queue = r.range("password.hash_queue", 1..=100_000);
    let hash_wait = r.duration("password.hash_wait", "100ms", "5m");
    let hash_nice = r.range("password.hash_nice", 0..=19);
    let engines = [
        ("auto", EngineChoice::Auto),
        ("portable", EngineChoice::Portable),
    ];
    let engine = r.choice("password.engine", &engines);

    let hash = memory_kib
        .zip(iterations)
        .and_then(|(memory_kib, iterations)| {
            let strong = memory_kib >= DEFAULT_MEMORY_KIB && iterations >= DEFAULT_ITERATIONS
                || memory_kib >= 47_104;
            let weak =
                "is too weak; allowed: 19456 with 2 iterations or more, 47104 with 1 or more";
            if strong {
                Some(HashParams {
                    memory_kib,
                    iterations,
                })
            } else {
                r.reject("password.memory_kib", weak)
            }
        });
    let policy = preset
        .zip(min_length.zip(max_length))
        .and_then(|(preset, (min, max))| {
            let own = preset.policy();
            let policy = PasswordPolicy {
                min_length: min.or(own.min_length),
                max_length: max.or(own.max_length),
                ..own
            };
            let crossed = "is more than password.max_length";
            if policy.min_length <= policy.max_length {
                Some(policy)
            } else {
                r.reject("password.min_length", crossed)
            }
        });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Some(PasswordConfig {
        policy: policy?,
        hash: hash?,
        hash_threads: threads?.or(cores),
        hash_queue: hash_queue?,
        hash_wait: hash_wait?,
        hash_nice: hash_nice?,
        engine: engine?,
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

fn mail(r: &mut Reader, data_directory: &Path) -> Option<MailConfig> {
    let kind = r.choice(
        "mail.transport",
        &[
            ("smtp", "smtp"),
            ("file", "file"),
            ("console", "console"),
            ("off", "off"),
        ],
    );
    let directory: Option<PathBuf> = r.parse("mail.directory", "a folder");
    let ca_file: Option<PathBuf> = r.parse("mail.smtp_ca_file", "a PEM file");
    let smtp_url = r.text("mail.smtp_url").map(SecretString::from);
    let from = r.checked("mail.from", "Name <address@domain>", |text| {
        text.parse::<lettre::message::Mailbox>()
            .ok()
            .map(|_| text.to_owned())
    });
    let product_name = r.checked(
        "mail.product_name",
        "1 to 100 characters on one line",
        |text| {
            let fits =
                (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        },
    );
    let given = |path: PathBuf| (!path.as_os_str().is_empty()).then_some(path);
    let transport = match kind? {
        "smtp" => {
            let usable = !r.is_empty("mail.smtp_url")
                && smtp_url
                    .as_ref()
                    .is_some_and(crate::mail::smtp::is_usable_url);
            if usable {
                Some(MailTransport::Smtp {
                    url: smtp_url?,
                    ca_file: given(ca_file?),
                })
            } else {
                r.reject(
                    "mail.smtp_url",
                    "must be set when mail.transport is smtp; allowed: \
                     smtp://user:password@host:587?tls=required, smtps://user:password@host:465",
                )
            }
        }
        "file" => Some(MailTransport::File {
            directory: given(directory?).unwrap_or_else(|| data_directory.join("mails")),
        }),
        "console" => Some(MailTransport::Console),
        _ => Some(MailTransport::Off),
    };
    Some(MailConfig {
        transport: transport?,
        from: from?,
        product_name: product_name?,
    })
}

fn base_url(r: &mut Reader) -> Option<String> {
    let allowed =
        "an http:// or https:// URL without query and fragment, as https://app.example.com";
    r.checked("links.base_url", allowed, |text| {
        let url = web_url(text)?;
        let usable = url.query().is_none() && url.fragment().is_none();
        usable.then(|| url.as_str().trim_end_matches('/').to_owned())
    })
}

/// An origin as a browser sends it: scheme, host, port, nothing more.
fn origin(text: &str) -> Option<String> {
    let origin = web_url(text)?.origin().ascii_serialization();
    (origin == text).then_some(origin)
}

fn web_url(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let usable = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    (usable && url.host().is_some() && url.password().is_none()).then_some(url)
}

/// A bare word that is no level would be taken for the name of a module, and hide all others.
fn is_level_or_pair(directive: &str) -> bool {
    directive.contains('=') || directive.trim().parse::<LevelFilter>().is_ok()
}
