//! What a one-time token does when it is used, once, and what makes it useless.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::support::*;

/// SECURITY 29: 100 requests, 100 passwords, one token.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_resets_with_one_token_one_wins(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for round in 0..4 {
        one_wins(&[&app], &ann, 100, round).await;
    }
}

/// SECURITY 29.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_resets_at_two_instances_one_wins(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for round in 0..4 {
        one_wins(&[&app, &other], &ann, 40, round).await;
    }
}

async fn one_wins(apps: &[&TestApp], ann: &User, count: usize, round: usize) {
    // Outside the hour that counts mails, and the day that keeps a confirm token.
    apps[0].clock.advance(Duration::from_hours(25));
    apps[0].deliver_mail().await;
    ann.forgot().await.expect(200);
    let token = apps[0].only_mail().await.token();
    let password = |number: usize| format!("round{round}n{number}");
    let answers = race(count, |number| {
        let (app, email) = (Client::clone(apps[number % apps.len()]), ann.email.clone());
        let (token, new) = (token.clone(), password(number));
        async move { app.reset(&email, &token, &new).await }
    })
    .await;
    let mut winners = Vec::new();
    for (number, answer) in answers.into_iter().enumerate() {
        if answer.status == 200 {
            winners.push(number);
        } else {
            answer.expect_problem(400, "invalid_one_time_token");
        }
    }
    assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
    ann.login_with(&password(winners[0])).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_confirmations_with_one_token_one_wins(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for round in 0..5 {
        let ann = app
            .register(&format!("ann{round}@example.com"), PASSWORD)
            .await;
        let token = app.only_mail().await.token();
        let answers = race(20, |_| {
            let (app, email, token) = (Client::clone(&app), ann.email.clone(), token.clone());
            async move { app.confirm(&email, &token).await }
        })
        .await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let lost = answers
            .iter()
            .filter(|answer| answer.code() == "invalid_one_time_token");
        assert_eq!((won, lost.count()), (1, 19));
    }
}

/// SECURITY 30.
#[rstest]
#[tokio::test]
async fn a_new_password_makes_all_other_tokens_useless(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("reset", "change")] way: &str,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let bob = app.register("bob@example.com", PASSWORD).await;
    for user in [&ann, &ann, &bob] {
        user.forgot().await.expect(200);
    }
    let mails = app.deliver_mail().await;
    let tokens_for = |email: &str| -> Vec<(bool, String)> {
        let own = mails.iter().filter(|mail| mail.to == email);
        own.map(|mail| (mail.subject.starts_with("Choose"), mail.token()))
            .collect()
    };
    let (anns, bobs) = (tokens_for("ann@example.com"), tokens_for("bob@example.com"));
    let mut resets = anns
        .iter()
        .filter(|(is_reset, _)| *is_reset)
        .map(|(_, token)| token);
    let (first, second) = (resets.next().expect("one"), resets.next().expect("another"));
    let confirm = anns
        .iter()
        .find(|(is_reset, _)| !is_reset)
        .map(|(_, token)| token);
    match way {
        "reset" => app.reset(&ann.email, first, "new1234").await.expect(200),
        _ => ann.change_password(PASSWORD, "new1234").await.expect(200),
    };
    for token in [first, second] {
        let answer = app.reset(&ann.email, token, "newer123").await;
        answer.expect_problem(400, "invalid_one_time_token");
    }
    let confirmed = app
        .confirm(&ann.email, confirm.expect("a confirm mail"))
        .await;
    confirmed.expect_problem(400, "invalid_one_time_token");
    let own = "SELECT COUNT(*) FROM one_time_tokens WHERE user_id = 1";
    assert_eq!(app.database.number(own).await, 0);

    // Those of others are still good; a reset would use the other one up.
    let (bobs_resets, bobs_confirms): (Vec<_>, Vec<_>) = bobs.into_iter().partition(|own| own.0);
    for (is_reset, token) in bobs_confirms.into_iter().chain(bobs_resets) {
        let answer = if is_reset {
            app.reset(&bob.email, &token, "new1234").await
        } else {
            app.confirm(&bob.email, &token).await
        };
        answer.expect(200);
    }
}

/// DESIGN: proving the mailbox by a reset also confirms the address.
#[rstest]
#[tokio::test]
async fn a_reset_confirms_the_address_and_kills_older_tokens(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "required")]).await;
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    app.deliver_mail().await;
    app.forgot("ann@example.com").await.expect(200);
    let token = app.only_mail().await.token();
    app.reset("ann@example.com", &token, "new1234")
        .await
        .expect(200);
    let live = app
        .login("ann@example.com", "new1234")
        .await
        .expect(200)
        .token();

    app.forgot("ann@example.com").await.expect(200);
    let mails = app.deliver_mail().await;
    let mail = mails
        .iter()
        .find(|mail| mail.subject.starts_with("Choose"))
        .expect("a reset mail");
    app.reset("ann@example.com", &mail.token(), "newer123")
        .await
        .expect(200);
    app.me(&live).await.expect_problem(400, "invalid_token");
}

#[rstest]
#[tokio::test]
async fn asking_for_the_confirm_mail_again_always_gets_one_answer(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let first = app.only_mail().await.token();
    let resend = async |email: &str| {
        let answer = app
            .post("/user/confirm/resend", json!({ "email": email }))
            .await;
        answer.expect(200).text
    };
    let unconfirmed = resend(&ann.email).await;
    assert_eq!(unconfirmed, r#"{"message":"Check your email"}"#);
    let second = app.only_mail().await.token();
    assert_ne!(first, second);
    app.confirm(&ann.email, &second).await.expect(200);

    assert_eq!(resend(&ann.email).await, unconfirmed, "confirmed");
    assert_eq!(resend("nobody@example.com").await, unconfirmed, "unknown");
    for _ in 0..5 {
        assert_eq!(resend(&ann.email).await, unconfirmed, "over the quota");
    }
    assert_eq!(
        app.deliver_mail().await.len(),
        0,
        "there is nothing to confirm"
    );
    app.confirm(&ann.email, &first)
        .await
        .expect_problem(400, "invalid_one_time_token");
}

#[rstest]
#[tokio::test]
async fn tokens_of_a_disabled_account_are_useless(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    ann.forgot().await.expect(200);
    let reset = app.only_mail().await.token();
    app.database
        .execute("UPDATE users SET disabled_at = created_at")
        .await;

    let answer = app.reset(&ann.email, &reset, "new1234").await;
    answer.expect_problem(400, "invalid_one_time_token");
    let answer = app.confirm(&ann.email, &confirm).await;
    answer.expect_problem(400, "invalid_one_time_token");
    ann.forgot().await.expect(200);
    assert_eq!(
        app.deliver_mail().await.len(),
        0,
        "a closed account gets no mail"
    );

    app.database
        .execute("UPDATE users SET disabled_at = NULL")
        .await;
    ann.login().await.expect(200);
    app.confirm(&ann.email, &confirm).await.expect(200);
}
