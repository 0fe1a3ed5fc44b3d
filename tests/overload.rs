//! More logins than can be hashed: who is refused, how, and what those cost who go away.

use std::time::Duration;

use doorward::security::password_hash::HashParams;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::*;

/// Overload is a normal state: who cannot be served in time is told so before anything is spent,
/// with the time after which to come back, and everything works again afterwards.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_would_wait_too_long_for_a_hash_is_told_when_to_come_back(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let slow = HashParams {
        memory_kib: 8 * 1024,
        iterations: 16,
    };
    let app = TestApp::custom(engine, &[("password.hash_wait", "100ms")], |config| {
        config.password.hash = slow;
    })
    .await;
    app.register("ann@example.com", PASSWORD).await;
    let mut logins = JoinSet::new();
    for number in 0..300 {
        let (app, email) = (app.clone(), format!("user{number}@example.com"));
        logins.spawn(async move { app.login(&email, PASSWORD).await });
    }
    let answers = logins.join_all().await;
    let (refused, served): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 503);
    assert!(!refused.is_empty() && !served.is_empty());
    for answer in refused {
        let answer = answer.expect_problem(503, "overloaded");
        let after = answer.retry_after();
        assert!((1..60).contains(&after), "{after} s");
    }
    for answer in served {
        answer.expect_problem(400, "wrong_credentials");
    }
    app.login("ann@example.com", PASSWORD).await.expect(200);
}

/// SECURITY 19: who hangs up while waiting for a turn costs no hash.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_in_the_queue_costs_no_hash(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let slow = HashParams {
        memory_kib: 128 * 1024,
        iterations: 16,
    };
    let app = TestApp::custom(engine, &[], |config| config.password.hash = slow).await;
    let mut clients = Vec::new();
    let body = r#"{"email":"ann@example.com","password":"wrong1"}"#;
    let address = app.url.trim_start_matches("http://");
    let request = format!(
        "POST /user/login HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..50 {
        let mut client = TcpStream::connect(address).await.expect("connected");
        client.write_all(request.as_bytes()).await.expect("sent");
        clients.push(client);
    }
    // Two are being hashed, the account has one slot more, and the others wait for these.
    eventually("the threads are at work", async || {
        app.hashes.computed() >= 2
    })
    .await;
    sleep(Duration::from_millis(100)).await;
    drop(clients);
    eventually("the third is hashed", async || app.hashes.computed() >= 3).await;
    // It would take this long to begin with the next.
    app.login("bob@example.com", "wrong1")
        .await
        .expect_problem(400, "wrong_credentials");
    assert_eq!(app.hashes.computed(), 4);
}
