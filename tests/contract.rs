//! The table of endpoints: what each answers when all is well, to the byte.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::*;

/// Asserts that the answer is `{"token": …}` and nothing else, and gives the token.
#[track_caller]
fn only_token(answer: &Answer, status: u16) -> String {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/json")
    );
    let token = answer.token();
    assert_eq!(answer.body, json!({ "token": token }));
    assert_eq!(token.split('.').count(), 3, "a JWT: {token}");
    token
}

#[rstest]
#[tokio::test]
async fn each_endpoint_answers_as_the_table_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let created = app.try_register("Ann@Example.com", PASSWORD).await;
    let first = only_token(&created, 201);
    let confirm = app.only_mail().await.token();

    only_token(&app.login("ann@example.com", PASSWORD).await, 200);

    let me = app.me(&first).await.expect(200);
    assert_eq!(me.header("content-type"), "application/json");
    assert_eq!(me.body, json!({ "id": 1, "email": "Ann@Example.com" }));

    let body = json!({
        "email": "ann@example.com", "password": PASSWORD,
        "new_password": "xyz789", "new_password_confirm": "xyz789",
    });
    let changed = app.post_as(&first, "/user/change_password", body).await;
    let second = only_token(&changed, 200);
    app.me(&first).await.expect_problem(400, "invalid_token");
    app.me(&second).await.expect(200);
    app.only_mail().await;

    let check_mail = json!({ "message": "Check your email" });
    for email in ["ann@example.com", "nobody@example.com"] {
        assert_eq!(app.forgot(email).await.expect(200).body, check_mail);
        let resent = app
            .post("/user/confirm/resend", json!({ "email": email }))
            .await;
        assert_eq!(resent.expect(200).body, check_mail);
    }
    let mails = app.deliver_mail().await;
    let reset = mails
        .iter()
        .find(|mail| mail.subject.starts_with("Choose"))
        .expect("a reset");

    let done = json!({ "message": "Done" });
    let confirmed = app.confirm("ann@example.com", &confirm).await;
    // The password change made the confirm token of the registration void.
    confirmed.expect_problem(400, "invalid_one_time_token");
    let resent = mails
        .iter()
        .find(|mail| mail.subject.starts_with("Confirm"))
        .expect("a mail");
    assert_eq!(
        app.confirm("ann@example.com", &resent.token())
            .await
            .expect(200)
            .body,
        done
    );

    let answer = app.reset("ann@example.com", &reset.token(), "abc456").await;
    assert_eq!(answer.expect(200).body, done);
    app.me(&second).await.expect_problem(400, "invalid_token");
    only_token(&app.login("ann@example.com", "abc456").await, 200);

    for path in ["/health/live", "/health/ready"] {
        assert_eq!(
            app.get(path).await.expect(200).body,
            json!({ "status": "ok" })
        );
    }
}

#[rstest]
#[tokio::test]
async fn the_id_is_a_number_that_is_never_given_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut last = 0;
    for name in ["ann", "bob", "eve"] {
        let user = app.register(&format!("{name}@example.com"), PASSWORD).await;
        let id = user.me().await.expect(200).body["id"]
            .as_i64()
            .expect("a number");
        assert!(id > last, "{id} after {last}");
        last = id;
        app.database.execute("DELETE FROM users").await;
    }
}

/// Before the schema is there: later, please. While stopping: still answered, but no longer
/// advertised as ready.
#[rstest]
#[tokio::test]
async fn readiness_follows_the_stage(#[values(Sqlite, Postgres)] engine: Engine) {
    use doorward::http::Stage;
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.stage.send_replace(Stage::Starting);
    for answer in [
        app.get("/health/ready").await,
        ann.me().await,
        ann.login().await,
    ] {
        let answer = answer.expect_problem(503, "unavailable");
        assert_eq!(answer.retry_after(), 1);
    }
    app.get("/health/live").await.expect(200);
    app.stage.send_replace(Stage::Draining);
    app.get("/health/ready")
        .await
        .expect_problem(503, "unavailable");
    app.get("/health/live").await.expect(200);
    ann.me().await.expect(200);
    ann.login().await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_locked_account_says_how_long(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for _ in 0..5 {
        ann.login_with("wrong1")
            .await
            .expect_problem(400, "wrong_credentials");
    }
    let changed = ann.change_password(PASSWORD, "xyz789").await;
    for answer in [ann.login().await, ann.login_with("wrong1").await, changed] {
        let answer = answer.expect_problem(403, "account_locked");
        assert_eq!(
            (answer.err_msg(), answer.retry_after()),
            ("Account locked", 900)
        );
    }
    app.clock.advance(std::time::Duration::from_millis(1_500));
    assert_eq!(ann.login().await.expect(403).retry_after(), 899);
}

/// Old clients send no body and no content type where they have nothing to say.
#[rstest]
#[tokio::test]
async fn no_body_is_an_object_without_fields(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for path in [
        "/user/create",
        "/user/login",
        "/user/forgot",
        "/user/reset_password",
        "/user/confirm",
        "/user/confirm/resend",
        "/user/change_password",
    ] {
        let bearer = format!("Bearer {}", ann.token);
        for headers in [
            vec![("authorization", bearer.as_str())],
            vec![
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
            ],
            vec![
                ("authorization", bearer.as_str()),
                ("content-type", "text/plain"),
            ],
        ] {
            let answer = app
                .raw(path, &headers, "")
                .await
                .expect_problem(400, "invalid_email");
            assert_eq!(answer.err_msg(), "Invalid email", "{path}");
            let json = [headers[0], ("content-type", "application/json")];
            assert_eq!(app.raw(path, &json, "{}").await.text, answer.text, "{path}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn several_wrong_fields_are_all_named(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({
        "email": "x", "reset_token": "",
        "new_password": "short1", "new_password_confirm": "short",
    });
    let answer = app.post("/user/reset_password", body).await.expect(400);
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank", "title": "Bad Request", "status": 400,
            "detail": "Invalid email", "code": "invalid_email", "err_msg": "Invalid email",
            "errors": [
                { "field": "email", "code": "invalid_email", "detail": "Invalid email" },
                { "field": "reset_token", "code": "reset_token_required",
                  "detail": "Reset token is required" },
                { "field": "new_password", "code": "password_mismatch",
                  "detail": "Password does not match" },
            ],
        })
    );
    // One alone needs no list.
    let answer = app.forgot("x").await.expect(400);
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank", "title": "Bad Request", "status": 400,
            "detail": "Invalid email", "code": "invalid_email", "err_msg": "Invalid email",
        })
    );
    assert_eq!(answer.body["errors"], Value::Null);
}
