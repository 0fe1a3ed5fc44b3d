//! Requests whose end two readers could see at two places (request smuggling).

use std::time::Duration;

use rstest::rstest;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::*;

/// Sends the bytes and keeps its own side open; what comes back until the service closes.
async fn exchange(app: &TestApp, bytes: &[u8]) -> String {
    let address = app.url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(bytes).await.expect("written");
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    // A reset after the answer is a way to close, too.
    drop(read.await.expect("the service closes the connection"));
    String::from_utf8(answer).expect("UTF-8")
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /user/forgot HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\r\n{body}"
    )
}

/// SECURITY 40: refused, and whatever follows on the connection is not read.
#[rstest]
#[case::a_length_and_an_encoding("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")]
#[case::an_encoding_and_a_length("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")]
#[case::in_other_letters("tRANSFER-eNCODING: CHUNKED\r\ncontent-length: 4\r\n")]
#[case::two_equal_lengths("Content-Length: 5\r\nContent-Length: 5\r\n")]
#[case::two_lengths("Content-Length: 5\r\nContent-Length: 6\r\n")]
#[case::a_list_of_lengths("Content-Length: 5, 5\r\n")]
#[case::a_signed_length("Content-Length: +5\r\n")]
#[case::a_hexadecimal_length("Content-Length: 0x5\r\n")]
#[case::an_empty_length("Content-Length:\r\n")]
#[case::two_words("Content-Length: 5 5\r\n")]
#[case::two_encodings("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")]
#[case::an_unknown_encoding("Transfer-Encoding: xchunked\r\n")]
#[case::chunked_is_not_the_last("Transfer-Encoding: chunked, identity\r\n")]
#[case::identity("Transfer-Encoding: identity\r\n")]
#[case::identity_and_chunked("Transfer-Encoding: identity, chunked\r\n")]
#[case::chunked_twice("Transfer-Encoding: chunked, chunked\r\n")]
#[case::compressed_chunks("Transfer-Encoding: gzip, chunked\r\n")]
#[case::nothing_and_chunked("Transfer-Encoding: , chunked\r\n")]
#[case::another_host("Content-Length: 5\r\nhost: y\r\n")]
#[case::the_same_host_twice("Content-Length: 5\r\nhost: x\r\n")]
#[case::a_space_before_the_colon("Transfer-Encoding : chunked\r\n")]
#[case::a_control_before_the_value("Transfer-Encoding: \x0bchunked\r\n")]
#[case::a_folded_line("Content-Length: 4\r\nx-fold: a\r\n Transfer-Encoding: chunked\r\n")]
#[tokio::test]
async fn a_length_that_is_not_plain_is_a_400_and_the_end(#[case] headers: &str) {
    let app = TestApp::start(Sqlite).await;
    let request = post(headers, &format!("0\r\n\r\n{HIDDEN}"));
    let answer = exchange(&app, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(answers(&answer), 1, "{answer}");
}

/// SECURITY 40, 41: it is an answer like any other, where it is ours and not of the library.
#[rstest]
#[case::two_equal_lengths("Content-Length: 5\r\nContent-Length: 5\r\n")]
#[case::two_encodings("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")]
#[case::another_host("Content-Length: 5\r\nhost: y\r\n")]
#[tokio::test]
async fn a_refusal_says_what_is_wrong(#[case] headers: &str) {
    let app = TestApp::start(Sqlite).await;
    let answer = exchange(&app, post(headers, "0\r\n\r\n").as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    for line in [
        "connection: close",
        "content-type: application/problem+json",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.lines().any(|of| of == line), "{line}: {head}");
    }
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["status"], 400);
    assert_eq!(body["code"], "malformed_request");
    assert_eq!(body["err_msg"], body["detail"]);
}

