//! Requests that are too large or malformed below JSON.

use std::fmt::Write as _;
use std::time::Duration;

use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::endpoints::{ANN, POSTS, registered, traces};
use crate::support::*;

/// The longest body that is parsed.
const LIMIT: usize = 32 * 1024;

/// Sends these bytes on a connection of their own; what came back until the service closed it.
async fn exchange(app: &TestApp, bytes: &[u8]) -> String {
    let address = app.url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let both = async {
        // The service may close before it has read everything; its answer is what counts.
        let write = async { drop(writer.write_all(bytes).await) };
        let read = async { drop(reader.read_to_end(&mut answer).await) };
        tokio::join!(write, read);
    };
    tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("the service closes");
    String::from_utf8(answer).expect("UTF-8")
}

/// The status line's number.
#[track_caller]
fn status(answer: &str) -> &str {
    answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .expect("a status line")
}

fn padded(body: &str, length: usize) -> String {
    let open = body.strip_suffix('}').expect("an object");
    let empty = format!("{open},\"x\":\"\"}}").len();
    format!("{open},\"x\":\"{}\"}}", "a".repeat(length - empty))
}

/// SECURITY 38: also far over the limit, where a client that is cut off would not get to read
/// the answer.
#[rstest]
#[tokio::test]
async fn a_body_over_the_limit_is_answered_413(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let before = traces(&app).await;
    for endpoint in POSTS {
        let body = serde_json::Value::Object(endpoint.body()).to_string();
        for length in [LIMIT + 1, 100_000, 3 * 1024 * 1024] {
            let answer = endpoint.send(&app, &token, padded(&body, length)).await;
            answer.expect_problem(413, "body_too_large");
        }
        let spaces = " ".repeat(LIMIT);
        let answer = endpoint.send(&app, &token, format!("{body}{spaces}")).await;
        answer.expect_problem(413, "body_too_large");
    }
    assert_eq!(traces(&app).await, before);
    let body = format!("{{\"email\":\"{ANN}\"}}");
    let answer = app.raw(
        "/user/forgot",
        &[("content-type", "application/json")],
        padded(&body, LIMIT),
    );
    answer.await.expect(200);
}

/// SECURITY 38: many clients write all of a request before they read a byte of the answer.
#[rstest]
#[case("/user/login", "413")]
#[case("/user/change_password", "400")]
#[case("/nothing", "404")]
#[case("/user", "405")]
#[tokio::test]
async fn a_client_that_only_reads_after_it_wrote_all_gets_the_answer(
    #[case] path: &str,
    #[case] expected: &str,
) {
    let app = TestApp::start(Sqlite).await;
    let body = "a".repeat(3 * 1024 * 1024);
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let address = app.url.strip_prefix("http://").expect("http");
    let address = address.parse().expect("an address");
    // A small buffer: the body has to be read and does not just lie in the kernel.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(16 * 1024).expect("a buffer");
    let mut stream = socket.connect(address).await.expect("connected");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the service takes all of it");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("the answer");
    assert_eq!(status(&answer), expected, "{answer}");
}

/// A refusal that needs no body reaches a client that reads while it sends a large one.
#[rstest]
#[case("/user/change_password", 400, "missing_authorization")]
#[case("/nothing", 404, "not_found")]
#[case("/user", 405, "method_not_allowed")]
#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending(
    #[case] path: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let app = TestApp::start(Sqlite).await;
    for _ in 0..5 {
        let body = "a".repeat(3 * 1024 * 1024);
        app.raw(path, &[], body).await.expect_problem(status, code);
    }
}

/// SECURITY 38: a body without a declared length has the same limit.
#[tokio::test]
async fn a_chunked_body_has_the_same_limit() {
    let app = TestApp::start(Sqlite).await;
    registered(&app).await;
    let before = traces(&app).await;
    let request = |body: &str| {
        let mut text = "POST /user/forgot HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
            content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_owned();
        for chunk in body.as_bytes().chunks(8_000) {
            let chunk = str::from_utf8(chunk).expect("ASCII");
            write!(text, "{:x}\r\n{chunk}\r\n", chunk.len()).expect("written");
        }
        text + "0\r\n\r\n"
    };
    let body = format!("{{\"email\":\"{ANN}\"}}");
    for length in [LIMIT + 1, 3 * 1024 * 1024] {
        let answer = exchange(&app, request(&padded(&body, length)).as_bytes()).await;
        assert_eq!(status(&answer), "413", "{answer}");
        assert!(answer.contains("\"code\":\"body_too_large\""), "{answer}");
    }
    assert_eq!(traces(&app).await, before);
    let answer = exchange(&app, request(&padded(&body, LIMIT)).as_bytes()).await;
    assert_eq!(status(&answer), "200", "{answer}");
}

/// SECURITY 38.
#[rstest]
#[case::one_huge_header(format!("x-large: {}\r\n", "a".repeat(20_000)))]
#[case::a_huge_token(format!("authorization: Bearer {}\r\n", "a".repeat(100_000)))]
#[case::many_headers("x: 1\r\n".repeat(100))]
#[case::a_thousand_cookies("cookie: a=b\r\n".repeat(1_000))]
#[tokio::test]
async fn headers_over_the_limit_are_answered_431(#[case] headers: String) {
    let app = TestApp::start(Sqlite).await;
    let request = format!("GET /user HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    let answer = exchange(&app, request.as_bytes()).await;
    assert_eq!(status(&answer), "431", "{answer}");
    // And the next client is served.
    app.get("/health/live").await.expect(200);
}

/// A path, too, is part of what is bounded.
#[tokio::test]
async fn a_huge_path_is_refused() {
    let app = TestApp::start(Sqlite).await;
    let request = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    let answer = exchange(&app, request.as_bytes()).await;
    assert!(["414", "431"].contains(&status(&answer)), "{answer}");
    app.get("/health/live").await.expect(200);
}

/// SECURITY 38, 40: what is not HTTP is a 400, never a 5xx, and nobody else notices.
#[rstest]
#[tokio::test]
async fn what_is_not_http_is_answered_400_or_not_at_all(
    #[values(
        "\0\0\0\0\r\n\r\n",
        "hello\r\n\r\n",
        "GET /user\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET /user HTTP/9.9\r\nhost: x\r\n\r\n",
        "GET /user HTTP/1.1\r\nhost x\r\n\r\n",
        "GET /user HTTP/1.1\r\nauth\0orization: x\r\n\r\n",
        "POST /user/forgot HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "POST /user/forgot HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n"
    )]
    request: &str,
) {
    let app = TestApp::start(Sqlite).await;
    let answer = exchange(&app, request.as_bytes()).await;
    assert!(
        answer.is_empty() || status(&answer) == "400",
        "{request:?}: {answer}"
    );
    app.get("/health/live").await.expect(200);
}
