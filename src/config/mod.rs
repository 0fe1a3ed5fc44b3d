//! The settings, typed and checked. `sources` merges where they come from, `reader` turns text
//! into values and collects every error, `sections` says which values are allowed.

mod reader;
mod sections;
mod sources;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

pub use reader::ConfigErrors;
pub use sources::{Environment, Sources};

use crate::domain::confirmation::ConfirmationRule;
use crate::domain::language::Language;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::password::PasswordPolicy;
use crate::http::limits::LimitSettings;
use crate::mail::Colour;
use crate::mail::templates::Templates;
use crate::security::password_hash::{EngineChoice, HashParams};
use crate::store::DatabaseUrl;
use reader::Reader;

/// Everything that can be set; `config/default.toml` explains each.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub data_directory: PathBuf,
    pub http: HttpConfig,
    pub database: DatabaseConfig,
    pub jwt: JwtConfig,
    pub password: PasswordConfig,
    pub lockout: LockoutPolicy,
    pub device_lifetime: Duration,
    pub confirmation: ConfirmationRule,
    pub reset_lifetime: Duration,
    pub confirm_lifetime: Duration,
    pub mail: MailConfig,
    /// `None`: this service, as this machine reaches it; never so in production.
    pub links_base_url: Option<String>,
    /// Mails of one kind to one address in an hour; `None` when limits are off.
    pub mails_per_hour: Option<i32>,
    pub limits: LimitSettings,
    /// How long account events are kept.
    pub audit_retention: Duration,
    pub metrics: MetricsConfig,
    pub telemetry: TelemetryConfig,
}

#[derive(Debug, Clone)]
pub struct HttpConfig {
    pub host: IpAddr,
    pub port: u16,
    /// 400 or 401.
    pub token_error_status: u16,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<String>,
    /// Whether the pages are served.
    pub pages: bool,
    pub read_timeout: Duration,
    pub write_timeout: Duration,
    pub handler_timeout: Duration,
    pub max_connections: usize,
    pub drain_delay: Duration,
    pub drain_timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    pub max_connections: u32,
    /// 0 for none.
    pub cached_accounts: usize,
    pub prepared_statements: bool,
}

#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// `None`: made and kept in the data directory; never so in production.
    pub secret: Option<SecretString>,
    pub issuer: String,
    pub lifetime: Duration,
}

#[derive(Debug, Clone, Copy)]
pub struct PasswordConfig {
    pub policy: PasswordPolicy,
    pub hash: HashParams,
    pub engine: EngineChoice,
    pub hash_threads: usize,
    pub hash_queue: usize,
    pub hash_wait: Duration,
    pub hash_nice: i32,
}

#[derive(Debug, Clone)]
pub struct MailConfig {
    pub transport: MailTransport,
    /// The sender, "Name <address>".
    pub from: String,
    pub product_name: String,
    pub colour: Colour,
    pub templates: Templates,
    /// One of those that there are templates for.
    pub default_language: Language,
}

/// Where mails go.
#[derive(Debug, Clone)]
pub enum MailTransport {
    Smtp {
        url: SecretString,
        ca_file: Option<PathBuf>,
    },
    File {
        directory: PathBuf,
    },
    Console,
    Off,
}

#[derive(Debug, Clone, Copy)]
pub struct MetricsConfig {
    /// `None`: nowhere.
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    pub json: bool,
    pub filter: String,
    /// Where a collector takes OTLP; `None` for no traces.
    pub otlp_endpoint: Option<String>,
    /// The share of traces that is sent, 0 to 1.
    pub otlp_sample_ratio: f64,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error there is, not just the first, and without values.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(sources);
        let config = sections::read(&mut reader, sources.environment());
        reader.finish(config)
    }

    /// Where the links in mails lead to, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        let own = || format!("http://{}", self.http.local_address());
        self.links_base_url.clone().unwrap_or_else(own)
    }

    /// The settings in force, for a person: key, text with secrets hidden, and where it was set.
    #[must_use]
    pub fn in_force(sources: &Sources) -> Vec<(String, String, String)> {
        reader::in_force(sources)
    }
}

impl HttpConfig {
    /// Where this machine reaches the service.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        let host = match self.host {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            host => host,
        };
        SocketAddr::new(host, self.port)
    }
}
