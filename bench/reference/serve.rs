//! `GET /user` without doorward: three references behind doorward's own server, so that what
//! differs is the work for an answer and nothing of the connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use doorward::clock::{Clock as _, SystemClock};
use doorward::http::server;
use doorward::metrics::Metrics;
use doorward::security::access_token::{AccessTokens, TokenSubject};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::select::Accounts;

mod select;

/// As `jwt.issuer` and `jwt.lifetime` in config/default.toml.
pub const ISSUER: &str = "doorward";
pub const LIFETIME: Duration = Duration::from_hours(24);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// What an answer costs
    #[arg(value_enum)]
    kind: Kind,
    /// The port on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// The signing secret; for jwt and select
    #[arg(long, default_value = "")]
    secret: String,
    /// postgres:// or sqlite://; for select
    #[arg(long, default_value = "")]
    database: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// Nothing but the JSON
    Bare,
    /// The signature and the claims of the token
    Jwt,
    /// The token, and one SELECT to see whether it still counts
    Select,
}

/// The same two keys as doorward's answer.
#[derive(Serialize)]
pub struct User {
    pub id: i64,
    pub email: String,
}

#[derive(Clone)]
struct Checked {
    tokens: Arc<AccessTokens>,
    accounts: Option<Accounts>,
}

pub fn run(options: Options) -> anyhow::Result<()> {
    // As in src/main.rs.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let tokens = AccessTokens::new(&options.secret.into(), ISSUER.to_owned(), LIFETIME);
    let tokens = Arc::new(tokens);
    let router = match options.kind {
        Kind::Bare => bare_router(),
        Kind::Jwt => checked_router(tokens, None),
        Kind::Select => checked_router(tokens, Some(Accounts::connect(&options.database)?)),
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).await.context("cannot listen")?;
    let limits = server::Limits {
        header_read_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(10),
        max_connections: 100_000,
        drain_timeout: Duration::ZERO,
    };
    let connections = Metrics::new().connections.public;
    server::serve(
        listener,
        router,
        limits,
        connections,
        CancellationToken::new(),
    )
    .await;
    Ok(())
}

/// The least that can be answered; also what counting instructions starts from.
pub fn bare_router() -> Router {
    Router::new().route("/user", get(bare))
}

fn checked_router(tokens: Arc<AccessTokens>, accounts: Option<Accounts>) -> Router {
    let state = Checked { tokens, accounts };
    Router::new().route("/user", get(checked)).with_state(state)
}

async fn bare() -> Json<User> {
    Json(user(1))
}

async fn checked(
    State(state): State<Checked>,
    headers: HeaderMap,
) -> Result<Json<User>, StatusCode> {
    let subject = subject(&state.tokens, &headers).ok_or(StatusCode::UNAUTHORIZED)?;
    let Some(accounts) = &state.accounts else {
        return Ok(Json(user(subject.account)));
    };
    let found = accounts.current(subject).await;
    let found = found.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    found.map(Json).ok_or(StatusCode::UNAUTHORIZED)
}

fn subject(tokens: &AccessTokens, headers: &HeaderMap) -> Option<TokenSubject> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ")?;
    tokens.verify(token, SystemClock.now()).ok()
}

/// The account as bench/run fills it in.
fn user(id: i64) -> User {
    User {
        id,
        email: format!("user{id}@bench.example"),
    }
}
