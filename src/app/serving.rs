//! From the first connection to the last: migrates, serves, works, drains.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{App, AppError, connection_limits};
use crate::config::{Config, Environment};
use crate::http::{self, Stage, server};
use crate::operators;
use crate::store::{MigrationError, Store};
use crate::workers::keep_running;

/// The pause between two looks for a database that is away at start.
const RETRY_DATABASE: Duration = Duration::from_secs(1);

/// Connections to the operators' listener at once.
const OPERATORS: usize = 64;

/// How long the database's connections may take to close.
const CLOSE_DATABASE: Duration = Duration::from_secs(2);

/// Where requests come from.
#[derive(Debug)]
pub struct Listeners {
    pub public: TcpListener,
    /// For the figures, if they are wanted.
    pub operators: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(public: TcpListener) -> Self {
        Self {
            public,
            operators: None,
        }
    }
}

impl Listeners {
    /// Listens where the settings say. The port is in them afterwards, where they left it open:
    /// mails link to it.
    ///
    /// # Errors
    /// [`AppError`] when an address cannot be used.
    pub fn open(config: &mut Config) -> Result<Self, AppError> {
        let address = SocketAddr::new(config.http.host, config.http.port);
        let unusable = |error| AppError::Listen(address, error);
        let public = server::listen(address).map_err(unusable)?;
        config.http.port = public.local_addr().map_err(unusable)?.port();
        let operators = listen_for_operators(config)?;
        Ok(Self { public, operators })
    }
}

/// In development several instances share a machine and its default ports: only the first has a
/// place for its figures, and the others go on without.
fn listen_for_operators(config: &Config) -> Result<Option<TcpListener>, AppError> {
    let Some(address) = config.metrics.listen else {
        return Ok(None);
    };
    match server::listen(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if config.environment == Environment::Development => {
            tracing::warn!(%address, %error, "no figures: metrics.listen cannot be used");
            Ok(None)
        }
        Err(error) => Err(AppError::ListenForOperators(address, error)),
    }
}

impl App {
    /// Serves until the process is told to stop.
    ///
    /// # Errors
    /// [`AppError`] when it cannot start.
    pub async fn serve(self, listeners: Listeners) -> Result<(), AppError> {
        let stop = stop_signal().map_err(AppError::Signals)?;
        let figures = listeners.operators.as_ref().map(TcpListener::local_addr);
        let figures = figures.and_then(Result::ok);
        self.serve_on(listeners, stop, |config| announce(config, figures))
            .await
    }

    /// Serves on a listener until `stop`; `ready` is called when requests are answered.
    ///
    /// # Errors
    /// [`AppError::Migration`] when the database does not fit this version.
    pub async fn serve_on(
        self,
        listeners: impl Into<Listeners>,
        stop: CancellationToken,
        ready: impl FnOnce(&Config),
    ) -> Result<(), AppError> {
        let Self {
            store,
            state,
            outbox,
            janitor,
            metrics,
            operators,
            stage,
            config,
            ..
        } = self;
        let listeners = listeners.into();
        let limits = connection_limits(&config);
        let (stop_serving, stop_working) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        // Before the database is there: liveness is answered, everything else is told to wait.
        let server = tasks.spawn(server::serve(
            listeners.public,
            http::router(state),
            limits,
            metrics.connections.public,
            stop_serving.clone(),
        ));
        if let Some(listener) = listeners.operators {
            let (figures, stop) = (Arc::clone(&operators.figures), stop_working.clone());
            tasks.spawn(keep_running("figures", stop, move |stop| {
                Arc::clone(&figures).run(stop)
            }));
            tasks.spawn(server::serve(
                listener,
                operators::router(operators),
                server::Limits {
                    max_connections: OPERATORS,
                    ..limits
                },
                metrics.connections.operators,
                stop_serving.clone(),
            ));
        }

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

/// Says where the service is and how to try it.
fn announce(config: &Config, figures: Option<SocketAddr>) {
    let address = SocketAddr::new(config.http.host, config.http.port);
    let database = config.database.url.describe();
    let shown = figures.map(tracing::field::display);
    tracing::info!(%address, figures = shown, database, environment = %config.environment, "ready");
    if config.environment == Environment::Development {
        let (page, described) = if config.http.pages {
            (format!("Open http://{address}/ in a browser. "), "docs")
        } else {
            (String::new(), "openapi.json")
        };
        // Nobody has to be there to read it.
        let _ = writeln!(
            io::stdout(),
            "\ndoorward listens on http://{address} and keeps its data in {database}. {page}Try:\n\n  \
             curl -d '{{\"email\":\"ann@example.com\",\"password\":\"abc123\",\
             \"password_confirm\":\"abc123\"}}' \\\n       \
             -H 'content-type: application/json' http://{address}/user/create\n\n\
             The API is described at http://{address}/{described}. Ctrl-C stops.\n"
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
