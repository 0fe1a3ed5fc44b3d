//! Fields that nobody asked for, and fields that are not what was asked for.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::endpoints::{ANN, POSTS, registered, traces};
use crate::support::*;

/// What a client must not be able to set.
fn extra(mut body: Value) -> Value {
    let unknown = json!({
        "role": "admin", "id": 999, "sub": "999", "user_id": 999, "confirmed": true,
        "confirmed_at": "2020-01-01T00:00:00Z", "disabled_at": "2020-01-01T00:00:00Z",
        "token_version": 99, "ver": 99, "email_key": "eve@example.com", "is_admin": true,
        "password_hash": "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "created_at": "2020-01-01T00:00:00Z", "locked_until": null, "failures": -100,
        "__proto__": { "role": "admin" }, "constructor": { "prototype": { "role": "admin" } },
        "Email": "eve@example.com", "email[]": "eve@example.com", "user": { "role": "admin" },
    });
    let (body_fields, unknown) = (body.as_object_mut(), unknown.as_object().cloned());
    body_fields
        .expect("an object")
        .extend(unknown.expect("an object"));
    body
}

/// The row without hash and times.
async fn row(app: &TestApp) -> String {
    let sql = "SELECT id || ' ' || email || ' ' || email_key || ' ' || token_version || ' ' || role
        || CASE WHEN confirmed_at IS NULL THEN '' ELSE ' confirmed' END
        || CASE WHEN disabled_at IS NULL THEN '' ELSE ' disabled' END FROM users";
    app.database.text(sql).await
}

/// SECURITY 5.
#[rstest]
#[tokio::test]
async fn fields_that_we_do_not_know_change_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let old = "2020-01-02";
    let query = "?role=admin&email=eve%40example.com&confirmed=true";
    let create = json!({ "email": ANN, "password": PASSWORD, "password_confirm": PASSWORD });
    let token = app
        .post(&format!("/user/create{query}"), extra(create))
        .await
        .expect(201)
        .token();
    let made_long_ago = format!("SELECT COUNT(*) FROM users WHERE created_at < '{old}'");
    assert_eq!(app.database.number(&made_long_ago).await, 0);
    let fresh = "1 ann@example.com ann@example.com 1 user";
    assert_eq!(row(&app).await, fresh);
    assert_eq!(app.me(&token).await.expect(200).body["id"], 1);
    let confirm = app.only_mail().await;

    app.post("/user/confirm/resend", extra(json!({ "email": ANN })))
        .await
        .expect(200);
    let mails = app.deliver_mail().await;
    assert_eq!(
        mails
            .iter()
            .map(|mail| mail.to.as_str())
            .collect::<Vec<_>>(),
        [ANN]
    );
    app.post(
        "/user/login",
        extra(json!({ "email": ANN, "password": PASSWORD })),
    )
    .await
    .expect(200);
    assert_eq!(row(&app).await, fresh);

    let body = extra(json!({ "email": ANN, "confirm_token": confirm.token() }));
    app.post("/user/confirm", body).await.expect(200);
    assert_eq!(
        row(&app).await,
        "1 ann@example.com ann@example.com 1 user confirmed"
    );

    let body = json!({
        "email": ANN, "password": PASSWORD,
        "new_password": "xyz789", "new_password_confirm": "xyz789",
    });
    app.post_as(&token, "/user/change_password", extra(body))
        .await
        .expect(200);
    assert_eq!(
        row(&app).await,
        "1 ann@example.com ann@example.com 2 user confirmed"
    );
    app.only_mail().await;

    app.post("/user/forgot", extra(json!({ "email": ANN })))
        .await
        .expect(200);
    let reset = app.only_mail().await;
    assert_eq!(reset.to, ANN);
    let body = json!({
        "email": ANN, "reset_token": reset.token(),
        "new_password": "abc456", "new_password_confirm": "abc456",
    });
    app.post("/user/reset_password", extra(body))
        .await
        .expect(200);
    assert_eq!(
        row(&app).await,
        "1 ann@example.com ann@example.com 3 user confirmed"
    );
    app.login(ANN, "abc456").await.expect(200);
}

/// SECURITY 6: each field has its own words for what is not a text, and nothing happens.
#[rstest]
#[tokio::test]
async fn a_field_of_the_wrong_type_is_as_good_as_missing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let (before, hashes) = (traces(&app).await, app.hashes.computed());
    for endpoint in POSTS {
        for field in endpoint.fields {
            let good = field.good;
            for wrong in [
                Value::Null,
                json!(true),
                json!(false),
                json!(0),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!([]),
                json!([good]),
                json!([good, "eve@example.com"]),
                json!([[good]]),
                json!({}),
                json!({ "value": good }),
                json!({ "$ne": null }),
                json!({ "email": good }),
            ] {
                let mut body = endpoint.body();
                body.insert(field.name.into(), wrong.clone());
                let body = Value::Object(body).to_string();
                let answer = endpoint.send(&app, &token, body).await;
                let got = (answer.status, answer.code(), answer.err_msg());
                let context = format!("{} {} {wrong}", endpoint.path, field.name);
                assert_eq!(got, (400, field.code, field.words), "{context}");
            }
            let mut body = endpoint.body();
            body.remove(field.name);
            let answer = endpoint
                .send(&app, &token, Value::Object(body).to_string())
                .await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, field.code),
                "{}",
                endpoint.path
            );
        }
        // All of them wrong in the same way, which a comparison alone would take for equal.
        let all = endpoint
            .body()
            .into_iter()
            .map(|(name, good)| (name, json!([good])));
        let answer = endpoint
            .send(&app, &token, Value::Object(all.collect()).to_string())
            .await;
        assert_eq!(
            (answer.status, answer.err_msg()),
            (400, "Invalid email"),
            "{}",
            endpoint.path
        );
    }
    assert_eq!(
        (traces(&app).await, app.hashes.computed()),
        (before, hashes)
    );
    assert!(app.deliver_mail().await.is_empty());
}
