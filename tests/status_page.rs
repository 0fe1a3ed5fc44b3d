//! `/status`, for people who run the service.

use std::time::Duration;

use doorward::http::Stage;
use rstest::rstest;
use serde_json::Value;

use crate::support::bare::header;
use crate::support::*;

#[rstest]
#[tokio::test]
async fn the_page_draws_the_last_hour(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let figures = app.figures().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.operators.figures.remember().await;
    for _ in 0..6 {
        for _ in 0..20 {
            ann.me().await.expect(200);
        }
        app.clock.advance(Duration::from_secs(10));
        app.operators.figures.remember().await;
    }
    let status: Value = figures
        .get("/status.json")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(status["state"], "ready");
    assert_eq!(status["uptime_seconds"], 60);
    assert_eq!(status["times"].as_array().expect("times").len(), 6);
    let values = |title: &str, series: usize| {
        let charts = status["charts"].as_array().expect("charts");
        let chart = charts.iter().find(|chart| chart["title"] == title);
        chart.expect("a chart")["series"][series]["values"].clone()
    };
    let two = Value::from(vec![2.0; 6]);
    assert_eq!(values("Answers a second", 0), two);
    assert_eq!(values("Token checks a second", 0), two);
    assert_eq!(values("Logins a second", 0), Value::from(vec![0.0; 6]));
    for quantile in values("Time of GET /user", 1).as_array().expect("values") {
        assert!(quantile.as_f64().expect("a time") > 0.0);
    }
    // Nothing was hashed meanwhile, so there is no time that it took.
    assert_eq!(values("Wait for a password hash", 0)[5], Value::Null);

    let page = figures.get("/status").await;
    assert_eq!(header(&page, "refresh"), "10");
    let html = page.text().await.expect("text");
    assert_eq!(html.matches("<section>").count(), 12);
    // Six points 10 seconds apart, all at the top of their chart.
    let line = "d=\"M295.8 0.0h0L296.7 0.0L297.5 0.0L298.3 0.0L299.2 0.0L300.0 0.0\"";
    assert!(html.contains(line), "{html}");
    assert!(html.contains(if engine == Sqlite {
        "SQLite"
    } else {
        "PostgreSQL"
    }));
    assert!(!html.contains("ann@"));
}

/// For those who read slowly, or have it read to them.
#[tokio::test]
async fn the_page_can_be_made_to_stand_still() {
    let app = TestApp::start(Sqlite).await;
    let figures = app.figures().await;
    for (path, is_still, other) in [
        ("/status", false, "<a href=\"status?still\">"),
        ("/status?still", true, "<a href=\"status\">"),
    ] {
        let page = figures.get(path).await;
        assert_eq!(page.headers().contains_key("refresh"), !is_still, "{path}");
        let html = page.text().await.expect("text");
        assert!(html.contains(other), "{path}: {html}");
        assert!(!html.contains("http-equiv"), "{path}: {html}");
    }
}

/// Nothing that could be run or loaded from elsewhere, also if a value were somebody's text.
#[tokio::test]
async fn the_page_has_no_script_and_nothing_of_others() {
    let app = TestApp::start(Sqlite).await;
    let figures = app.figures().await;
    for path in [
        "/status",
        "/metrics",
        "/status.json",
        "/status.css",
        "/nothing",
    ] {
        let answer = figures.get(path).await;
        let policy = header(&answer, "content-security-policy").to_owned();
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
    let html = figures.get("/status").await.text().await.expect("text");
    for part in [
        "<script",
        "style=",
        "<style",
        "http:",
        "https:",
        "javascript:",
        "src=",
    ] {
        assert!(!html.contains(part), "{part}: {html}");
    }
    // No onclick or the like; words of a sentence begin so too.
    let is_handler = |rest: &str| {
        let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        rest.starts_with('=')
    };
    assert!(!html.split(" on").skip(1).any(is_handler), "{html}");
    assert!(html.contains("<link rel=\"stylesheet\" href=\"status.css\">"));
}

#[rstest]
#[tokio::test]
async fn the_page_says_when_something_is_wrong(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let figures = app.figures().await;
    let state = async || {
        let status: Value = figures
            .get("/status.json")
            .await
            .json()
            .await
            .expect("JSON");
        (status["state"].clone(), status["database_answers"].clone())
    };
    assert_eq!(state().await, ("ready".into(), true.into()));
    for (stage, word) in [(Stage::Starting, "starting"), (Stage::Draining, "draining")] {
        app.stage.send_replace(stage);
        assert_eq!(state().await.0, word);
    }
    app.stage.send_replace(Stage::Serving);
    let _held = app.store.hold_all_connections().await.expect("held");
    assert_eq!(state().await, ("not ready".into(), false.into()));
    let html = figures.get("/status").await.text().await.expect("text");
    assert!(html.contains("does not answer"), "{html}");
}
