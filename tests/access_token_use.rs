//! Access tokens: what they are good for, for how long, and what is said when they are not.

use std::time::Duration;

use doorward::clock::Clock as _;
use rstest::rstest;
use serde_json::json;

use crate::support::*;

const DAY: Duration = Duration::from_hours(24);

/// SECURITY 23.
#[rstest]
#[tokio::test]
async fn a_one_time_token_is_no_bearer_token_and_the_other_way_round(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    ann.forgot().await.expect(200);
    let reset = app.only_mail().await.token();
    for one_time in [&confirm, &reset] {
        app.me(one_time).await.expect_problem(400, "invalid_token");
        let body = json!({ "email": ann.email, "password": PASSWORD,
            "new_password": "xyz789", "new_password_confirm": "xyz789" });
        let answer = app.post_as(one_time, "/user/change_password", body).await;
        answer.expect_problem(400, "invalid_token");
    }
    for wrong in [&ann.token, &confirm] {
        let answer = app.reset(&ann.email, wrong, "xyz789").await;
        assert_eq!(
            answer
                .expect_problem(400, "invalid_one_time_token")
                .err_msg(),
            "Invalid token"
        );
    }
    for wrong in [&ann.token, &reset] {
        let answer = app.confirm(&ann.email, wrong).await;
        assert_eq!(
            answer
                .expect_problem(400, "invalid_one_time_token")
                .err_msg(),
            "Invalid token"
        );
    }
    // None of them was used up by that.
    app.confirm(&ann.email, &confirm).await.expect(200);
    app.reset(&ann.email, &reset, "xyz789").await.expect(200);
}

/// SECURITY 22.
#[rstest]
#[tokio::test]
async fn a_token_lives_for_a_day_to_the_second(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    // Claims have whole seconds, so the rest of the first second is not counted.
    let part = Duration::from_micros(app.clock.now().timestamp_subsec_micros().into());
    let before_the_end = DAY
        .checked_sub(part + Duration::from_micros(1))
        .expect("positive");
    app.clock.advance(before_the_end);
    ann.me().await.expect(200);
    app.clock.advance(Duration::from_micros(1));
    ann.me().await.expect_problem(400, "invalid_token");
    let again = ann.login().await.expect(200).token();
    app.me(&again).await.expect(200);
}

/// RFC 6750 section 3: a challenge without an error code when there was no token.
#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_token_is_said_in_www_authenticate(#[values(400, 401)] status: u16) {
    let setting = [("http.token_error_status", &*status.to_string())];
    let app = TestApp::with(Sqlite, &setting).await;
    let missing = app
        .get("/user")
        .await
        .expect_problem(status, "missing_authorization");
    assert_eq!(missing.err_msg(), "No Authorization header was found");
    assert_eq!(
        missing.header("www-authenticate"),
        "Bearer realm=\"doorward\""
    );

    let invalid = app
        .me("a.b.c")
        .await
        .expect_problem(status, "invalid_token");
    let challenge = "Bearer realm=\"doorward\", error=\"invalid_token\"";
    assert_eq!(invalid.header("www-authenticate"), challenge);

    let bearer = [("authorization", "Basic YTpi")];
    let malformed = app.raw("/user/change_password", &bearer, "").await;
    let malformed = malformed.expect_problem(status, "malformed_authorization");
    assert_eq!(
        malformed.err_msg(),
        "Format is \"Authorization: Bearer [token]\""
    );
    assert!(
        malformed
            .header("www-authenticate")
            .starts_with("Bearer realm=\"doorward\"")
    );

    let ann = app.register("ann@example.com", PASSWORD).await;
    assert_eq!(ann.me().await.expect(200).header("www-authenticate"), "");
}
