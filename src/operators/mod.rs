//! What operators see, on a listener of its own that is never the public one: `/metrics` for
//! Prometheus, `/status` for people, and `/status.json` with the figures of that page.

mod chart;
mod charts;
mod figures;
mod history;
mod page;
mod process;
mod window;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use prometheus::TextEncoder;
use tokio::sync::watch;

pub use figures::Figures;

use crate::http::{Stage, security_headers};

/// What the pages need.
#[derive(Debug, Clone)]
pub struct Operators {
    pub figures: Arc<Figures>,
    /// Where the process is between start and stop.
    pub stage: watch::Receiver<Stage>,
}

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
const STYLE: &str = include_str!("status.css");
/// No script, no third party, nothing inline but the charts.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);
/// How often a browser asks again, in seconds: as often as there is a new point.
const REFRESH: (HeaderName, HeaderValue) = (
    HeaderName::from_static("refresh"),
    HeaderValue::from_static("10"),
);

/// The whole listener.
pub fn router(operators: Operators) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/status.json", get(status_json))
        .route(
            "/status.css",
            get(async || ([(header::CONTENT_TYPE, "text/css")], STYLE)),
        )
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(map_response(with_headers))
        .with_state(operators)
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    security_headers::add(headers);
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    response
}

/// In Prometheus' text format.
async fn metrics(State(operators): State<Operators>) -> Response {
    let families = operators.figures.gather().await;
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => broken(&error),
    }
}

/// It renews itself, unless a person asks it to stand still (WCAG 2.2.1 and 2.2.2).
async fn status(State(operators): State<Operators>, RawQuery(query): RawQuery) -> Response {
    let is_still = query.as_deref() == Some("still");
    match page::render(&page::look(&operators).await, is_still) {
        Ok(html) if is_still => Html(html).into_response(),
        Ok(html) => ([REFRESH], Html(html)).into_response(),
        Err(error) => broken(&error),
    }
}

async fn status_json(State(operators): State<Operators>) -> Response {
    axum::Json(page::look(&operators).await).into_response()
}

fn broken(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "the figures cannot be shown");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
