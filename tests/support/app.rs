//! An app on a real port with a database of its own and a clock that moves when told to.

use std::ops::Deref;
use std::sync::Arc;

use doorward::app::{self, App};
use doorward::clock::ManualClock;
use doorward::config::Config;
use doorward::http::{self, Stage, server};
use doorward::operators::Operators;
use doorward::security::hash_pool::HashPool;
use doorward::store::Store;
use doorward::user_manager::UserManager;
use doorward::workers::janitor::Janitor;
use doorward::workers::outbox::OutboxWorker;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CHEAP, Client, Engine, ITSELF, Mail, TestDatabase, load_config, mailbox};

/// A running service. Derefs to its client side.
pub struct TestApp {
    client: Client,
    pub clock: Arc<ManualClock>,
    pub config: Config,
    pub database: Arc<TestDatabase>,
    pub store: Store,
    /// For what has no endpoint: an operator's commands.
    pub users: UserManager,
    pub hashes: HashPool,
    pub stage: tokio::sync::watch::Sender<Stage>,
    pub outbox: Arc<OutboxWorker>,
    pub janitor: Arc<Janitor>,
    pub operators: Operators,
    folder: Arc<TempDir>,
    pub(super) stop: CancellationToken,
}

impl TestApp {
    /// A service with the default settings.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// A service with some settings: `("lockout.failures", "3")`.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        Self::custom(engine, settings, |config| config.password.hash = CHEAP).await
    }

    /// A service whose settings are changed further, past the checks of the configuration.
    pub async fn custom(
        engine: Engine,
        settings: &[(&str, &str)],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let database = Arc::new(TestDatabase::create(engine, folder.path()).await);
        let mut config = load_config(&folder, &database.url, settings);
        change(&mut config);
        let clock = Arc::new(ManualClock::starting_now());
        let app = Self::launch(config, clock, database, folder).await;
        app.store.migrate().await.expect("migrated");
        app.stage.send_replace(Stage::Serving);
        app
    }

    /// Another instance on the same database, with the same clock.
    pub async fn another_instance(&self) -> Self {
        self.another_instance_with(self.config.clone()).await
    }

    /// The same with other settings, as after a new deployment.
    pub async fn another_instance_with(&self, config: Config) -> Self {
        let (database, folder) = (Arc::clone(&self.database), Arc::clone(&self.folder));
        let clock = Arc::clone(&self.clock);
        let app = Self::launch(config, clock, database, folder).await;
        app.stage.send_replace(Stage::Serving);
        app
    }

    async fn launch(
        mut config: Config,
        clock: Arc<ManualClock>,
        database: Arc<TestDatabase>,
        folder: Arc<TempDir>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        if config.links_base_url.as_deref() == Some(ITSELF) {
            config.links_base_url = Some(url.clone());
        }
        let app = App::build(config.clone(), clock.clone()).expect("built");
        let stop = CancellationToken::new();
        let limits = app::connection_limits(&config);
        let users = app.state.users.clone();
        tokio::spawn(server::serve(
            listener,
            http::router(app.state),
            limits,
            app.metrics.connections.public,
            stop.clone(),
        ));
        Self {
            client: Client {
                url,
                http: reqwest::Client::new(),
            },
            clock,
            config,
            database,
            store: app.store,
            users,
            hashes: app.hashes,
            stage: app.stage,
            outbox: app.outbox,
            janitor: app.janitor,
            operators: app.operators,
            folder,
            stop,
        }
    }

    /// Sends every mail that is due, and gives the new ones, oldest first.
    pub async fn deliver_mail(&self) -> Vec<Mail> {
        let before = mailbox::read(&self.mail_folder());
        while self
            .outbox
            .deliver_due()
            .await
            .expect("the outbox can be read")
            > 0
        {}
        let after = mailbox::read(&self.mail_folder());
        after.into_iter().skip(before.len()).collect()
    }

    /// The only mail that is due.
    pub async fn only_mail(&self) -> Mail {
        let mut mails = self.deliver_mail().await;
        assert_eq!(mails.len(), 1, "one mail was expected: {mails:?}");
        mails.remove(0)
    }

    fn mail_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("mails")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
