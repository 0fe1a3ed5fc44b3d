//! One thing done many times, for a tool that counts instructions. Run with two numbers, the
//! difference of the counts is free of what starting and stopping cost.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use doorward::app::App;
use doorward::clock::{Clock as _, SystemClock};
use doorward::config::{Config, Sources};
use doorward::http::{self, Stage};
use doorward::security::access_token::{AccessTokens, TokenSubject};
use doorward::telemetry;
use http_body_util::BodyExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tower::ServiceExt as _;

use crate::serve::{ISSUER, LIFETIME, bare_router};

/// As many as bench/run has in rotation.
const ACCOUNTS: i64 = 1_000;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// What
    #[arg(value_enum)]
    what: What,
    /// How often
    times: usize,
    /// The signing secret
    #[arg(long)]
    secret: String,
    /// An empty folder for the database of `answers`
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// Tokens checked: signature and claims
    TokenChecks,
    /// Answers of the bare reference, from the request's parts to the bytes of the JSON
    BareAnswers,
    /// Answers of doorward's whole router to GET /user on `SQLite`, the log line included
    Answers,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let secret = SecretString::from(options.secret.as_str());
    let tokens = AccessTokens::new(&secret, ISSUER.to_owned(), LIFETIME);
    let texts = (1..=ACCOUNTS)
        .map(|account| {
            let version = 1;
            let token = tokens.issue(TokenSubject { account, version }, SystemClock.now())?;
            Ok(token.expose_secret().to_owned())
        })
        .collect::<anyhow::Result<Vec<String>>>()?;
    let in_turn = texts.iter().map(String::as_str).cycle().take(options.times);
    // One thread, so that the count does not depend on who steals whose work.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    match options.what {
        What::TokenChecks => check_all(&tokens, in_turn),
        What::BareAnswers => runtime.block_on(ask_all(bare_router(), in_turn)),
        What::Answers => runtime.block_on(async {
            let app = app(options).await?;
            ask_all(http::router(app.state.clone()), in_turn).await
        }),
    }
}

fn check_all<'t>(
    tokens: &AccessTokens,
    texts: impl Iterator<Item = &'t str>,
) -> anyhow::Result<()> {
    let clock = SystemClock;
    for text in texts {
        tokens.verify(text, clock.now())?;
    }
    Ok(())
}

async fn ask_all<'t>(router: Router, texts: impl Iterator<Item = &'t str>) -> anyhow::Result<()> {
    for text in texts {
        let request = Request::get("/user")
            .header(header::AUTHORIZATION, format!("Bearer {text}"))
            .body(Body::empty())?;
        let response = router.clone().oneshot(request).await?;
        ensure!(response.status() == StatusCode::OK, "{}", response.status());
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(body.starts_with(b"{\"id\":"), "not an account");
    }
    Ok(())
}

/// The whole application with accounts, its log on, not listening.
async fn app(options: &Options) -> anyhow::Result<App> {
    let database = format!("sqlite://{}", options.folder.join("count.db").display());
    let variables = [
        ("DATABASE_URL", database.as_str()),
        ("JWT_SECRET", options.secret.as_str()),
        ("DOORWARD__MAIL__TRANSPORT", "off"),
        ("DOORWARD__TELEMETRY__LOG_FORMAT", "json"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sources = Sources::new(variables).map_err(|error| anyhow!(error))?;
    let config = Config::load(&sources).map_err(|errors| anyhow!("{errors}"))?;
    drop(telemetry::start(&config.telemetry));
    let app = App::build(config, Arc::new(SystemClock))?;
    app.store.migrate().await?;
    fill(&database).await?;
    app.stage.send_replace(Stage::Serving);
    Ok(app)
}

async fn fill(database: &str) -> anyhow::Result<()> {
    let pool = sqlx::SqlitePool::connect(database).await?;
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        INSERT INTO users (id, email, email_key, password_hash, created_at)
        SELECT i, 'user' || i || '@bench.example', 'user' || i || '@bench.example', '-',
            '2026-01-01T00:00:00+00:00' FROM n";
    sqlx::query(insert).bind(ACCOUNTS).execute(&pool).await?;
    pool.close().await;
    Ok(())
}
