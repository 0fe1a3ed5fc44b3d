//! The limits of requests, as a client meets them; `src/http/limits/tests.rs` has the arithmetic.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::*;

const ADDRESS: &str = "ann@example.com";

/// A request with fields that are all right, from this address of a client behind a proxy.
async fn post_from(app: &TestApp, source: &str, path: &str, email: &str) -> Answer {
    let body = body(path, email);
    app.post_with(path, &[("x-forwarded-for", source)], body)
        .await
}

fn body(path: &str, email: &str) -> Value {
    let token = "A".repeat(43);
    match path {
        "/user/login" => json!({ "email": email, "password": "wrong12" }),
        "/user/create" => {
            json!({ "email": email, "password": PASSWORD, "password_confirm": PASSWORD })
        }
        "/user/reset_password" => json!({
            "email": email, "reset_token": token,
            "new_password": "xyz789", "new_password_confirm": "xyz789",
        }),
        "/user/confirm" => json!({ "email": email, "confirm_token": token }),
        _ => json!({ "email": email }),
    }
}

/// Behind a proxy that is trusted, so that the source can be chosen.
async fn behind_a_proxy(engine: Engine, settings: &[(&str, &str)]) -> TestApp {
    let proxy = [("http.trusted_proxies", "127.0.0.1")];
    TestApp::with(engine, &[&proxy, settings].concat()).await
}

/// SECURITY 14: for every endpoint that takes something from somebody unknown.
#[rstest]
#[case("/user/login", "login")]
#[case("/user/create", "create")]
#[case("/user/forgot", "forgot")]
#[case("/user/confirm/resend", "resend")]
#[case("/user/confirm", "confirm")]
#[case("/user/reset_password", "reset")]
#[tokio::test]
async fn a_source_is_told_when_it_may_come_back(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] path: &str,
    #[case] name: &str,
) {
    let setting = format!("limits.{name}_per_source");
    let app = behind_a_proxy(engine, &[(&setting, "3/30s")]).await;
    let email = |number| format!("user{number}@example.com");
    for number in 0..3 {
        let answer = post_from(&app, "203.0.113.9", path, &email(number)).await;
        assert_ne!(answer.status, 429, "{}", answer.text);
    }
    let refused = post_from(&app, "203.0.113.9", path, &email(4)).await;
    let refused = refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.retry_after(), 10);
    let other = post_from(&app, "203.0.113.10", path, &email(5)).await;
    assert_ne!(other.status, 429, "{}", other.text);
    app.clock
        .advance(Duration::from_secs(refused.retry_after()));
    let again = post_from(&app, "203.0.113.9", path, &email(6)).await;
    assert_ne!(again.status, 429, "{}", again.text);
}

/// Wherever the requests come from, and in whatever spelling of the address.
#[rstest]
#[case("/user/login", "login")]
#[case("/user/create", "create")]
#[case("/user/forgot", "forgot")]
#[case("/user/confirm/resend", "resend")]
#[case("/user/confirm", "confirm")]
#[case("/user/reset_password", "reset")]
#[tokio::test]
async fn an_account_has_a_limit_too(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] path: &str,
    #[case] name: &str,
    #[values(true, false)] exists: bool,
) {
    let setting = format!("limits.{name}_per_account");
    let app = behind_a_proxy(engine, &[(&setting, "3/30s")]).await;
    if exists && path != "/user/create" {
        app.register(ADDRESS, PASSWORD).await;
    }
    for (number, spelling) in ["ann@example.com", "Ann@example.com", "ann@EXAMPLE.COM"]
        .iter()
        .enumerate()
    {
        let answer = post_from(&app, &format!("203.0.113.{number}"), path, spelling).await;
        assert_ne!(answer.status, 429, "{}", answer.text);
    }
    let refused = post_from(&app, "203.0.113.9", path, ADDRESS).await;
    assert_eq!(
        refused.expect_problem(429, "rate_limited").retry_after(),
        10
    );
    let other = post_from(&app, "203.0.113.9", path, "bob@example.com").await;
    assert_ne!(other.status, 429, "{}", other.text);
}

/// SECURITY 14: whatever a client writes to the left of what the proxy saw, however its address is
/// spelled, and wherever in its network it is.
#[rstest]
#[case::invented_hops(&["1.2.3.4, 203.0.113.9", "5.6.7.8,9.9.9.9,203.0.113.9", "no address, 203.0.113.9"])]
#[case::spellings(&["203.0.113.9", "::ffff:203.0.113.9", "203.0.113.9:4711", "::FFFF:cb00:7109"])]
#[case::an_ipv6_network(&["2001:db8::1", "2001:DB8:0:0::2", "[2001:db8::3]:99", "2001:db8:0:0:ffff::4"])]
#[tokio::test]
async fn a_source_behind_a_proxy_has_one_allowance(#[case] sources: &[&str]) {
    let app = behind_a_proxy(Sqlite, &[("limits.login_per_source", "3/1h")]).await;
    let login = async |source: &str, number: usize| {
        let email = format!("user{number}@example.com");
        post_from(&app, source, "/user/login", &email).await.status
    };
    for (number, source) in sources.iter().chain(sources).enumerate() {
        let expected = if number < 3 { 400 } else { 429 };
        assert_eq!(login(source, number).await, expected, "{number}: {source}");
    }
    for (number, other) in ["203.0.113.10", "2001:db8:0:1::1"].iter().enumerate() {
        assert_eq!(login(other, 100 + number).await, 400, "{other}");
    }
}

