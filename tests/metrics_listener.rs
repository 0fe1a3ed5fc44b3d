//! The operators' listener of the real program.

use std::net::TcpListener;

use crate::configuration::GOOD_SECRET;
use crate::support::bare::request;
use crate::support::figures::Figures;
use crate::support::process::Process;
use crate::support::*;

/// Where the program says that it shows its figures.
fn figures_of(process: &Process) -> Option<Figures> {
    let output = process.output();
    let (_, address) = output.split_once("figures=")?;
    let address = address.split_whitespace().next()?;
    Some(Figures::at(format!("http://{address}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_where_the_log_says_until_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("DOORWARD__METRICS__LISTEN", "127.0.0.1:0"),
        ("DOORWARD__HTTP__DRAIN_DELAY", "2s"),
    ];
    let (mut process, client) = Process::start(folder.path(), &settings).await;
    let public = request(&client, "GET", "/metrics", &[]).await;
    assert_eq!(public.status(), 404);
    let figures = figures_of(&process).expect("in the log");
    let scrape = figures.scrape().await;
    let started = scrape.float("process_start_time_seconds", "");
    assert!(started > 1_700_000_000.0, "{started}");
    let labels = concat!("database=SQLite version=", env!("CARGO_PKG_VERSION"));
    assert_eq!(scrape.of("doorward_build_info", labels), 1);
    assert!(scrape.of("doorward_connections", "listener=operators") >= 1);

    process.terminate();
    eventually("operators see that it ends", async || {
        let status = figures.get("/status.json").await.text().await;
        status.expect("text").contains("\"draining\"")
    })
    .await;
    assert_eq!(process.ended().await.code(), Some(0));
}

/// Two instances of a developer have the same default port.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_costs_a_development_machine_the_figures_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let settings = [("DOORWARD__METRICS__LISTEN", address.as_str())];
    let (process, client) = Process::start(folder.path(), &settings).await;
    client.get("/health/ready").await.expect(200);
    assert!(figures_of(&process).is_none());
    let output = process.output();
    assert!(output.contains("no figures"), "{output}");
}

/// In production somebody has named the address, and relies on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_ends_the_start_in_production() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let settings = [
        ("DOORWARD_ENV", "production"),
        ("JWT_SECRET", GOOD_SECRET),
        ("DOORWARD__LINKS__BASE_URL", "https://app.example.com"),
        ("HOST", "127.0.0.1"),
        ("DOORWARD__METRICS__LISTEN", &address),
    ];
    let mut process = Process::spawn(folder.path(), &settings);
    assert_eq!(process.ended().await.code(), Some(1));
    let message = format!("doorward: cannot show the figures on {address}");
    eventually("it says so", async || process.output().contains(&message)).await;
}

#[test]
fn production_shows_nothing_that_nobody_asked_for() {
    let none = ("DOORWARD_CONFIG_DIR".to_owned(), "/nonexistent".to_owned());
    let settings = [
        ("DOORWARD_ENV", "production"),
        ("JWT_SECRET", GOOD_SECRET),
        ("DOORWARD__LINKS__BASE_URL", "https://app.example.com"),
        ("DOORWARD__MAIL__TRANSPORT", "off"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let sources = settings.map(owned).into_iter().chain([none]);
    let sources = doorward::config::Sources::new(sources).expect("sources");
    let config = doorward::config::Config::load(&sources).expect("a configuration");
    assert_eq!(config.metrics.listen, None);
    assert_eq!(config.telemetry.otlp_endpoint, None);
}
