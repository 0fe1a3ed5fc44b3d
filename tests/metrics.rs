//! `/metrics`: what is counted, that it is counted right, and that nobody else sees it.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rstest::rstest;

use crate::support::bare::request;
use crate::support::*;

const REQUESTS: &str = "doorward_http_requests_total";
const ANSWERED: &str = "doorward_http_request_duration_seconds_count";

#[rstest]
#[tokio::test]
async fn requests_are_counted_by_method_route_and_status(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let figures = app.figures().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for _ in 0..3 {
        ann.me().await.expect(200);
    }
    app.me("nonsense").await.expect(400);
    ann.login().await.expect(200);
    // A path holds what somebody pasted; a method can be invented.
    for (method, path) in [
        ("GET", "/canary@example.com"),
        ("GET", "/user/canary?a=canary"),
        ("CANARY", "/user/login"),
    ] {
        request(&app, method, path, &[]).await;
    }
    let scrape = figures.scrape().await;
    let user = "method=GET route=/user";
    assert_eq!(scrape.of(REQUESTS, &format!("{user} status=200")), 3);
    assert_eq!(scrape.of(REQUESTS, &format!("{user} status=400")), 1);
    assert_eq!(scrape.of(ANSWERED, user), 4);
    let login = "method=POST route=/user/login";
    assert_eq!(scrape.of(REQUESTS, &format!("{login} status=200")), 1);
    assert_eq!(scrape.of(REQUESTS, "method=GET route=(none) status=404"), 2);
    let invented = "method=_OTHER route=/user/login status=405";
    assert_eq!(scrape.of(REQUESTS, invented), 1);
    assert!(!scrape.text.to_lowercase().contains("canary"));
}

#[rstest]
#[tokio::test]
async fn what_an_instance_counts_is_its_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    app.get("/health/live").await.expect(200);
    let live = "method=GET route=/health/live status=200";
    assert_eq!(app.figures().await.scrape().await.of(REQUESTS, live), 1);
    assert_eq!(
        other.figures().await.scrape().await.find(REQUESTS, live),
        None
    );
}

#[rstest]
#[tokio::test]
async fn token_checks_are_counted_by_result(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let figures = app.figures().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    app.me("nonsense").await.expect(400);
    ann.change_password(PASSWORD, "xyz789").await.expect(200);
    ann.me().await.expect(400);
    let name = "doorward_token_checks_total";
    let scrape = figures.scrape().await;
    // The change of the password had to show a token, too.
    for (result, times) in [("valid", 2), ("invalid", 1), ("dead", 1), ("failed", 0)] {
        assert_eq!(
            scrape.of(name, &format!("result={result}")),
            times,
            "{result}"
        );
    }
    assert_eq!(scrape.of("doorward_account_batch_size_count", ""), 3);
    assert_eq!(scrape.of("doorward_account_batch_size_sum", ""), 3);

    let _held = app.store.hold_all_connections().await.expect("held");
    ann.me().await.expect(503);
    let scrape = figures.scrape().await;
    assert_eq!(scrape.of(name, "result=failed"), 1);
    let idle = scrape.of("doorward_database_connections", "state=idle");
    let used = scrape.of("doorward_database_connections", "state=used");
    let most = scrape.of("doorward_database_connections_max", "");
    assert_eq!((idle, used), (0, most));
}

#[rstest]
#[tokio::test]
async fn logins_locks_hashes_and_refusals_are_counted(#[values(Sqlite, Postgres)] engine: Engine) {
    let limit = ("limits.login_per_account", "7/1m");
    let app = TestApp::with(engine, &[limit]).await;
    let figures = app.figures().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.login().await.expect(200);
    for _ in 0..5 {
        ann.login_with("wrong1").await.expect(400);
    }
    ann.login().await.expect(403);
    ann.login().await.expect(429);
    let scrape = figures.scrape().await;
    for (result, times) in [("accepted", 1), ("wrong", 5), ("locked", 1)] {
        let result = format!("result={result}");
        assert_eq!(
            scrape.of("doorward_logins_total", &result),
            times,
            "{result}"
        );
    }
    assert_eq!(scrape.of("doorward_lockouts_total", ""), 1);
    for (by, times) in [("account", 1), ("source", 0)] {
        let found = scrape.find(
            "doorward_rate_limited_total",
            &format!("action=login by={by}"),
        );
        assert_eq!(found.unwrap_or_default(), times, "{by}");
    }
    // One for the registration, and none while locked.
    assert_eq!(scrape.of("doorward_hash_duration_seconds_count", ""), 7);
    assert!(scrape.of("doorward_hash_wait_seconds_count", "") >= 7);
    assert_eq!(scrape.of("doorward_hash_queue_depth", ""), 0);
    assert_eq!(scrape.of("doorward_hash_threads", ""), 2);
}

#[rstest]
#[tokio::test]
async fn mails_are_counted_by_state(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let figures = app.figures().await;
    app.register("ann@example.com", PASSWORD).await;
    let states = async |waiting: i64, failed: i64, sent: i64| {
        let scrape = figures.scrape().await;
        assert_eq!(scrape.of("doorward_mails", "state=waiting"), waiting);
        assert_eq!(scrape.of("doorward_mails", "state=failed"), failed);
        assert_eq!(scrape.of("doorward_mails_sent_total", ""), sent);
    };
    states(1, 0, 0).await;
    app.deliver_mail().await;
    // The database is not asked again at once...
    states(1, 0, 1).await;
    app.clock.advance(Duration::from_secs(5));
    states(0, 0, 1).await;
    let failed = "UPDATE outbox SET failed_at = created_at, sent_at = NULL";
    app.database.execute(failed).await;
    app.clock.advance(Duration::from_secs(5));
    states(0, 1, 1).await;

    // ...and what it cannot say is not made up, while all else is there.
    app.clock.advance(Duration::from_secs(5));
    let _held = app.store.hold_all_connections().await.expect("held");
    let scrape = figures.scrape().await;
    assert_eq!(scrape.find("doorward_mails", "state=waiting"), None);
    assert_eq!(scrape.of("doorward_mails_sent_total", ""), 1);
}