/// SECURITY 14: one password tried on many accounts. Headers and spellings buy nothing.
#[rstest]
#[tokio::test]
async fn one_password_on_many_accounts_is_throttled(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("limits.wrong_passwords_per_source", "5/50s")]).await;
    let ann = app.register(ADDRESS, PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    let before = app.hashes.computed();
    let mut statuses = Vec::new();
    for number in 0..40_u8 {
        let invented = format!("198.51.100.{number}");
        let headers = [
            ("x-forwarded-for", invented.as_str()),
            ("forwarded", &format!("for={invented}")),
            ("x-real-ip", &invented),
            ("true-client-ip", &invented),
            ("device-token", &home),
        ];
        let email = format!("user{number}@example.com");
        let body = json!({ "email": email, "password": "Summer2026" });
        let answer = app.post_with("/user/login", &headers, body).await;
        statuses.push(answer.status);
    }
    let expected: Vec<u16> = [vec![400; 5], vec![429; 35]].concat();
    assert_eq!(statuses, expected);
    assert_eq!(app.hashes.computed() - before, 5);
    // Right passwords do not pass either; a known device does.
    ann.login().await.expect_problem(429, "rate_limited");
    ann.login_from(&home, PASSWORD).await.expect(200);
    // The change of a password proves one too.
    let change = ann.change_password(PASSWORD, "xyz789").await;
    change.expect_problem(429, "rate_limited");
    app.clock.advance(Duration::from_secs(10));
    ann.login().await.expect(200);
}

/// SECURITY 13: nobody can keep the owner from the reset.
#[rstest]
#[tokio::test]
async fn wrong_tokens_do_not_keep_the_right_one_out(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = behind_a_proxy(engine, &[("limits.reset_per_account", "3/1h")]).await;
    let ann = app.register(ADDRESS, PASSWORD).await;
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    for number in 0..20 {
        let source = format!("203.0.113.{number}");
        let answer = post_from(&app, &source, "/user/reset_password", ADDRESS).await;
        assert_eq!(answer.status, if number < 3 { 400 } else { 429 });
    }
    app.reset(ADDRESS, &token, "xyz789").await.expect(200);
}

/// Who is known has an allowance of its own, whatever happens around it.
#[rstest]
#[tokio::test]
async fn a_known_device_is_not_refused_for_what_others_did(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let settings = [
        ("limits.login_per_source", "3/1h"),
        ("limits.login_per_account", "4/1h"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let ann = app.register(ADDRESS, PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    while ann.login_with("wrong12").await.status != 429 {}
    for _ in 0..4 {
        ann.login_from(&home, PASSWORD).await.expect(200);
    }
    let refused = ann.login_from(&home, PASSWORD).await;
    refused.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn limits_can_be_switched_off_as_a_whole() {
    let settings = [
        ("limits.enabled", "false"),
        ("limits.login_per_source", "1/1h"),
        ("limits.wrong_passwords_per_source", "1/1h"),
    ];
    let app = TestApp::with(Sqlite, &settings).await;
    for number in 0..10 {
        let email = format!("user{number}@example.com");
        app.login(&email, "wrong12").await.expect(400);
    }
}

/// What is no request for anything costs nobody's allowance, and a check of a token has no limit.
#[tokio::test]
async fn malformed_requests_and_token_checks_take_nothing() {
    let app = TestApp::with(Sqlite, &[("limits.login_per_source", "2/1h")]).await;
    let ann = app.register(ADDRESS, PASSWORD).await;
    for _ in 0..20 {
        let body = json!({ "email": "x", "password": "abc123" });
        app.post("/user/login", body).await.expect(400);
        ann.me().await.expect(200);
    }
    ann.login().await.expect(200);
}

/// SECURITY 14: to find out how easy a password is to guess takes a while.
#[rstest]
#[case("/user/create", "create")]
#[case("/user/reset_password", "reset")]
#[tokio::test]
async fn how_easy_a_password_is_to_guess_is_asked_after_the_limits(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] path: &str,
    #[case] name: &str,
) {
    let limit = (&*format!("limits.{name}_per_source"), "2/1h");
    let app = TestApp::with(engine, &[("password.policy", "nist"), limit]).await;
    let with = |password: &str| {
        let mut body = body(path, ADDRESS);
        for field in ["password", "new_password"] {
            body[field] = password.into();
            body[format!("{field}_confirm")] = password.into();
        }
        app.post(path, body)
    };
    // What is refused at once takes nothing from anybody.
    for _ in 0..3 {
        with("short").await.expect_problem(400, "password_policy");
    }
    for _ in 0..2 {
        let answer = with("passwordpassword").await;
        answer.expect_problem(400, "password_guessable");
    }
    let answer = with("passwordpassword").await;
    answer.expect_problem(429, "rate_limited");
}