/// SECURITY 40: chunks that a lenient reader would take.
#[rstest]
#[case::a_negative_size("-2\r\n{}\r\n0\r\n\r\n")]
#[case::a_prefixed_size("0x2\r\n{}\r\n0\r\n\r\n")]
#[case::an_underscore("0_2\r\n{}\r\n0\r\n\r\n")]
#[case::more_than_64_bits("10000000000000002\r\n{}\r\n0\r\n\r\n")]
#[case::no_size("\r\n{}\r\n0\r\n\r\n")]
#[case::no_end_of_the_chunk("2\r\n{}0\r\n\r\n")]
#[case::a_longer_chunk_than_said("2\r\n{}}\r\n0\r\n\r\n")]
#[case::a_bare_line_feed_in_an_extension("2;a=\nb\r\n{}\r\n0\r\n\r\n")]
#[tokio::test]
async fn a_bad_chunk_is_a_400_and_the_end(#[case] body: &str) {
    let app = TestApp::start(Sqlite).await;
    let request = post("transfer-encoding: chunked\r\n", &format!("{body}{HIDDEN}"));
    let answer = exchange(&app, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(answers(&answer), 1, "{answer}");
}

/// SECURITY 40.
#[rstest]
#[case::http_1_0(
    "POST /user/forgot HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
)]
#[case::a_bare_carriage_return("GET /user HTTP/1.1\r\nhost: x\rtransfer-encoding: chunked\r\n\r\n")]
#[case::a_control_in_a_name(
    "POST /user/forgot HTTP/1.1\r\nhost: x\r\ntransfer\0-encoding: chunked\r\n\r\n"
)]
#[tokio::test]
async fn a_malformed_head_is_a_400_and_the_end(#[case] request: &str) {
    let app = TestApp::start(Sqlite).await;
    let answer = exchange(&app, format!("{request}{HIDDEN}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(answers(&answer), 1, "{answer}");
}

/// SECURITY 40: RFC 9112 section 3.2.
#[rstest]
#[case::none("")]
#[case::two_words("host: a b\r\n")]
#[case::a_list("host: a, b\r\n")]
#[case::a_path("host: a/x\r\n")]
#[case::a_user("host: u@a\r\n")]
#[tokio::test]
async fn a_host_that_is_none_is_a_400(#[case] host: &str) {
    let app = TestApp::start(Sqlite).await;
    let request = format!("GET /health/live HTTP/1.1\r\n{host}\r\n");
    let answer = exchange(&app, format!("{request}{HIDDEN}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(answers(&answer), 1, "{answer}");
}

/// SECURITY 40: behind a proxy the next request is somebody else's.
#[rstest]
#[case::a_body_that_looks_like_headers("POST /user/forgot", 400)]
#[case::a_body_that_nobody_reads("GET /health/live", 200)]
#[tokio::test]
async fn what_stands_in_a_body_is_not_held_against_the_next_request(
    #[case] line: &str,
    #[case] status: u16,
) {
    let app = TestApp::start(Sqlite).await;
    let body = "{\"email\":\"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\"}";
    let length = body.len();
    let next = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let request = format!(
        "{line} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}{next}"
    );
    let answer = exchange(&app, request.as_bytes()).await;
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    assert_eq!(answers(&answer), 2, "{answer}");
    let (_, second) = answer.rsplit_once("HTTP/1.1 ").expect("a second answer");
    assert!(second.starts_with("200 "), "{answer}");
}

/// SECURITY 40: chunks can be read in more than one way: what comes after them is not read at all.
#[rstest]
#[case::plain("0\r\n\r\n")]
#[case::a_bare_line_feed("0\r\n\n")]
#[case::trailers("0\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n")]
#[tokio::test]
async fn nothing_is_read_after_chunks(#[case] end: &str) {
    let app = TestApp::start(Sqlite).await;
    let request = post(
        "transfer-encoding: Chunked\r\n",
        &format!("2\r\n{{}}\r\n{end}{HIDDEN}"),
    );
    let answer = exchange(&app, request.as_bytes()).await;
    assert_eq!(answers(&answer), 1, "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

/// What is plain goes on working: one after another on a connection, and then in chunks.
#[tokio::test]
async fn plain_requests_are_answered_one_after_another() {
    let app = TestApp::start(Sqlite).await;
    let body = r#"{"email":"ann@example.com"}"#;
    let (start, rest) = body.split_at(9);
    let (one, two) = (start.len(), rest.len());
    let chunks =
        format!("{one:x}\r\n{start}\r\n{two:X};note=\"content-length: 1\"\r\n{rest}\r\n0\r\n\r\n");
    let requests = [
        post(&format!("content-length: {}\r\n", body.len()), body),
        HIDDEN.to_owned(),
        post(&format!("content-length: {}\r\n", body.len()), body),
        post("transfer-encoding: chunked\r\n", &chunks),
    ];
    let answer = exchange(&app, requests.concat().as_bytes()).await;
    assert_eq!(answers(&answer), 4, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 4, "{answer}");
}

/// SECURITY 40: in pieces, as a slow client or a small network would send it.
#[tokio::test]
async fn it_does_not_help_to_send_it_byte_by_byte() {
    let app = TestApp::start(Sqlite).await;
    let headers = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
    let request = post(headers, &format!("0\r\n\r\n{HIDDEN}"));
    let address = app.url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.set_nodelay(true).expect("set");
    for byte in request.as_bytes() {
        // It may have been refused before the end.
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    drop(read.await.expect("closed"));
    let answer = String::from_utf8(answer).expect("UTF-8");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    assert!(answers(&answer) <= 1, "{answer}");
}
