//! Fields that no honest client fills in so, and bodies that are sent as something else.

use rstest::rstest;

use crate::support::endpoints::{ANN, NEW, POSTS, registered, traces};
use crate::support::*;

/// SECURITY 38: PostgreSQL takes no NUL in a text, so none may get that far.
#[rstest]
#[tokio::test]
async fn an_escaped_nul_is_refused_in_the_fields_own_words(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let (before, hashes) = (traces(&app).await, app.hashes.computed());
    for endpoint in POSTS {
        for field in endpoint.fields {
            let good = field.good;
            let (start, end) = good.split_at(3);
            for text in [
                "\\u0000".to_owned(),
                format!("\\u0000{good}"),
                format!("{good}\\u0000"),
                format!("{start}\\u0000{end}"),
            ] {
                let body = endpoint.body_with(field.name, format!("\"{text}\""));
                let answer = endpoint.send(&app, &token, body).await;
                let context = format!("{} {} {text}", endpoint.path, field.name);
                let got = (answer.status, answer.code(), answer.err_msg());
                assert_eq!(got, (400, field.code, field.words), "{context}");
            }
        }
    }
    assert_eq!(
        (traces(&app).await, app.hashes.computed()),
        (before, hashes)
    );
}

/// SECURITY 38, 15: long values are refused before they cost a hash.
#[rstest]
#[tokio::test]
async fn a_value_of_thirty_thousand_bytes_costs_no_hash(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let (before, hashes) = (traces(&app).await, app.hashes.computed());
    let long = [
        "a1".repeat(15_000),
        "\u{1f511}a1".repeat(5_000),
        "a\u{308}1".repeat(7_500),
    ];
    for endpoint in POSTS {
        for field in endpoint.fields {
            for long in &long {
                for value in [long.clone(), format!("{long}@example.com")] {
                    let body = endpoint.body_with(field.name, format!("\"{value}\""));
                    let answer = endpoint.send(&app, &token, body).await;
                    assert_eq!(answer.status, 400, "{} {}", endpoint.path, field.name);
                }
            }
        }
    }
    assert_eq!(
        (traces(&app).await, app.hashes.computed()),
        (before, hashes)
    );
}

/// SECURITY 38: RFC 5321 allows 254 bytes.
#[rstest]
#[tokio::test]
async fn an_address_has_at_most_254_bytes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (local, label) = ("a".repeat(64), "b".repeat(63));
    let longest = format!("{local}@{label}.{label}.{}.com", "c".repeat(57));
    let too_long = format!("{local}@{label}.{label}.{}.com", "c".repeat(58));
    assert_eq!((longest.len(), too_long.len()), (254, 255));
    let user = app.register(&longest, PASSWORD).await;
    user.login().await.expect(200);
    assert_eq!(app.only_mail().await.to, longest);
    for answer in [
        app.try_register(&too_long, PASSWORD).await,
        app.login(&too_long, PASSWORD).await,
        app.forgot(&too_long).await,
    ] {
        answer.expect_problem(400, "invalid_email");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
}

/// SECURITY 38: a form of another site can only send types that are refused here.
#[rstest]
#[tokio::test]
async fn another_media_type_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let before = traces(&app).await;
    for endpoint in POSTS {
        let body = serde_json::Value::Object(endpoint.body()).to_string();
        for media_type in [
            None,
            Some(""),
            Some("text/plain"),
            Some("text/json"),
            Some("json"),
            Some("*/*"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonx"),
            Some("application/xml"),
            Some("text/x+json"),
            Some("text/plain; application/json"),
            Some("application"),
            Some("application/"),
        ] {
            let answer = endpoint
                .send_as(&app, &token, media_type, body.clone())
                .await;
            let got = (answer.status, answer.code());
            let context = format!("{} {media_type:?}", endpoint.path);
            assert_eq!(got, (415, "unsupported_media_type"), "{context}");
        }
    }
    assert_eq!(traces(&app).await, before);
}

#[rstest]
#[tokio::test]
async fn json_is_known_by_all_its_names(
    #[values(
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
        "application/vnd.x+json; version=1",
        " application/json ; x=\"a;b\""
    )]
    media_type: &str,
) {
    let app = TestApp::start(Sqlite).await;
    registered(&app).await;
    let body = format!("{{\"email\":\"{ANN}\",\"password\":\"{PASSWORD}\"}}");
    app.raw("/user/login", &[("content-type", media_type)], body)
        .await
        .expect(200);
    app.login(NEW, PASSWORD).await.expect(400);
}
