//! What a registration tells about who has an account, and what a squatter gets out of it.

use reqwest::header::{DATE, HeaderMap};
use rstest::rstest;
use serde_json::json;

use crate::support::*;

/// The headers without those that differ between any two answers.
fn comparable(answer: &Answer) -> HeaderMap {
    let mut headers = answer.headers.clone();
    headers.remove(DATE);
    headers.remove("x-request-id");
    headers
}

/// What a registration costs: hashes, and rows of mail.
async fn spent(app: &TestApp) -> (u64, i64, i64) {
    let mails = app.database.number("SELECT COUNT(*) FROM outbox").await;
    let quota = "SELECT CAST(COALESCE(SUM(mails), 0) AS bigint) FROM mail_quota";
    (
        app.hashes.computed(),
        mails,
        app.database.number(quota).await,
    )
}

/// SECURITY 1.
#[rstest]
#[tokio::test]
async fn where_confirmation_is_required_a_taken_address_looks_like_a_new_one(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let settings = [
        ("registration.confirmation", "required"),
        ("limits.enabled", "false"),
    ];
    let app = TestApp::with(engine, &settings).await;
    app.try_register("open@example.com", PASSWORD)
        .await
        .expect(201);
    app.try_register("done@example.com", PASSWORD)
        .await
        .expect(201);
    let mails = app.deliver_mail().await;
    let mail = mails
        .iter()
        .find(|mail| mail.to == "done@example.com")
        .expect("a mail");
    app.confirm("done@example.com", &mail.token())
        .await
        .expect(200);

    let taken = ["open@example.com", "done@example.com", "DONE@Example.COM"];
    for round in 0..3 {
        for (number, taken) in taken.into_iter().enumerate() {
            // As long as the other, so that nothing differs for that reason.
            let new = format!("nw{round}{number}@example.com");
            let start = spent(&app).await;
            let of_new = app.try_register(&new, "other456").await.expect(201);
            let middle = spent(&app).await;
            let of_taken = app.try_register(taken, "other456").await.expect(201);
            let end = spent(&app).await;
            assert_eq!(of_new.text, r#"{"message":"Check your email"}"#);
            assert_eq!(of_new.text, of_taken.text);
            assert_eq!(comparable(&of_new), comparable(&of_taken));
            let cost = |a: (u64, i64, i64), b: (u64, i64, i64)| (b.0 - a.0, b.1 - a.1, b.2 - a.2);
            assert_eq!(cost(start, middle), (1, 1, 0));
            assert_eq!(cost(start, middle), cost(middle, end));
            let mails = app.deliver_mail().await;
            let owner = taken.to_lowercase();
            let told = mails
                .iter()
                .find(|mail| mail.to == owner)
                .expect("the owner is told");
            assert_eq!(told.subject, "You have an account at doorward already");
            assert!(!told.text.contains("Token:"), "{}", told.text);
            assert_eq!(mails.iter().filter(|mail| mail.to == new).count(), 1);
        }
    }
    // And whoever tried has changed nothing.
    app.login("done@example.com", "other456")
        .await
        .expect_problem(400, "wrong_credentials");
    app.login("done@example.com", PASSWORD).await.expect(200);
}

/// SECURITY 1: also when the mails of the hour are used up, and when a field is wrong.
#[rstest]
#[tokio::test]
async fn neither_the_mail_limit_nor_a_wrong_field_tells_who_has_an_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let settings = [
        ("registration.confirmation", "required"),
        ("limits.mails_per_hour", "1"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let first = app
        .try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    for _ in 0..3 {
        let again = app
            .try_register("ann@example.com", PASSWORD)
            .await
            .expect(201);
        assert_eq!(
            (&first.text, comparable(&first)),
            (&again.text, comparable(&again))
        );
    }
    let told = app.deliver_mail().await;
    assert_eq!(
        told.len(),
        2,
        "one to confirm, one of three warnings: {told:?}"
    );
    for (password, confirm) in [(PASSWORD, "abc124"), ("short", "short"), ("", "")] {
        let body = |email: &str| {
            json!({
                "email": email, "password": password, "password_confirm": confirm
            })
        };
        let taken = app
            .post("/user/create", body("ann@example.com"))
            .await
            .expect(400);
        let new = app
            .post("/user/create", body("new@example.com"))
            .await
            .expect(400);
        assert_eq!(
            (&taken.text, comparable(&taken)),
            (&new.text, comparable(&new))
        );
    }
}

/// SECURITY 2.
#[rstest]
#[tokio::test]
async fn a_reset_by_the_owner_of_the_mailbox_throws_a_squatter_out(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("off", "optional")] confirmation: &str,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", confirmation)]).await;
    let squatter = app.register("victim@example.com", "attacker1").await;
    app.deliver_mail().await;
    let second = squatter.login().await.expect(200).token();
    squatter.me().await.expect(200);

    app.forgot("Victim@example.com").await.expect(200);
    let mail = app.only_mail().await;
    app.reset("victim@example.com", &mail.token(), "owner123")
        .await
        .expect(200);

    squatter.me().await.expect_problem(400, "invalid_token");
    app.me(&second).await.expect_problem(400, "invalid_token");
    squatter
        .login()
        .await
        .expect_problem(400, "wrong_credentials");
    let change = squatter.change_password("attacker1", "attacker2").await;
    change.expect_problem(400, "invalid_token");
    app.login("victim@example.com", "owner123")
        .await
        .expect(200);
}

/// SECURITY 2: what a squatter asked for before is as dead.
#[rstest]
#[tokio::test]
async fn a_reset_kills_the_mailed_tokens_that_were_there_before(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let squatter = app.register("victim@example.com", "attacker1").await;
    let confirm = app.only_mail().await;
    squatter.forgot().await.expect(200);
    let older = app.only_mail().await;
    squatter.forgot().await.expect(200);
    let newer = app.only_mail().await;
    app.reset("victim@example.com", &newer.token(), "owner123")
        .await
        .expect(200);
    let again = app
        .reset("victim@example.com", &older.token(), "attacker3")
        .await;
    again.expect_problem(400, "invalid_one_time_token");
    let confirm = app.confirm("victim@example.com", &confirm.token()).await;
    confirm.expect_problem(400, "invalid_one_time_token");
    app.login("victim@example.com", "owner123")
        .await
        .expect(200);
}
