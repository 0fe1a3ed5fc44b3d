//! The spans that a collector gets: those of [`TRACES`] and nothing else of what is logged, so
//! that what they hold is seen in one place. They hold routes, statuses and times; never an
//! address, a token, a path or a body.
//!
//! Without a collector they are disabled where they are made, and cost next to nothing.

use axum::http::{HeaderMap, Method};
use tracing::{Instrument as _, Span};

/// The target of all spans for a collector.
pub const TRACES: &str = "otlp";

/// A span for a collector, around what its name says.
macro_rules! traced {
    ($name:literal $(, $($field:tt)*)?) => {
        ::tracing::info_span!(target: $crate::telemetry::TRACES, $name $(, $($field)*)?)
    };
}
pub(crate) use traced;

/// The span of one request, named as OpenTelemetry's conventions for HTTP servers have it.
#[derive(Debug)]
pub struct ServerSpan(Span);

impl ServerSpan {
    /// Continues the trace that the client is in, if it says so (W3C Trace Context).
    #[must_use]
    pub fn start(headers: &HeaderMap, method: &Method, route: &str) -> Self {
        let span = traced!(
            "request",
            otel.kind = "server",
            otel.name = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
            http.request.method = tracing::field::Empty,
            http.route = route,
            http.response.status_code = tracing::field::Empty,
            url.scheme = "http",
        );
        if !span.is_disabled() {
            let method = known(method);
            span.record("http.request.method", method);
            span.record("otel.name", format!("{method} {route}"));
            #[cfg(feature = "otlp")]
            super::otlp::continue_trace(&span, headers);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = headers;
        Self(span)
    }

    /// For whatever belongs to the request.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// The request was answered.
    pub fn answered(self, status: u16) {
        if self.0.is_disabled() {
            return;
        }
        self.0.record("http.response.status_code", status);
        if status >= 500 {
            self.0.record("otel.status_code", "ERROR");
        }
    }
}

/// For a task of its own that belongs to the same request, in the log and in the trace.
pub(crate) fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let future = future.in_current_span();
    #[cfg(feature = "otlp")]
    let future = super::otlp::in_current_trace(future);
    future
}

/// What a client invents is not passed on.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}
