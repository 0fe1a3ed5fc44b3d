//! What every request goes through: an id, a span with it for every log line, a line in the end,
//! and the headers that every answer has.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::client::Client;
use super::problem::{Problem, Summed};
use super::problem_kind as kind;
use super::{AppState, Stage, security_headers, unread_body};
use crate::telemetry::ServerSpan;

/// Taken from the request when it is usable, made otherwise, and sent back.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request, for who has to know it.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

/// Two years (the HSTS preload list asks for one at least).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Around every request: a panic becomes a 500, what is left of the body is read, and the answer
/// gets its headers and its line in the log.
pub async fn enter(
    State(AppState {
        settings,
        stage,
        metrics,
        ..
    }): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let from = Client::of(peer, request.headers(), &settings.trusted_proxies);
    let client = from.address;
    let id = request_id(request.headers().get(REQUEST_ID));
    // The route, never the path: a path or a query may hold what somebody pasted by mistake.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let method = request.method().clone();
    let is_read = method == Method::GET || method == Method::HEAD;
    // What is in a span is written down for each request, logged or not. Whatever could be an
    // attack says where it comes from.
    let id_text = id.to_str().unwrap_or_default();
    let span = if is_read {
        tracing::info_span!("request", id = id_text)
    } else {
        tracing::info_span!("request", id = id_text, %client)
    };
    if !is_read {
        request.extensions_mut().insert(from);
        request.extensions_mut().insert(RequestId(id.clone()));
    }
    let traced = ServerSpan::start(request.headers(), &method, route);
    let traced_span = traced.span();
    let started = Instant::now();
    let mut response = async {
        let request = request.map(unread_body::drained);
        // Before the schema is there, every statement would fail in a way that looks like our fault.
        let response = if is_too_early(route, &method, *stage.borrow()) {
            Problem::of(&kind::UNAVAILABLE).into_response()
        } else {
            let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
            let answered = async { answered.await.unwrap_or_else(panicked) };
            if is_read {
                // They read one row, and that has a limit of its own.
                answered.await
            } else {
                let answered = tokio::time::timeout(settings.handler_timeout, answered);
                answered.await.unwrap_or_else(|_| timed_out())
            }
        };
        let took = started.elapsed();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        metrics.answered(&method, route, status, took);
        traced.answered(status);
        // A token check or a health check that went well is no news, and there are thousands a
        // second of them; whatever changes or is refused something is, and is a line here.
        let is_summed = response.extensions().get::<Summed>().is_some();
        if is_summed || (is_read && [200, 304].contains(&status)) {
            tracing::debug!(%method, route, %client, status, ms, "answered");
        } else {
            tracing::info!(%method, route, %client, status, ms, "answered");
        }
        response
    }
    .instrument(span)
    .instrument(traced_span)
    .await;
    let headers = response.headers_mut();
    security_headers::add(headers);
    headers.insert(REQUEST_ID, id);
    if from.is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// Only what needs the database has to wait for it.
fn is_too_early(route: &str, method: &Method, stage: Stage) -> bool {
    stage == Stage::Starting && route.starts_with("/user") && method != Method::OPTIONS
}

/// Never seen unless something is wrong: everything that a handler waits for has a limit.
fn timed_out() -> Response {
    tracing::error!("a request was given up after http.handler_timeout");
    Problem::of(&kind::UNAVAILABLE).into_response()
}

/// A bug in one request is a 500 there and nothing anywhere else.
#[expect(clippy::needless_pass_by_value, reason = "the way a panic is caught")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(panic = message.as_deref(), "a handler panicked");
    Problem::of(&kind::INTERNAL).into_response()
}

/// An id of 1 to 128 plain characters is taken over; anything else could forge log lines.
fn request_id(sent: Option<&HeaderValue>) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    match sent {
        Some(id) if (1..=128).contains(&id.len()) && id.as_bytes().iter().all(plain) => id.clone(),
        _ => HeaderValue::from_str(&Uuid::now_v7().to_string())
            .unwrap_or(HeaderValue::from_static("-")),
    }
}
