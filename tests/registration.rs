//! Registration and the proof of the mailbox.

use std::sync::Arc;

use rstest::rstest;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::*;

const REQUIRED: (&str, &str) = ("registration.confirmation", "required");

#[rstest]
#[tokio::test]
async fn a_registration_gives_a_token_that_says_who_one_is(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("Ann@Example.com", PASSWORD).await;
    let me = ann.me().await.expect(200);
    assert_eq!(me.text, r#"{"id":1,"email":"Ann@Example.com"}"#);
    ann.login().await.expect(200);
    assert!(
        app.only_mail()
            .await
            .subject
            .starts_with("Confirm your address")
    );
}

/// SECURITY 4.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_registrations_of_one_address_at_once_make_one_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for round in 0..4 {
        let barrier = Arc::new(Barrier::new(50));
        let mut racers = JoinSet::new();
        for number in 0..50 {
            let (client, barrier) = (Client::clone(&app), Arc::clone(&barrier));
            racers.spawn(async move {
                // Two spellings of one address, and a password for each racer.
                let name = if number % 2 == 0 { "ann" } else { "ANN" };
                let (email, password) = (
                    format!("{name}{round}@example.com"),
                    format!("racer{number}"),
                );
                barrier.wait().await;
                let answer = client.try_register(&email, &password).await;
                (password, answer)
            });
        }
        let mut winners = Vec::new();
        for (password, answer) in racers.join_all().await {
            if answer.status == 201 {
                winners.push((password, answer.token()));
            } else {
                answer.expect_problem(400, "email_taken");
            }
        }
        let [(password, token)] = winners.as_slice() else {
            panic!("{} winners", winners.len());
        };
        let email = format!("ann{round}@example.com");
        let accounts = format!("SELECT COUNT(*) FROM users WHERE lower(email) = '{email}'");
        assert_eq!(app.database.number(&accounts).await, 1);
        app.me(token).await.expect(200);
        app.login(&email, password).await.expect(200);
        assert_eq!(app.deliver_mail().await.len(), 1);
    }
}

#[rstest]
#[tokio::test]
async fn with_confirmation_off_an_account_is_ready_and_the_welcome_has_no_token(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "off")]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.login().await.expect(200);
    let mail = app.only_mail().await;
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ann@example.com", "Welcome to doorward")
    );
    assert!(!mail.text.contains("Token:"), "{}", mail.text);
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect_problem(400, "email_taken");
}

#[rstest]
#[tokio::test]
async fn with_confirmation_optional_the_token_works_before_and_after_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    ann.login().await.expect(200);
    let confirmed = "SELECT COUNT(*) FROM users WHERE confirmed_at IS NOT NULL";
    assert_eq!(app.database.number(confirmed).await, 0);
    let mail = app.only_mail().await;
    app.confirm("ANN@example.com", &mail.token())
        .await
        .expect(200);
    assert_eq!(app.database.number(confirmed).await, 1);
    ann.me().await.expect(200);
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect_problem(400, "email_taken");
}

#[rstest]
#[tokio::test]
async fn with_confirmation_required_nobody_gets_in_before_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[REQUIRED]).await;
    let answer = app
        .try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    assert_eq!(answer.text, r#"{"message":"Check your email"}"#);
    let mail = app.only_mail().await;
    // Only the right password hears that the account is there.
    app.login("ann@example.com", PASSWORD)
        .await
        .expect_problem(403, "email_not_confirmed");
    let wrong = app.login("ann@example.com", "wrong1").await.expect(400);
    let unknown = app.login("nobody@example.com", "wrong1").await.expect(400);
    assert_eq!(wrong.text, unknown.text);
    app.confirm("ann@example.com", &mail.token())
        .await
        .expect(200);
    let token = app
        .login("ann@example.com", PASSWORD)
        .await
        .expect(200)
        .token();
    app.me(&token).await.expect(200);
    let again = app.confirm("ann@example.com", &mail.token()).await;
    again.expect_problem(400, "invalid_one_time_token");
}

#[rstest]
#[tokio::test]
async fn a_confirmation_is_mailed_again_only_to_who_still_needs_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[REQUIRED]).await;
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    app.only_mail().await;
    let resend = async |email: &str| {
        let body = serde_json::json!({ "email": email });
        let answer = app.post("/user/confirm/resend", body).await.expect(200);
        assert_eq!(answer.text, r#"{"message":"Check your email"}"#);
    };
    resend("nobody@example.com").await;
    assert!(app.deliver_mail().await.is_empty());
    resend("Ann@example.com").await;
    let mail = app.only_mail().await;
    assert_eq!(mail.to, "ann@example.com");
    app.confirm("ann@example.com", &mail.token())
        .await
        .expect(200);
    resend("ann@example.com").await;
    assert!(app.deliver_mail().await.is_empty());
    app.login("ann@example.com", PASSWORD).await.expect(200);
}

/// A mailed reset proves the mailbox as well.
#[rstest]
#[tokio::test]
async fn a_reset_confirms_the_address(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[REQUIRED]).await;
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    app.deliver_mail().await;
    app.forgot("ann@example.com").await.expect(200);
    let mail = app.only_mail().await;
    app.reset("ann@example.com", &mail.token(), "xyz789")
        .await
        .expect(200);
    app.login("ann@example.com", "xyz789").await.expect(200);
}
