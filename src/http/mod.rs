//! HTTP: the route table and the layers, on one screen.

mod accept_language;
mod bearer;
mod client;
mod context;
mod embedded;
mod fields;
mod framing;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod json;
pub mod limits;
pub mod openapi;
pub mod pages;
mod problem;
mod problem_kind;
pub(crate) mod security_headers;
pub mod server;
mod turns;
mod unread_body;
mod user;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use ipnet::IpNet;
use tokio::sync::watch;
use tower::util::option_layer;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

pub use health::Stage;

use crate::metrics::HttpMetrics;
use crate::user_manager::UserManager;
use limits::Limits;
use pages::Pages;
use problem::Problem;
use problem_kind as kind;

/// What the handlers need.
#[derive(Debug, Clone, FromRef)]
pub struct AppState {
    pub users: UserManager,
    pub settings: Arc<HttpSettings>,
    pub limits: Arc<Limits>,
    /// Where the process is between start and stop.
    pub stage: watch::Receiver<Stage>,
    pub metrics: HttpMetrics,
}

/// How HTTP is spoken.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// 400 or 401.
    pub token_error_status: StatusCode,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<HeaderValue>,
    /// For the headers, and again for the body.
    pub read_timeout: Duration,
    /// For a request that changes something, from its headers to the answer.
    pub handler_timeout: Duration,
    /// `None` where another front end serves everybody.
    pub pages: Option<Pages>,
}

/// The whole API, and the pages.
pub fn router(state: AppState) -> Router {
    let pages = state.settings.pages.as_ref().map(pages::routes);
    Router::new()
        .route("/user", get(user::me))
        .route("/user/create", post(user::create))
        .route("/user/login", post(user::login))
        .route("/user/change_password", post(user::change_password))
        .route("/user/forgot", post(user::forgot))
        .route("/user/reset_password", post(user::reset_password))
        .route("/user/confirm", post(user::confirm))
        .route("/user/confirm/resend", post(user::resend_confirmation))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(openapi::serve))
        .merge(pages.unwrap_or_default())
        .fallback(async || Problem::of(&kind::NOT_FOUND))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(option_layer(cors(&state.settings.cors_origins)))
        // One layer for all that every request goes through: each costs an allocation or two.
        .layer(middleware::from_fn_with_state(
            state.clone(),
            context::enter,
        ))
        .with_state(state)
}

/// OPTIONS asks what is allowed and is answered; axum adds `Allow` to both.
async fn method_not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::of(&kind::METHOD_NOT_ALLOWED).into_response()
}

/// Closed, unless origins are configured.
fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let credentials = origins.to_vec();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            context::REQUEST_ID,
            visitor::DEVICE_TOKEN,
        ])
        // The device token is a cookie. It is the only one, and gives access to nothing.
        .allow_credentials(AllowCredentials::predicate(move |origin, _| {
            credentials.contains(origin)
        }))
        .expose_headers([
            context::REQUEST_ID,
            header::RETRY_AFTER,
            HeaderName::from_static("www-authenticate"),
        ])
        .max_age(Duration::from_hours(1));
    Some(cors)
}
