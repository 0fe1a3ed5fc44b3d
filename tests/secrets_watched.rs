//! What watches the service learns no secret: figures and traces.

use doorward::security::one_time_token::OneTimeToken;
use rstest::rstest;

use crate::support::canaries::*;
use crate::support::collector::Collector;
use crate::support::figures::Figures;
use crate::support::*;

/// SECURITY 33.
#[rstest]
#[tokio::test]
async fn no_secret_and_no_address_is_in_the_figures_or_in_a_trace(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let jwt_secret = OneTimeToken::generate()
        .expect("random bytes")
        .reveal()
        .to_string();
    let collector = Collector::start().await;
    let settings = [
        ("DOORWARD__MAIL__TRANSPORT", "file"),
        ("DOORWARD__METRICS__LISTEN", "127.0.0.1:0"),
        ("DOORWARD__TELEMETRY__OTLP_ENDPOINT", &collector.url),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let mut served = serve(&database, &jwt_secret, &settings).await;
    let mut canaries = Canaries {
        jwt_secret,
        tokens: Vec::new(),
        answers: Vec::new(),
    };
    canaries.through_everything(&served).await;
    let log = served.serving.stderr();
    let (_, address) = log.split_once("figures=").expect("in the log");
    let address = address.split_whitespace().next().expect("an address");
    let figures = Figures::at(format!("http://{address}"));
    let metrics = figures.scrape().await;
    let logins = "method=POST route=/user/login status=200";
    assert!(metrics.of("doorward_http_requests_total", logins) >= 1);
    for path in ["/metrics", "/status", "/status.json"] {
        let text = figures.get(path).await.text().await.expect("text");
        canaries.assert_absent(path, &text);
        assert_no_address(path, &text);
    }
    assert_eq!(served.serving.terminate().await, 0);

    let spans = collector.spans();
    for name in [
        "POST /user/login",
        "GET /user",
        "GET (none)",
        "database",
        "hash",
    ] {
        assert!(spans.iter().any(|span| span.name == name), "{name}");
    }
    let bytes = collector.bytes();
    canaries.assert_absent("the traces", &bytes);
    assert_no_address("the traces", &bytes);
    for part in ["canary", "127.0.0.1", "SELECT", "INSERT"] {
        assert!(
            !bytes.to_lowercase().contains(&part.to_lowercase()),
            "{part}"
        );
    }
}
