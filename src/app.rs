//! The composition root: puts the parts together, starts and stops them. Alone knows everyone.

mod serving;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use secrecy::SecretString;
use tokio::sync::{Notify, watch};

pub use serving::Listeners;

use crate::clock::Clock;
use crate::config::{Config, MailTransport};
use crate::http::limits::Limits;
use crate::http::pages::Pages;
use crate::http::{AppState, HttpSettings, Stage, server};
use crate::mail::{Envelope, LetterWriter, MailError, Mailer};
use crate::metrics::Metrics;
use crate::operators::{Figures, Operators};
use crate::security::access_token::AccessTokens;
use crate::security::device_token::DeviceTokens;
use crate::security::hash_pool::{HashPool, PoolSettings};
use crate::security::signing_secret;
use crate::store::account_loader::AccountLoader;
use crate::store::{MigrationError, Store};
use crate::user_manager::{Parts, Rules, UserManager};
use crate::workers::janitor::Janitor;
use crate::workers::outbox::OutboxWorker;

/// Everything, put together and not yet started.
#[derive(Debug)]
pub struct App {
    pub store: Store,
    pub hashes: HashPool,
    pub state: AppState,
    pub outbox: Arc<OutboxWorker>,
    pub janitor: Arc<Janitor>,
    pub metrics: Metrics,
    /// Shown on a listener of its own.
    pub operators: Operators,
    /// Moved by [`App::serve_on`].
    pub stage: watch::Sender<Stage>,
    config: Config,
}

/// Why the service did not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the data directory cannot be used; data.directory says which it is: {0}")]
    DataDirectory(#[source] io::Error),
    #[error("the signing secret in the data directory {0}; without the file a new one is made")]
    Secret(#[from] signing_secret::WeakSecret),
    #[error("mail cannot be sent: {0}")]
    Mail(#[from] MailError),
    #[error("hashing threads cannot be started: {0}")]
    Threads(#[source] io::Error),
    #[error("cannot listen on {0}: {1}; set HOST and PORT to use another address")]
    Listen(SocketAddr, #[source] io::Error),
    #[error("cannot show the figures on {0}: {1}; set metrics.listen to another address")]
    ListenForOperators(SocketAddr, #[source] io::Error),
    #[error("{0}")]
    Migration(#[from] MigrationError),
    #[error("the pages cannot be written: {0}")]
    Pages(#[from] askama::Error),
    #[error("signals cannot be received: {0}")]
    Signals(#[source] io::Error),
}

impl App {
    /// Puts everything together. Nothing is asked of the database yet.
    ///
    /// # Errors
    /// [`AppError`] when something that the settings name cannot be used.
    pub fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let metrics = Metrics::new();
        let database = &config.database;
        let store = Store::new(
            &database.url,
            database.max_connections,
            database.prepared_statements,
        )
        .map_err(AppError::DataDirectory)?;
        let secret = signing_secret(&config)?;
        let tokens = AccessTokens::new(&secret, config.jwt.issuer.clone(), config.jwt.lifetime);
        let password = &config.password;
        let pool = PoolSettings {
            params: password.hash,
            engine: password.engine.engine(password.hash),
            threads: password.hash_threads,
            queue: password.hash_queue,
            wait: password.hash_wait,
            nice: password.hash_nice,
        };
        let hashes = HashPool::start(&pool, metrics.hashes.clone()).map_err(AppError::Threads)?;
        let wake = Arc::new(Notify::new());
        let users = UserManager::new(Parts {
            loader: AccountLoader::start(
                &store,
                database.cached_accounts,
                metrics.batch_size.clone(),
            ),
            store: store.clone(),
            hashes: hashes.clone(),
            tokens,
            devices: DeviceTokens::new(&secret, config.device_lifetime),
            clock: Arc::clone(&clock),
            outbox: Arc::clone(&wake),
            metrics: metrics.users.clone(),
            rules: Rules {
                password: password.policy,
                lockout: config.lockout,
                confirmation: config.confirmation,
                mails_per_hour: config.mails_per_hour,
            },
            languages: config.mail.templates.languages().to_vec(),
        });
        let (stage, seen) = watch::channel(Stage::Starting);
        let outbox = Arc::new(OutboxWorker {
            store: store.clone(),
            clock: Arc::clone(&clock),
            mailer: mailer(&config)?,
            writer: letter_writer(&config),
            reset_lifetime: config.reset_lifetime,
            confirm_lifetime: config.confirm_lifetime,
            wake,
            metrics: metrics.mails.clone(),
        });
        let limits = Arc::new(Limits::new(&config.limits, &clock, &metrics.limits));
        let figures = Figures::new(
            metrics.clone(),
            store.clone(),
            hashes.clone(),
            Arc::clone(&clock),
        );
        let janitor = Arc::new(Janitor {
            store: store.clone(),
            clock,
            lockout: config.lockout,
            events_kept: config.audit_retention,
        });
        let settings = Arc::new(http_settings(&config)?);
        Ok(Self {
            store,
            hashes,
            state: AppState {
                users,
                settings,
                limits,
                stage: seen.clone(),
                metrics: metrics.http.clone(),
            },
            outbox,
            janitor,
            metrics,
            operators: Operators {
                figures: Arc::new(figures),
                stage: seen,
            },
            stage,
            config,
        })
    }
}

/// The limits on connections that the settings name.
#[must_use]
pub fn connection_limits(config: &Config) -> server::Limits {
    server::Limits {
        header_read_timeout: config.http.read_timeout,
        write_timeout: config.http.write_timeout,
        max_connections: config.http.max_connections,
        drain_timeout: config.http.drain_timeout,
    }
}

/// The configured secret, or the one that a development machine keeps.
fn signing_secret(config: &Config) -> Result<SecretString, AppError> {
    if let Some(secret) = &config.jwt.secret {
        return Ok(secret.clone());
    }
    let made = signing_secret::load_or_create(&config.data_directory);
    let secret = made.map_err(AppError::DataDirectory)?;
    signing_secret::check(&secret)?;
    Ok(secret)
}

fn mailer(config: &Config) -> Result<Mailer, MailError> {
    let from = Envelope::parse(&config.mail.from)?;
    Ok(match &config.mail.transport {
        MailTransport::Smtp { url, ca_file } => Mailer::smtp(url, ca_file.as_deref(), from)?,
        MailTransport::File { directory } => Mailer::File(directory.clone(), from),
        MailTransport::Console => Mailer::Console,
        MailTransport::Off => Mailer::Off,
    })
}

/// Writes letters as the settings say.
#[must_use]
pub fn letter_writer(config: &Config) -> LetterWriter {
    LetterWriter {
        templates: config.mail.templates.clone(),
        default_language: config.mail.default_language.clone(),
        product_name: config.mail.product_name.clone(),
        colour: config.mail.colour,
        base_url: config.base_url(),
        freeze: config.lockout.freeze,
    }
}

fn http_settings(config: &Config) -> Result<HttpSettings, AppError> {
    let origins = config.http.cors_origins.iter();
    let product = &config.mail.product_name;
    let pages = Pages::new(product, &config.password.policy, config.confirmation)?;
    Ok(HttpSettings {
        token_error_status: StatusCode::from_u16(config.http.token_error_status)
            .unwrap_or(StatusCode::BAD_REQUEST),
        trusted_proxies: config.http.trusted_proxies.clone(),
        cors_origins: origins
            .filter_map(|origin| HeaderValue::from_str(origin).ok())
            .collect(),
        read_timeout: config.http.read_timeout,
        handler_timeout: config.http.handler_timeout,
        pages: config.http.pages.then_some(pages),
    })
}
