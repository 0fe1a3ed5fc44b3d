//! What every answer has around it: methods, routing, the request id.

use reqwest::Method;
use rstest::rstest;

use crate::support::bare::{header, request};
use crate::support::endpoints::{POSTS, registered};
use crate::support::*;

const GETS: [&str; 4] = ["/user", "/health/live", "/health/ready", "/openapi.json"];

/// SECURITY 38.
#[tokio::test]
async fn a_wrong_method_is_a_405_that_says_which_are_right() {
    let app = TestApp::start(Sqlite).await;
    let posts = POSTS.iter().map(|endpoint| (endpoint.path, "POST"));
    for (path, allowed) in posts.chain(GETS.map(|path| (path, "GET,HEAD"))) {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW",
        ] {
            if allowed.contains(method) {
                continue;
            }
            let response = request(&app, method, path, &[]).await;
            assert_eq!(header(&response, "allow"), allowed, "{method} {path}");
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = Answer::of(method.clone(), path, response).await.expect(405);
            if method == Method::HEAD {
                assert_eq!(answer.text, "");
            } else {
                assert_eq!(answer.code(), "method_not_allowed", "{method} {path}");
            }
        }
        let response = request(&app, "OPTIONS", path, &[]).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "allow")),
            (204, allowed)
        );
        assert_eq!(response.text().await.expect("a body"), "");
    }
}

/// SECURITY 32: the links of mails are fetched by scanners, with GET and HEAD.
#[rstest]
#[tokio::test]
async fn head_is_get_without_the_body(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let bearer = format!("Bearer {}", registered(&app).await);
    for path in GETS {
        let headers = [("authorization", bearer.as_str())];
        let get = request(&app, "GET", path, &headers).await;
        let head = request(&app, "HEAD", path, &headers).await;
        assert_eq!(
            (get.status().as_u16(), head.status().as_u16()),
            (200, 200),
            "{path}"
        );
        assert_eq!(
            header(&get, "content-length"),
            header(&head, "content-length"),
            "{path}"
        );
        assert_eq!(head.text().await.expect("a body"), "");
    }
    let head = request(&app, "HEAD", "/user", &[]).await;
    assert_eq!(head.status().as_u16(), 400);
}

#[tokio::test]
async fn where_nothing_is_the_answer_is_a_problem() {
    let app = TestApp::with(Sqlite, &[("http.pages", "false")]).await;
    for path in [
        "/",
        "/users",
        "/user/",
        "/USER",
        "//user",
        "/user/1",
        "/user/create/",
        "/user%2fcreate",
        "/user/../user",
        "/.env",
        "/metrics",
        "/admin",
        "/user;x=1",
        "/%00",
        "/%ff",
        "/openapi",
        "/user/login?",
        "/index.html",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let url = format!("{}{path}", app.url);
            let url = reqwest::Url::parse(&url).expect("a URL");
            // Some are normalised before they are sent, and some name an endpoint after all.
            if [&GETS[..], &POSTS.map(|endpoint| endpoint.path)]
                .concat()
                .contains(&url.path())
            {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let response = app
                .http
                .request(method.clone(), url)
                .send()
                .await
                .expect("an answer");
            let answer = Answer::of(method, path, response).await;
            let answer = answer.expect_problem(404, "not_found");
            assert_eq!(answer.err_msg(), "There is nothing here");
        }
    }
}

#[tokio::test]
async fn a_usable_request_id_is_sent_back() {
    let app = TestApp::start(Sqlite).await;
    let longest = "a".repeat(128);
    for id in [
        "1",
        "abc-123_X.y:z+/=",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        longest.as_str(),
    ] {
        for (method, path) in [
            ("GET", "/health/live"),
            ("GET", "/nothing"),
            ("PUT", "/user"),
        ] {
            let response = request(&app, method, path, &[("x-request-id", id)]).await;
            assert_eq!(header(&response, "x-request-id"), id);
        }
    }
}

/// SECURITY 33: an id that could forge or flood log lines is replaced.
#[tokio::test]
async fn an_unusable_or_missing_request_id_is_replaced() {
    let app = TestApp::start(Sqlite).await;
    let too_long = "a".repeat(129);
    let mut seen = std::collections::HashSet::new();
    for id in [
        None,
        Some(""),
        Some("a b"),
        Some("a\tb"),
        Some("<script>"),
        Some("\u{e9}"),
        Some("a\"b"),
        Some("${jndi:x}"),
        Some("a;b"),
        Some("a,b"),
        Some("%0d%0a"),
        Some(too_long.as_str()),
    ] {
        let headers: Vec<(&str, &str)> = id.map(|id| ("x-request-id", id)).into_iter().collect();
        let response = request(&app, "GET", "/health/live", &headers).await;
        assert_eq!(response.status().as_u16(), 200);
        let made = header(&response, "x-request-id");
        let made = uuid::Uuid::parse_str(made).expect("an id of ours");
        assert_eq!(made.get_version_num(), 7, "{id:?}");
        assert!(seen.insert(made), "{made} was given twice");
    }
}
