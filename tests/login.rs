//! Login: what it answers, to whom, and what it costs.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use rstest::rstest;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::*;

const WRONG: &str = "wrong1";

/// The headers without those that differ between any two answers.
fn comparable(answer: &Answer) -> HeaderMap {
    let mut headers = answer.headers.clone();
    assert!(headers.remove("x-request-id").is_some());
    headers.remove("date");
    headers
}

/// SECURITY 7.
#[rstest]
#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_bytes(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for attempt in 1..=8 {
        let known = ann.login_with(WRONG).await;
        let unknown = app.login("eve@example.com", WRONG).await;
        assert_eq!(known.text, unknown.text, "attempt {attempt}");
        assert_eq!(known.status, unknown.status, "attempt {attempt}");
        assert_eq!(
            comparable(&known),
            comparable(&unknown),
            "attempt {attempt}"
        );
        let expected = if attempt <= 5 {
            "wrong_credentials"
        } else {
            "account_locked"
        };
        assert_eq!(known.code(), expected, "attempt {attempt}");
    }
    app.clock.advance(app.config.lockout.freeze);
    let known = ann.login_with(WRONG).await.expect(400);
    let unknown = app.login("eve@example.com", WRONG).await.expect(400);
    assert_eq!(known.text, unknown.text);
    assert_eq!(comparable(&known), comparable(&unknown));
}

/// SECURITY 8: the same work. That the times are the same too, a statistical script measures.
#[rstest]
#[tokio::test]
async fn a_known_and_an_unknown_address_cost_one_hash_each(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let before = app.hashes.computed();
    ann.login().await.expect(200);
    assert_eq!(app.hashes.computed(), before + 1);
    ann.login_with(WRONG)
        .await
        .expect_problem(400, "wrong_credentials");
    assert_eq!(app.hashes.computed(), before + 2);
    app.login("eve@example.com", WRONG)
        .await
        .expect_problem(400, "wrong_credentials");
    assert_eq!(app.hashes.computed(), before + 3);
}

/// SECURITY 8 and 15: no address can be told from another by a password that is not hashed.
#[rstest]
#[case("a1".repeat(513))]
#[case("\u{1f511}".repeat(1_025))]
#[case(String::new())]
#[tokio::test]
async fn what_cannot_be_a_password_costs_no_hash_whoever_is_asked_for(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] password: String,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let before = app.hashes.computed();
    for _ in 0..6 {
        let known = ann
            .login_with(&password)
            .await
            .expect_problem(400, "wrong_credentials");
        let unknown = app.login("eve@example.com", &password).await;
        assert_eq!(known.text, unknown.text);
        assert_eq!(comparable(&known), comparable(&unknown));
    }
    assert_eq!(app.hashes.computed(), before);
    ann.login().await.expect(200);
}

/// SECURITY 10: the lockout never hits people who know their password, not even those who
/// come while somebody's failures are being forgotten.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_right_logins_all_succeed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for round in 0..6 {
        // Every other round starts one failure away from the lock.
        for _ in 0..(round % 2) * 4 {
            ann.login_with(WRONG)
                .await
                .expect_problem(400, "wrong_credentials");
        }
        let barrier = Arc::new(Barrier::new(50));
        let mut logins = JoinSet::new();
        for _ in 0..50 {
            let (ann, barrier) = (ann.clone(), Arc::clone(&barrier));
            logins.spawn(async move {
                barrier.wait().await;
                ann.login().await
            });
        }
        for login in logins.join_all().await {
            let token = login.expect(200).token();
            app.me(&token).await.expect(200);
        }
    }
}

#[rstest]
#[tokio::test]
async fn only_the_right_password_learns_that_an_account_is_disabled(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.database
        .execute("UPDATE users SET disabled_at = '2026-01-02T03:04:05+00:00'")
        .await;
    ann.login().await.expect_problem(403, "account_disabled");
    let wrong = ann
        .login_with(WRONG)
        .await
        .expect_problem(400, "wrong_credentials");
    let unknown = app.login("eve@example.com", WRONG).await;
    assert_eq!(wrong.text, unknown.text);
    ann.me().await.expect_problem(400, "invalid_token");

    // Its failures lock it like any other, so it cannot be told apart that way either.
    for _ in 0..4 {
        ann.login_with(WRONG)
            .await
            .expect_problem(400, "wrong_credentials");
    }
    ann.login().await.expect_problem(403, "account_locked");

    app.clock.advance(app.config.lockout.freeze);
    app.database
        .execute("UPDATE users SET disabled_at = NULL")
        .await;
    ann.login().await.expect(200);
}

/// SECURITY 16.
#[rstest]
#[case("p\u{e4}ss\u{e9}123", "pa\u{308}sse\u{301}123")]
#[case("pa\u{308}sse\u{301}123", "p\u{e4}ss\u{e9}123")]
#[case("\u{1112}\u{1161}\u{11ab}gul12", "\u{d55c}gul12")]
#[case("\u{212b}ngstr1", "A\u{30a}ngstr1")]
#[tokio::test]
async fn every_spelling_of_a_password_logs_in(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] registered: &str,
    #[case] typed: &str,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", registered).await;
    ann.login().await.expect(200);
    ann.login_with(typed).await.expect(200);
    ann.login_with("passe123")
        .await
        .expect_problem(400, "wrong_credentials");
    ann.change_password(typed, "xyz789").await.expect(200);
    ann.login_with("xyz789").await.expect(200);
}
