//! A collector of traces: takes OTLP over HTTP as a real one does, and keeps what it got.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

/// What was sent, as it came.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<Bytes>>>);

pub struct Collector {
    pub url: String,
    received: Received,
}

impl Collector {
    pub async fn start() -> Self {
        let received = Received::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(received.clone());
        tokio::spawn(async move { serve(listener, router).await });
        Self { url, received }
    }

    pub fn spans(&self) -> Vec<Span> {
        let requests = self.requests().into_iter();
        requests
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// What the service says of itself.
    pub fn resource(&self, key: &str) -> Option<String> {
        let requests = self.requests();
        let resource = requests.first()?.resource_spans.first()?.resource.clone()?;
        text(&resource.attributes, key)
    }

    /// Every byte, for searches.
    pub fn bytes(&self) -> String {
        let received = self.received.0.lock();
        let received = received.unwrap_or_else(PoisonError::into_inner);
        let texts = received.iter().map(|body| String::from_utf8_lossy(body));
        texts.collect::<Vec<_>>().join("\n")
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let received = self.received.0.lock();
        let received = received.unwrap_or_else(PoisonError::into_inner);
        let decode = |body: &Bytes| ExportTraceServiceRequest::decode(&**body).expect("OTLP");
        received.iter().map(decode).collect()
    }
}

async fn take(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let kept = received.0.lock();
    kept.unwrap_or_else(PoisonError::into_inner).push(body);
    StatusCode::OK
}

async fn serve(listener: TcpListener, router: Router) {
    let limits = doorward::http::server::Limits {
        header_read_timeout: std::time::Duration::from_mins(1),
        write_timeout: std::time::Duration::from_mins(1),
        max_connections: 10,
        drain_timeout: std::time::Duration::ZERO,
    };
    let connections = doorward::metrics::Metrics::new().connections.operators;
    let never = tokio_util::sync::CancellationToken::new();
    doorward::http::server::serve(listener, router, limits, connections, never).await;
}

/// An attribute as a text.
pub fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}