#[rstest]
#[tokio::test]
async fn a_mail_that_does_not_leave_is_counted(#[values(Sqlite, Postgres)] engine: Engine) {
    let nobody = [
        ("mail.transport", "smtp"),
        ("mail.smtp_url", "smtp://127.0.0.1:9"),
    ];
    let app = TestApp::with(engine, &nobody).await;
    let figures = app.figures().await;
    app.register("ann@example.com", PASSWORD).await;
    app.outbox
        .deliver_due()
        .await
        .expect("the outbox can be read");
    app.database
        .execute("UPDATE outbox SET attempts = 14")
        .await;
    app.clock.advance(Duration::from_hours(1));
    app.outbox
        .deliver_due()
        .await
        .expect("the outbox can be read");
    let scrape = figures.scrape().await;
    assert_eq!(scrape.of("doorward_mails_put_back_total", ""), 1);
    assert_eq!(scrape.of("doorward_mails_given_up_total", ""), 1);
    assert_eq!(scrape.of("doorward_mails_sent_total", ""), 0);
}

/// Whoever opens a listener of the service finds one thing there.
#[tokio::test]
async fn the_figures_are_not_on_the_public_listener_and_accounts_not_on_theirs() {
    let app = TestApp::start(Sqlite).await;
    let figures = app.figures().await;
    for path in ["/metrics", "/status", "/status.json", "/status.css"] {
        assert_eq!(request(&app, "GET", path, &[]).await.status(), 404);
        assert_eq!(figures.get(path).await.status(), 200, "{path}");
    }
    for path in [
        "/user",
        "/user/login",
        "/health/ready",
        "/openapi.json",
        "/",
        "/metrics/",
    ] {
        assert_eq!(figures.get(path).await.status(), 404, "{path}");
    }
    let answer = app.http.post(format!("{}/status", figures.url)).send();
    assert_eq!(answer.await.expect("an answer").status(), 405);
}

/// `docs/METRICS.md` is what is served: names, types, labels and words.
#[tokio::test]
async fn every_metric_is_documented() {
    let app = TestApp::with(Sqlite, &[("limits.login_per_account", "9/1m")]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    let scrape = app.figures().await.scrape().await;
    let mut rows = BTreeSet::new();
    for help in scrape
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "))
    {
        let (name, help) = help.split_once(' ').expect("words");
        let kind = scrape.text.split_once(&format!("\n# TYPE {name} "));
        let kind = kind.and_then(|(_, rest)| rest.lines().next());
        let kind = kind.unwrap_or_else(|| panic!("{name} has no type"));
        let begin = |series: &&figures::Series| {
            let rest = series.name.strip_prefix(name);
            rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
        };
        let series = scrape.series().iter().filter(begin);
        let labels: BTreeSet<&str> = series
            .flat_map(|series| series.labels.keys())
            .map(String::as_str)
            .filter(|label| *label != "le")
            .collect();
        let labels = labels.into_iter().collect::<Vec<_>>().join("`, `");
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("`{labels}`")
        };
        rows.insert(format!("| `{name}` | {kind} | {labels} | {help} |"));
    }
    assert!(rows.len() > 25, "{rows:?}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METRICS.md");
    let documented = fs::read_to_string(path).expect("docs/METRICS.md");
    let documented: BTreeSet<String> = documented
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(str::to_owned)
        .collect();
    let missing: Vec<&String> = rows.difference(&documented).collect();
    let invented: Vec<&String> = documented.difference(&rows).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "{missing:#?} {invented:#?}"
    );
}

/// Prometheus' conventions: a prefix, base units, `_total` on counters and on nothing else.
#[tokio::test]
async fn names_follow_the_conventions() {
    let app = TestApp::start(Sqlite).await;
    app.get("/health/live").await.expect(200);
    let scrape = app.figures().await.scrape().await;
    let types = scrape
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    for line in types {
        let (name, kind) = line.split_once(' ').expect("a type");
        assert!(
            name.starts_with("doorward_") || name.starts_with("process_"),
            "{name}"
        );
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} {kind}");
        for unit in ["_ms", "_millis", "_kib", "_mb", "_minutes"] {
            assert!(!name.contains(unit), "{name}");
        }
    }
}

/// A scraper that goes away, or that asks while others do, changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn counters_never_go_back() {
    let app = TestApp::start(Sqlite).await;
    let figures = app.figures().await;
    let cpu = "process_cpu_seconds_total";
    let mut last = 0.0;
    for _ in 0..20 {
        let scrapes = futures_util::future::join_all((0..8).map(|_| figures.scrape())).await;
        app.get("/health/live").await.expect(200);
        let now = figures.scrape().await.float(cpu, "");
        assert!(scrapes.iter().all(|scrape| scrape.float(cpu, "") >= last));
        assert!(now >= last, "{now} {last}");
        last = now;
    }
}
