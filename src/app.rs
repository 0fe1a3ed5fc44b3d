//! The composition root: puts the parts together, starts and stops them. Alone knows everyone.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Config, Environment, MailTransport};
use crate::http::limits::Limits;
use crate::http::{self, AppState, HttpSettings, Stage, server};
use crate::mail::{Envelope, LetterWriter, MailError, Mailer};
use crate::security::access_token::AccessTokens;
use crate::security::device_token::DeviceTokens;
use crate::security::hash_pool::{HashPool, PoolSettings};
use crate::security::signing_secret;
use crate::store::account_loader::AccountLoader;
use crate::store::{MigrationError, Store};
use crate::user_manager::{Parts, Rules, UserManager};
use crate::workers::janitor::Janitor;
use crate::workers::keep_running;
use crate::workers::outbox::OutboxWorker;

/// The pause between two looks for a database that is away at start.
const RETRY_DATABASE: Duration = Duration::from_secs(1);

/// How long the database's connections may take to close.
const CLOSE_DATABASE: Duration = Duration::from_secs(2);

/// Everything, put together and not yet started.
#[derive(Debug)]
pub struct App {
    pub store: Store,
    pub hashes: HashPool,
    pub state: AppState,
    pub outbox: Arc<OutboxWorker>,
    pub janitor: Arc<Janitor>,
    /// Moved by [`App::serve_on`].
    pub stage: watch::Sender<Stage>,
    config: Config,
}

