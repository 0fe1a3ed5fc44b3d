//! The bearer token in the `Authorization` header, and what is said when it is no good.

use reqwest::Method;
use rstest::rstest;

use crate::support::*;

/// The problems with a bearer token, each with its words and RFC 6750's challenge.
const TOKENS: [(&[&str], &str, &str); 10] = [
    (&[], "No Authorization header was found", ""),
    (
        &[""],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["Bearer"],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["Bearer "],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["Basic YTpi"],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["Bearer a b"],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["a.b.c"],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (
        &["Bearer TOKEN", "Bearer TOKEN"],
        "Format is \"Authorization: Bearer [token]\"",
        "invalid_token",
    ),
    (&["Bearer a.b.c"], "Invalid token", "invalid_token"),
    (&["Bearer TOKENx"], "Invalid token", "invalid_token"),
];

#[rstest]
#[tokio::test]
async fn a_token_that_is_no_good_is_challenged(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("400", "401")] status: &str,
) {
    let app = TestApp::with(engine, &[("http.token_error_status", status)]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let status = status.parse().expect("a number");
    for (method, path) in [
        (Method::GET, "/user"),
        (Method::POST, "/user/change_password"),
    ] {
        for (values, words, error) in TOKENS {
            let mut request = app
                .http
                .request(method.clone(), format!("{}{path}", app.url));
            for value in values {
                request = request.header("authorization", value.replace("TOKEN", &ann.token));
            }
            let response = request.send().await.expect("an answer");
            let answer = Answer::of(method.clone(), path, response)
                .await
                .expect(status);
            assert_eq!(answer.err_msg(), words, "{path} {values:?}");
            let challenge = match error {
                "" => "Bearer realm=\"doorward\"".to_owned(),
                error => format!("Bearer realm=\"doorward\", error=\"{error}\""),
            };
            assert_eq!(
                answer.header("www-authenticate"),
                challenge,
                "{path} {values:?}"
            );
        }
    }
    // A token that died is no different from one that never lived.
    ann.change_password(PASSWORD, "xyz789").await.expect(200);
    let dead = ann.me().await.expect_problem(status, "invalid_token");
    let never = app.me("a.b.c").await;
    assert_eq!(dead.text, never.text);
    assert_eq!(
        dead.header("www-authenticate"),
        never.header("www-authenticate")
    );
    // The setting is about bearer tokens alone.
    app.login("ann@example.com", "wrong1")
        .await
        .expect_problem(400, "wrong_credentials");
    app.reset("ann@example.com", "x", "abc456")
        .await
        .expect_problem(400, "invalid_one_time_token");
}

#[rstest]
#[tokio::test]
async fn the_scheme_is_taken_in_any_letter_case(
    #[values("Bearer", "bearer", "BEARER", "bEaReR", "Bearer ")] scheme: &str,
) {
    let app = TestApp::start(Sqlite).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let request = app.http.get(format!("{}/user", app.url));
    let request = request.header("authorization", format!("{scheme} {}", ann.token));
    let response = request.send().await.expect("an answer");
    Answer::of(Method::GET, "/user", response).await.expect(200);
}
