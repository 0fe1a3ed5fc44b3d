//! Limits in time and number on what a client can hold on to.

use std::time::Duration;

use doorward::http::server::listen;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::*;

/// Much longer than the limits of these tests, which are a second.
const LONG: Duration = Duration::from_secs(20);

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("http");
    TcpStream::connect(address).await.expect("connected")
}

/// What comes until the service closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(LONG, stream.read_to_end(&mut text));
    drop(read.await.expect("the service closes the connection"));
    String::from_utf8(text).expect("UTF-8")
}

/// SECURITY 39: whoever says nothing, or not all, is not waited for.
#[rstest]
#[case::nothing("", "")]
#[case::half_a_head("GET /user HTTP/1.1\r\nhost:", "HTTP/1.1 408 ")]
#[case::half_a_body(
    "POST /user/forgot HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
     connection: close\r\ncontent-length: 20\r\n\r\n{\"email\":",
    "HTTP/1.1 408 "
)]
#[tokio::test]
async fn a_client_that_stops_sending_is_let_go(#[case] bytes: &str, #[case] expected: &str) {
    let app = TestApp::with(Sqlite, &[("http.read_timeout", "1s")]).await;
    let mut stream = connect(&app).await;
    stream.write_all(bytes.as_bytes()).await.expect("written");
    let started = Instant::now();
    let answer = rest(&mut stream).await;
    assert!(
        started.elapsed() > Duration::from_millis(500),
        "not at once"
    );
    assert!(
        answer.is_empty() || answer.starts_with(expected),
        "{answer}"
    );
}

/// SECURITY 39: one byte now and then does not begin the time anew.
#[tokio::test]
async fn a_client_that_trickles_is_let_go() {
    let app = TestApp::with(Sqlite, &[("http.read_timeout", "1s")]).await;
    let mut stream = connect(&app).await;
    let trickle = async {
        stream.write_all(b"GET /user HTTP/1.1\r\n").await?;
        for number in 0_u64.. {
            stream
                .write_all(format!("x-{number}: y\r\n").as_bytes())
                .await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok::<_, std::io::Error>(())
    };
    let ended = timeout(LONG, trickle).await.expect("the service closes");
    assert!(ended.is_err(), "by closing the connection");
}

/// Asks for large answers and reads none of them; whether the service gave the client up.
async fn never_reads(app: &TestApp) -> bool {
    let address = app.url.strip_prefix("http://").expect("http");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a buffer");
    let address = address.parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("connected");
    let ask = async {
        loop {
            stream
                .write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")
                .await?;
        }
    };
    let asked: Result<Result<(), std::io::Error>, _> = timeout(LONG, ask).await;
    matches!(asked, Ok(Err(_)))
}

/// SECURITY 39.
#[tokio::test]
async fn a_client_that_never_reads_is_let_go() {
    let app = TestApp::with(Sqlite, &[("http.write_timeout", "1s")]).await;
    assert!(never_reads(&app).await, "the service closes the connection");
    app.get("/health/live").await.expect(200);
}

/// SECURITY 39: otherwise it would be MiB for each connection.
#[tokio::test]
async fn the_system_keeps_little_of_the_answers_that_a_client_does_not_read() {
    let listener = listen(([127, 0, 0, 1], 0).into()).expect("listens");
    let address = listener.local_addr().expect("an address");
    let _client = TcpStream::connect(address).await.expect("connected");
    let (accepted, _) = listener.accept().await.expect("accepted");
    let socket = TcpSocket::from_std_stream(accepted.into_std().expect("a socket"));
    let size = socket.send_buffer_size().expect("a size");
    assert!(size <= 256 * 1024, "{size} bytes");
}

/// Reads until there are so many answers in all; whether there will be.
async fn answers(stream: &mut TcpStream, count: usize) -> bool {
    let mut text = String::new();
    let mut part = [0; 4096];
    while text.matches("HTTP/1.1 200 ").count() < count {
        match timeout(LONG, stream.read(&mut part)).await {
            Ok(Ok(length @ 1..)) => text.push_str(&String::from_utf8_lossy(&part[..length])),
            _ => return false,
        }
    }
    true
}

/// SECURITY 39: otherwise a few hundred such clients would make everybody wait for seconds. The
/// service and the test share one thread, so the order is always the same.
#[tokio::test]
async fn a_client_that_does_not_wait_for_answers_takes_turns_with_others() {
    let app = TestApp::start(Sqlite).await;
    let (mut hasty, mut patient) = (connect(&app).await, connect(&app).await);
    for stream in [&mut hasty, &mut patient] {
        stream.write_all(LIVE).await.expect("written");
        assert!(answers(stream, 1).await);
    }
    hasty.write_all(&LIVE.repeat(100)).await.expect("written");
    patient.write_all(LIVE).await.expect("written");
    assert!(answers(&mut patient, 1).await);
    let mut early = vec![0; 1024 * 1024];
    let length = hasty.try_read(&mut early).unwrap_or(0);
    let early = String::from_utf8_lossy(&early[..length]);
    let count = early.matches("HTTP/1.1 200 ").count();
    assert!(count <= 4, "{count} answers were first");
    assert!(answers(&mut hasty, 100 - count).await, "all are answered");
}

/// SECURITY 39: who comes when all places are taken is served when one is free.
#[tokio::test]
async fn connections_over_the_limit_wait_for_a_place() {
    let app = TestApp::with(Sqlite, &[("http.max_connections", "2")]).await;
    let (mut one, mut two) = (connect(&app).await, connect(&app).await);
    for stream in [&mut one, &mut two] {
        stream.write_all(b"GET ").await.expect("written");
    }
    let mut three = connect(&app).await;
    three.write_all(LIVE).await.expect("written");
    let mut byte = [0];
    let early = timeout(Duration::from_millis(300), three.read_exact(&mut byte)).await;
    assert!(early.is_err(), "not served while the others are there");
    drop(one);
    timeout(LONG, three.read_exact(&mut byte))
        .await
        .expect("in time")
        .expect("served");
}

/// SECURITY 39: nobody keeps a place by asking again and again while others wait for it.
#[tokio::test]
async fn a_connection_ends_with_its_answer_while_all_places_are_taken() {
    let app = TestApp::with(Sqlite, &[("http.max_connections", "2")]).await;
    let mut waiting = connect(&app).await;
    waiting.write_all(b"GET ").await.expect("written");
    let mut busy = connect(&app).await;
    busy.write_all(LIVE).await.expect("written");
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

/// SECURITY 39: whatever a handler waits for, the client gets an answer.
#[tokio::test]
async fn a_handler_that_takes_too_long_is_given_up() {
    // Less than the configuration allows: nothing else ends this request first.
    let app = TestApp::custom(Sqlite, &[("http.read_timeout", "30s")], |config| {
        config.http.handler_timeout = Duration::from_secs(1);
    })
    .await;
    let mut stream = connect(&app).await;
    let head = "POST /user/forgot HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        connection: close\r\ncontent-length: 20\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("\"unavailable\"") {
        let read = timeout(LONG, stream.read_buf(&mut answer)).await;
        assert_ne!(read.expect("in time").expect("an answer"), 0, "{answer:?}");
    }
    let answer = String::from_utf8(answer).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: "), "{answer}");
}
