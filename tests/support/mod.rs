//! What the tests stand on: an app on a real port with a database of its own and a clock that
//! moves when told to.

pub mod answer;
pub mod bare;
pub mod binary;
pub mod canaries;
#[cfg(feature = "otlp")]
pub mod collector;
pub mod database;
pub mod device;
pub mod dump;
pub mod endpoints;
pub mod figures;
pub mod forge;
pub mod forms;
pub mod mailbox;
pub mod own_postgres;
pub mod pgbouncer;
pub mod process;
pub mod race;
pub mod smtp;
pub mod wait;

use std::ops::Deref;
use std::sync::Arc;

use doorward::app::{self, App};
use doorward::clock::ManualClock;
use doorward::config::{Config, Sources};
use doorward::http::{self, Stage, server};
use doorward::operators::Operators;
use doorward::security::hash_pool::HashPool;
use doorward::security::password_hash::HashParams;
use doorward::store::Store;
use doorward::user_manager::UserManager;
use doorward::workers::janitor::Janitor;
use doorward::workers::outbox::OutboxWorker;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use answer::Answer;
pub use database::Engine::{self, Postgres, Sqlite};
pub use database::TestDatabase;
pub use dump::Dump;
pub use forge::Forge;
pub use mailbox::Mail;
pub use race::race;
pub use wait::eventually;

/// A password that meets the classic policy.
pub const PASSWORD: &str = "abc123";

/// Cheap parameters: these tests are about what happens around a hash.
pub const CHEAP: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};

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
    stop: CancellationToken,
}

/// Sends requests to one instance and checks every answer against the OpenAPI description.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub http: reqwest::Client,
}

/// Somebody with an account.
#[derive(Clone)]
pub struct User {
    client: Client,
    pub email: String,
    pub password: String,
    pub token: String,
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
        config: Config,
        clock: Arc<ManualClock>,
        database: Arc<TestDatabase>,
        folder: Arc<TempDir>,
    ) -> Self {
        let app = App::build(config.clone(), clock.clone()).expect("built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
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

impl Client {
    /// Sends JSON with POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await
    }

    /// Sends JSON with POST and a bearer token.
    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body)).await
    }

    /// `GET /user` with a bearer token.
    pub async fn me(&self, token: &str) -> Answer {
        self.send(Method::GET, "/user", Some(token), None).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(method, path, request.send().await.expect("an answer")).await
    }

    /// A request with any headers and any bytes.
    pub async fn raw(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(Method::POST, path, request.send().await.expect("an answer")).await
    }

    pub async fn try_register(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "password_confirm": password });
        self.post("/user/create", body).await
    }

    /// Registers, with confirmation off or optional.
    pub async fn register(&self, email: &str, password: &str) -> User {
        let token = self.try_register(email, password).await.expect(201).token();
        User {
            client: self.clone(),
            email: email.into(),
            password: password.into(),
            token,
        }
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/user/login",
            json!({ "email": email, "password": password }),
        )
        .await
    }

    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("/user/forgot", json!({ "email": email })).await
    }

    pub async fn reset(&self, email: &str, token: &str, new: &str) -> Answer {
        let body = json!({
            "email": email, "reset_token": token, "new_password": new, "new_password_confirm": new,
        });
        self.post("/user/reset_password", body).await
    }

    pub async fn confirm(&self, email: &str, token: &str) -> Answer {
        self.post(
            "/user/confirm",
            json!({ "email": email, "confirm_token": token }),
        )
        .await
    }
}

impl User {
    /// The same person at another instance.
    pub fn at(&self, client: &Client) -> Self {
        Self {
            client: client.clone(),
            ..self.clone()
        }
    }

    pub async fn login(&self) -> Answer {
        self.client.login(&self.email, &self.password).await
    }

    pub async fn login_with(&self, password: &str) -> Answer {
        self.client.login(&self.email, password).await
    }

    pub async fn me(&self) -> Answer {
        self.client.me(&self.token).await
    }

    /// Sends the change; this value keeps the old password and token.
    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({
            "email": self.email, "password": current,
            "new_password": new, "new_password_confirm": new,
        });
        self.client
            .post_as(&self.token, "/user/change_password", body)
            .await
    }

    pub async fn forgot(&self) -> Answer {
        self.client.forgot(&self.email).await
    }
}

/// All requests of a test come from one address.
const UNLIMITED: [&str; 13] = [
    "limits.login_per_source",
    "limits.login_per_account",
    "limits.wrong_passwords_per_source",
    "limits.create_per_source",
    "limits.create_per_account",
    "limits.forgot_per_source",
    "limits.forgot_per_account",
    "limits.resend_per_source",
    "limits.resend_per_account",
    "limits.confirm_per_source",
    "limits.confirm_per_account",
    "limits.reset_per_source",
    "limits.reset_per_account",
];

/// The settings of a test: its own folder, mails as files.
pub fn load_config(folder: &TempDir, database_url: &str, settings: &[(&str, &str)]) -> Config {
    let defaults = [
        ("data.directory", folder.path().to_str().expect("UTF-8")),
        ("database.url", database_url),
        ("mail.transport", "file"),
        ("links.base_url", "https://app.example.com"),
        ("password.hash_threads", "2"),
    ];
    let variable = |(key, value): &(&str, &str)| {
        let name = format!("DOORWARD__{}", key.to_uppercase().replace('.', "__"));
        (name, (*value).to_owned())
    };
    let off = UNLIMITED.map(|key| (key, "off"));
    let none = ("DOORWARD_CONFIG_DIR".to_owned(), "/nonexistent".to_owned());
    let variables = defaults
        .iter()
        .chain(&off)
        .chain(settings)
        .map(variable)
        .chain([none]);
    let sources = Sources::new(variables).expect("sources");
    Config::load(&sources).expect("a valid configuration")
}
