//! Logs, to standard error, for people or for machines; and traces, where a collector is
//! configured.

#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
mod otlp;
mod traces;

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

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
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = if config.json {
        logs.json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    report(started.is_ok());
}

fn report(started: bool) {
    if !started {
        tracing::debug!("logging was started before");
    }
}
