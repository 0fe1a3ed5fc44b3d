//! Mails that anybody can cause: nobody learns from them who has an account, and nobody gets
//! many.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::support::*;

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);

/// SECURITY 34.
#[rstest]
#[tokio::test]
async fn a_known_and_an_unknown_address_cause_the_same_answer_and_the_same_work(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("/user/forgot", "/user/confirm/resend")] path: &str,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "off")]).await;
    app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    app.database
        .execute("DELETE FROM outbox; DELETE FROM mail_quota")
        .await;
    let tables = [
        "users",
        "outbox",
        "mail_quota",
        "one_time_tokens",
        "login_failures",
    ];
    let mut seen = Vec::new();
    for name in ["ann", "nobody"] {
        for _ in 0..5 {
            let email = format!("{name}@example.com");
            let answer = app.post(path, json!({ "email": email })).await;
            let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            names.sort();
            let mut counts = Vec::new();
            for table in tables {
                let whose = match table {
                    "outbox" | "mail_quota" => format!("WHERE email_key = '{email}'"),
                    _ => String::new(),
                };
                let count = format!("SELECT COUNT(*) FROM {table} {whose}");
                counts.push(app.database.number(&count).await);
            }
            seen.push((answer.status, answer.text, names, counts));
        }
    }
    let (known, unknown) = seen.split_at(5);
    assert_eq!(known, unknown);
    assert_eq!(known[0].0, 200);
    assert_eq!(known[0].1, r#"{"message":"Check your email"}"#);
    let outbox: Vec<i64> = known.iter().map(|(.., counts)| counts[1]).collect();
    assert_eq!(outbox, [1, 2, 3, 3, 3]);
}

/// SECURITY 34.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_forgots_cause_three_mails_an_hour(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    let storm = async || {
        let clients = [Client::clone(&app), Client::clone(&other)];
        let spellings = ["ann@example.com", "ANN@Example.COM"];
        let answers = race(100, |number| {
            let (client, email) = (clients[number % 2].clone(), spellings[number / 2 % 2]);
            async move { client.forgot(email).await }
        })
        .await;
        for answer in answers {
            assert_eq!(answer.expect(200).text, r#"{"message":"Check your email"}"#);
        }
        app.deliver_mail().await
    };
    assert_eq!(storm().await.len(), 3);
    app.clock.advance(HOUR.saturating_sub(SECOND));
    ann.forgot().await.expect(200);
    assert_eq!(
        app.deliver_mail().await.len(),
        0,
        "a second before the hour is over"
    );
    app.clock.advance(SECOND);
    let mails = storm().await;
    assert_eq!(mails.len(), 3, "an hour later");
    for mail in &mails {
        assert_eq!(mail.to, "ann@example.com");
    }
    app.reset(&ann.email, &mails[0].token(), "new1234")
        .await
        .expect(200);
}

#[rstest]
#[tokio::test]
async fn limits_can_be_set_and_switched_off(#[values(Sqlite, Postgres)] engine: Engine) {
    for (key, value, mails) in [
        ("limits.enabled", "false", 10),
        ("limits.mails_per_hour", "5", 5),
    ] {
        let app = TestApp::with(engine, &[(key, value)]).await;
        let ann = app.register("ann@example.com", PASSWORD).await;
        app.only_mail().await;
        for _ in 0..10 {
            ann.forgot().await.expect(200);
        }
        assert_eq!(app.deliver_mail().await.len(), mails, "{key}");
    }
}

/// Somebody who asks for mails to an address that has no account yet must not be able to keep
/// the link from whoever registers it.
#[rstest]
#[tokio::test]
async fn a_used_up_quota_keeps_no_new_owner_from_the_confirm_mail(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("optional", "required")] rule: &str,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", rule)]).await;
    for _ in 0..10 {
        let body = json!({ "email": "ann@example.com" });
        app.post("/user/confirm/resend", body).await.expect(200);
    }
    assert_eq!(app.deliver_mail().await.len(), 0);
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    let token = app.only_mail().await.token();
    app.confirm("ann@example.com", &token).await.expect(200);
}
