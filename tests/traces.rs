//! Traces by OTLP, to a collector that decodes what it gets.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use rstest::rstest;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::binary::Program;
use crate::support::collector::{Collector, text};
use crate::support::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Sends what it has every 50 ms, so that no test has to wait for 5 seconds.
fn traced(endpoint: &str) -> Program {
    Program::new()
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .set("OTEL_BSP_SCHEDULE_DELAY", "50")
        .set("DOORWARD__METRICS__LISTEN", "")
        .set("DOORWARD__MAIL__TRANSPORT", "off")
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

fn attribute(span: &Span, key: &str) -> String {
    text(&span.attributes, key).unwrap_or_default()
}

#[rstest]
#[tokio::test]
async fn a_request_continues_the_trace_of_its_client(#[values(Sqlite, Postgres)] engine: Engine) {
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let program = traced(&collector.url).set("DATABASE_URL", &database.url);
    let mut serving = program.serve().await;
    let ann = serving.client.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [
        ("content-type", "application/json"),
        ("traceparent", &traceparent),
        ("tracestate", "canary=state"),
    ];
    let body = json!({ "email": "ann@example.com", "password": PASSWORD }).to_string();
    let answer = serving.client.raw("/user/login", &headers, body).await;
    answer.expect(200);
    let of_trace = || -> Vec<Span> {
        let spans = collector.spans().into_iter();
        spans.filter(|span| hex(&span.trace_id) == TRACE).collect()
    };
    eventually("the trace arrives", async || {
        of_trace()
            .iter()
            .any(|span| hex(&span.parent_span_id) == PARENT)
    })
    .await;
    // With the process's end the last spans leave.
    assert_eq!(serving.terminate().await, 0);

    let spans = of_trace();
    let server = spans
        .iter()
        .find(|span| hex(&span.parent_span_id) == PARENT);
    let server = server.expect("the request's span");
    assert_eq!(server.name, "POST /user/login");
    assert_eq!(server.kind(), SpanKind::Server);
    assert_eq!(attribute(server, "http.request.method"), "POST");
    assert_eq!(attribute(server, "http.route"), "/user/login");
    assert_eq!(attribute(server, "http.response.status_code"), "200");
    let took = server.end_time_unix_nano - server.start_time_unix_nano;
    assert!((1..30_000_000_000).contains(&took), "{took}");
    // What it waited for, also in the task of its own in which a password is proven.
    for name in ["hash.wait", "hash", "database"] {
        let span = spans.iter().find(|span| span.name == name);
        let span = span.unwrap_or_else(|| panic!("no {name} in {spans:#?}"));
        assert_eq!(span.parent_span_id, server.span_id, "{name}");
    }
    let system = spans.iter().find(|span| span.name == "database");
    let system = attribute(system.expect("a span"), "db.system.name");
    assert_eq!(
        system,
        if engine == Sqlite {
            "sqlite"
        } else {
            "postgresql"
        }
    );

    let others = collector.spans();
    let me = others.iter().find(|span| span.name == "GET /user");
    assert_ne!(hex(&me.expect("the token check").trace_id), TRACE);
    assert_eq!(
        collector.resource("service.name").as_deref(),
        Some("doorward")
    );
    assert!(
        others.iter().all(|span| span.events.is_empty()),
        "{others:#?}"
    );
    assert!(!collector.bytes().contains("canary"));
    // The log has its request id on every line all the same.
    let log = serving.stderr();
    let lines = log.lines().filter(|line| line.contains("logged in"));
    for line in lines {
        assert!(line.contains("request{id="), "{line}");
        assert!(!line.contains("http.route"), "{line}");
    }
    assert!(log.contains("logged in"));
}

/// OpenTelemetry's own variables, as they work everywhere.
#[rstest]
#[case(&[("OTEL_SERVICE_NAME", "accounts")], "accounts", "")]
#[case(&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,zone=a")], "shop", "a")]
#[case(&[("OTEL_SERVICE_NAME", "accounts"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop")], "accounts", "")]
#[case(&[("OTEL_SERVICE_NAME", ""), ("OTEL_RESOURCE_ATTRIBUTES", "zone=a")], "doorward", "a")]
#[tokio::test]
async fn the_environment_names_the_service(
    #[case] variables: &[(&str, &str)],
    #[case] name: &str,
    #[case] zone: &str,
) {
    let collector = Collector::start().await;
    let set = |program: Program, (key, value): &(&str, &str)| program.set(key, value);
    let program = variables.iter().fold(traced(&collector.url), set);
    let mut serving = program.serve().await;
    serving.client.get("/health/live").await.expect(200);
    assert_eq!(serving.terminate().await, 0);
    let resource = |key: &str| collector.resource(key).unwrap_or_default();
    assert_eq!(resource("service.name"), name);
    assert_eq!(resource("zone"), zone);
    assert_eq!(resource("service.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(resource("telemetry.sdk.language"), "rust");
}

/// A small image has none, and a collector beside it speaks no TLS.
#[tokio::test]
async fn only_tls_needs_certificate_authorities() {
    let collector = Collector::start().await;
    let program = traced(&collector.url).set("SSL_CERT_FILE", "/nonexistent/authorities.pem");
    let mut serving = program.serve().await;
    serving.client.get("/health/live").await.expect(200);
    assert_eq!(serving.terminate().await, 0);
    let spans = collector.spans();
    let is_there = spans.iter().any(|span| span.name == "GET /health/live");
    assert!(is_there, "{}", serving.stderr());

    let program = program.set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:9");
    let mut serving = program.serve().await;
    assert_eq!(serving.terminate().await, 0);
    assert!(
        serving.stderr().contains("no traces"),
        "{}",
        serving.stderr()
    );
}

#[tokio::test]
async fn a_fault_of_ours_is_an_error_in_the_trace_and_a_refusal_is_none() {
    let collector = Collector::start().await;
    let program = traced(&collector.url);
    let mut serving = program.serve().await;
    serving.client.me("nonsense").await.expect(400);
    let path = program.folder.path().join("data/doorward.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await;
    let pool = pool.expect("the database");
    let break_it = sqlx::raw_sql("ALTER TABLE outbox RENAME TO outbox_away");
    break_it.execute(&pool).await.expect("broken");
    serving.client.forgot("ann@example.com").await.expect(500);
    assert_eq!(serving.terminate().await, 0);
    let spans = collector.spans();
    for (name, error, status) in [
        ("GET /user", false, "400"),
        ("POST /user/forgot", true, "500"),
    ] {
        let span = spans.iter().find(|span| span.name == name).expect(name);
        let code = span.status.clone().unwrap_or_default().code();
        assert_eq!(code == StatusCode::Error, error, "{name}");
        assert_eq!(attribute(span, "http.response.status_code"), status);
    }
}

/// What a share of 0 leaves is what a client asks for.
#[tokio::test]
async fn a_share_of_traces_can_be_chosen() {
    let collector = Collector::start().await;
    let program = traced(&collector.url).set("DOORWARD__TELEMETRY__OTLP_SAMPLE_RATIO", "0");
    let mut serving = program.serve().await;
    for _ in 0..20 {
        serving.client.get("/health/live").await.expect(200);
    }
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("traceparent", traceparent.as_str())];
    bare::request(&serving.client, "GET", "/health/live", &headers).await;
    assert_eq!(serving.terminate().await, 0);
    let spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    assert_eq!(hex(&spans[0].trace_id), TRACE);
}

/// Nothing waits for it, and the end does not either.
#[rstest]
#[case::away(false)]
#[case::silent(true)]
#[tokio::test]
async fn a_collector_that_does_not_answer_stops_nothing(#[case] is_silent: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let held = if is_silent { Some(listener) } else { None };
    let program = traced(&url)
        .set("OTEL_BSP_MAX_QUEUE_SIZE", "20")
        .set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10");
    let mut serving = program.serve().await;
    // More than the queue has places.
    let all = async {
        for _ in 0..200 {
            serving.client.get("/health/live").await.expect(200);
        }
    };
    let all = tokio::time::timeout(Duration::from_mins(2), all).await;
    assert!(all.is_ok(), "requests wait for the collector");
    if !is_silent {
        let lost = || std::future::ready(serving.stderr().contains("traces are lost"));
        eventually("the log says so", lost).await;
        assert_eq!(serving.stderr().matches("traces are lost").count(), 1);
    }
    let begun = Instant::now();
    assert_eq!(serving.terminate().await, 0);
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    drop(held);
}