/// Why the service did not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the data directory cannot be used: {0}")]
    DataDirectory(#[source] io::Error),
    #[error("the signing secret in the data directory {0}")]
    Secret(#[from] signing_secret::WeakSecret),
    #[error("mail cannot be sent: {0}")]
    Mail(#[from] MailError),
    #[error("hashing threads cannot be started: {0}")]
    Threads(#[source] io::Error),
    #[error("cannot listen on {0}: {1}; set HOST and PORT to use another address")]
    Listen(SocketAddr, #[source] io::Error),
    #[error("{0}")]
    Migration(#[from] MigrationError),
    #[error("signals cannot be received: {0}")]
    Signals(#[source] io::Error),
}

impl App {
    /// Puts everything together. Nothing is asked of the database yet.
    ///
    /// # Errors
    /// [`AppError`] when something that the settings name cannot be used.
    pub fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
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
        let hashes = HashPool::start(&PoolSettings {
            params: password.hash,
            engine: password.engine.engine(password.hash),
            threads: password.hash_threads,
            queue: password.hash_queue,
            wait: password.hash_wait,
            nice: password.hash_nice,
        })
        .map_err(AppError::Threads)?;
        let wake = Arc::new(Notify::new());
        let users = UserManager::new(Parts {
            loader: AccountLoader::start(&store, database.cached_accounts),
            store: store.clone(),
            hashes: hashes.clone(),
            tokens,
            devices: DeviceTokens::new(&secret, config.device_lifetime),
            clock: Arc::clone(&clock),
            outbox: Arc::clone(&wake),
            rules: Rules {
                password: password.policy,
                lockout: config.lockout,
                confirmation: config.confirmation,
                mails_per_hour: config.mails_per_hour,
            },
        });
        let (stage, seen) = watch::channel(Stage::Starting);
        let outbox = Arc::new(OutboxWorker {
            store: store.clone(),
            clock: Arc::clone(&clock),
            mailer: mailer(&config)?,
            writer: LetterWriter {
                product_name: config.mail.product_name.clone(),
                base_url: config.links_base_url.clone(),
                freeze: config.lockout.freeze,
            },
            reset_lifetime: config.reset_lifetime,
            confirm_lifetime: config.confirm_lifetime,
            wake,
        });
        let limits = Arc::new(Limits::new(&config.limits, &clock));
        let janitor = Arc::new(Janitor {
            store: store.clone(),
            clock,
            lockout: config.lockout,
        });
        let settings = Arc::new(http_settings(&config));
        Ok(Self {
            store,
            hashes,
            state: AppState {
                users,
                settings,
                limits,
                stage: seen,
            },
            outbox,
            janitor,
            stage,
            config,
        })
    }

    /// Serves until the process is told to stop.
    ///
    /// # Errors
    /// [`AppError`] when it cannot start.
    pub async fn serve(self) -> Result<(), AppError> {
        let stop = stop_signal().map_err(AppError::Signals)?;
        let address = SocketAddr::new(self.config.http.host, self.config.http.port);
        let listener = server::listen(address);
        let listener = listener.map_err(|error| AppError::Listen(address, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| AppError::Listen(address, error))?;
        self.serve_on(listener, stop, |config| announce(config, address))
            .await
    }

    /// Serves on a listener until `stop`; `ready` is called when requests are answered.
    ///
    /// # Errors
    /// [`AppError::Migration`] when the database does not fit this version.
    pub async fn serve_on(
        self,
        listener: TcpListener,
        stop: CancellationToken,
        ready: impl FnOnce(&Config),
    ) -> Result<(), AppError> {
        let Self {
            store,
            state,
            outbox,
            janitor,
            stage,
            config,
            ..
        } = self;
        let limits = connection_limits(&config);
        let (stop_serving, stop_working) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        // Before the database is there: liveness is answered, everything else is told to wait.
        let server = server::serve(listener, http::router(state), limits, stop_serving.clone());
        let server = tasks.spawn(server);

        let migrated = tokio::select! {
            migrated = migrate_when_there(&store) => migrated.map(|()| true),
            () = stop.cancelled() => Ok(false),
        };
        if let Ok(true) = migrated {
            stage.send_replace(Stage::Serving);
            let (outbox_stop, janitor_stop) = (stop_working.clone(), stop_working.clone());
            tasks.spawn(keep_running("outbox", outbox_stop, move |stop| {
                Arc::clone(&outbox).run(stop)
            }));
            tasks.spawn(keep_running("janitor", janitor_stop, move |stop| {
                Arc::clone(&janitor).run(stop)
            }));
            ready(&config);
            stop.cancelled().await;
            tracing::info!("stopping");
            stage.send_replace(Stage::Draining);
            tokio::time::sleep(config.http.drain_delay).await;
        }
        // One deadline for all of it: whoever runs the process does not wait much longer.
        let deadline = Instant::now() + config.http.drain_timeout;
        stop_serving.cancel();
        stop_working.cancel();
        if let Err(error) = server.await {
            tracing::error!(%error, "the server ended badly");
        }
        tasks.close();
        // A mail that does not finish in time goes out again when its lease ends.
        if timeout_at(deadline, tasks.wait()).await.is_err() {
            tracing::warn!("a worker did not finish in time");
        }
        // A database that does not answer must not keep the process.
        let closed = timeout(CLOSE_DATABASE, store.close()).await;
        tracing::info!(clean = closed.is_ok(), "stopped");
        Ok(migrated.map(drop)?)
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

/// Migrates as soon as the database can be reached.
async fn migrate_when_there(store: &Store) -> Result<(), MigrationError> {
    loop {
        match store.migrate().await {
            Err(MigrationError::Store(error)) => {
                tracing::warn!(%error, "waiting for the database, trying again in a second");
                tokio::time::sleep(RETRY_DATABASE).await;
            }
            done => return done,
        }
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

fn http_settings(config: &Config) -> HttpSettings {
    let origins = config.http.cors_origins.iter();
    HttpSettings {
        token_error_status: StatusCode::from_u16(config.http.token_error_status)
            .unwrap_or(StatusCode::BAD_REQUEST),
        trusted_proxies: config.http.trusted_proxies.clone(),
        cors_origins: origins
            .filter_map(|origin| HeaderValue::from_str(origin).ok())
            .collect(),
        read_timeout: config.http.read_timeout,
        handler_timeout: config.http.handler_timeout,
    }
}

/// Says where the service is and how to try it.
fn announce(config: &Config, address: SocketAddr) {
    let database = config.database.url.describe();
    tracing::info!(%address, database, environment = %config.environment, "ready");
    if config.environment == Environment::Development {
        // Nobody has to be there to read it.
        let _ = writeln!(
            io::stdout(),
            "\ndoorward listens on http://{address} and keeps its data in {database}. Try:\n\n  \
             curl -d '{{\"email\":\"ann@example.com\",\"password\":\"abc123\",\
             \"password_confirm\":\"abc123\"}}' \\\n       \
             -H 'content-type: application/json' http://{address}/user/create\n\n\
             The API is described at http://{address}/openapi.json. Ctrl-C stops.\n"
        );
    }
}

/// Cancelled by SIGTERM or SIGINT; a second one ends the process at once.
fn stop_signal() -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        for number in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if number > 0 {
                tracing::warn!("told to stop again, ending at once");
                std::process::exit(130);
            }
            told.cancel();
        }
    });
    Ok(stop)
}
