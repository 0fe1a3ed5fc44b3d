//! Traces to a collector, by OTLP over HTTP. Spans wait in a queue of fixed size for a thread that
//! sends them in batches: a collector that is slow or away costs the spans, never a request.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::collector::Collector;
use super::{TRACES, Telemetry, logs, report, start_logs};
use crate::config::TelemetryConfig;

/// How long the last spans may take when the process ends.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// The way to the collector.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

pub(super) fn start(config: &TelemetryConfig, endpoint: &str, filter: EnvFilter) -> Telemetry {
    let provider = match provider(endpoint, config.otlp_sample_ratio) {
        Ok(provider) => provider,
        Err(error) => {
            start_logs(config, filter);
            tracing::error!(error, "no traces: telemetry.otlp_endpoint cannot be used");
            return Telemetry::default();
        }
    };
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("doorward"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target(TRACES, LevelFilter::INFO));
    let started = Registry::default()
        .with(logs(config).with_filter(filter))
        .with(traces)
        .try_init();
    report(started.is_ok());
    Telemetry {
        traces: Some(Traces(provider)),
    }
}

fn provider(endpoint: &str, sample_ratio: f64) -> Result<SdkTracerProvider, String> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new(endpoint).map_err(|error| error.to_string())?)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|error| error.to_string())?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            sample_ratio,
        ))))
        .with_resource(resource())
        .build())
}

/// What the service says of itself; what the environment says of it comes first.
fn resource() -> Resource {
    let resource = Resource::builder_empty()
        .with_service_name("doorward")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detector(Box::new(TelemetryResourceDetector))
        // OTEL_RESOURCE_ATTRIBUTES
        .with_detector(Box::new(EnvResourceDetector::new()));
    match std::env::var("OTEL_SERVICE_NAME") {
        Ok(name) if !name.is_empty() => resource.with_service_name(name).build(),
        _ => resource.build(),
    }
}

impl Traces {
    pub(super) async fn stop(self) {
        let stopped =
            tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_SPANS)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

pub(super) fn in_current_trace<F: Future>(future: F) -> impl Future<Output = F::Output> {
    opentelemetry::trace::FutureExt::with_context(future, opentelemetry::Context::current())
}

/// Makes the span a part of the trace that the request belongs to, if it says so.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let parent = TraceParent(headers);
    if parent.get(TRACEPARENT).is_some() {
        let context = TraceContextPropagator::new().extract(&parent);
        // It fails where there is no collector, or where the span has begun already: never here.
        let _ = span.set_parent(context);
    }
}

const TRACEPARENT: &str = "traceparent";

/// The ids of a trace alone. `tracestate` is any text of the client's.
struct TraceParent<'h>(&'h HeaderMap);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key).filter(|_| key == TRACEPARENT);
        value.and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
