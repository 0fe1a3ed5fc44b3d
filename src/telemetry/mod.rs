//! Logs, to standard error, for people or for machines; and traces, where a collector is
//! configured.

#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
mod otlp;
mod traces;

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

pub use traces::{ServerSpan, TRACES};
pub(crate) use traces::{carried, traced};

use crate::config::TelemetryConfig;

/// What has to be ended when the process ends.
#[derive(Debug, Default)]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<otlp::Traces>,
}

/// Starts logging and tracing; later calls change nothing.
#[must_use]
pub fn start(config: &TelemetryConfig) -> Telemetry {
    // What is for a collector is not for the log.
    let no_traces: Option<Directive> = format!("{TRACES}=off").parse().ok();
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = match no_traces {
        Some(directive) => filter.add_directive(directive),
        None => filter,
    };
    #[cfg(feature = "otlp")]
    if let Some(endpoint) = &config.otlp_endpoint {
        return otlp::start(config, endpoint, filter);
    }
    #[cfg(not(feature = "otlp"))]
    if config.otlp_endpoint.is_some() {
        eprintln!(
            "doorward: built without the feature otlp; telemetry.otlp_endpoint has no effect"
        );
    }
    start_logs(config, filter);
    Telemetry::default()
}

impl Telemetry {
    /// Sends what was not sent yet, for a moment at most.
    pub async fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
    }
}

fn start_logs(config: &TelemetryConfig, filter: EnvFilter) {
    let started = Registry::default()
        .with(filter)
        .with(logs(config))
        .try_init();
    report(started.is_ok());
}

/// How the lines look, with traces and without.
fn logs<S>(config: &TelemetryConfig) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        // It would tell standard error of a line that could not be written there, and panic.
        .log_internal_errors(false)
        .with_target(false);
    if config.json {
        logs.json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).boxed()
    }
}

fn report(started: bool) {
    if !started {
        tracing::debug!("logging was started before");
    }
}
