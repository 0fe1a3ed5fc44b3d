//! More logins than can be hashed: who is refused, how, and what those cost who go away.

use std::time::Duration;

use doorward::security::password_hash::HashParams;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::process::Process;
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
    let (address, request) = wrong_login(&app.url, "ann@example.com");
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

/// SECURITY 19: clients come by the thousand and go at any moment; what is in memory is one hash for
/// each thread, and little for each that waits.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_clients_that_hang_up_take_no_more_memory_than_the_threads_do(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let variables = [
        ("DATABASE_URL", &*database.url),
        ("DOORWARD__LIMITS__ENABLED", "false"),
        ("DOORWARD__PASSWORD__HASH_THREADS", "2"),
    ];
    let (process, client) = Process::start(folder.path(), &variables).await;
    let before = process.memory_kib("VmRSS");
    let mut answers = Vec::new();
    for wave in 0..8 {
        let mut leaving = JoinSet::new();
        for number in 0..250 {
            let (url, email) = (
                client.url.clone(),
                format!("user{wave}x{number}@example.com"),
            );
            leaving.spawn(async move {
                let (address, request) = wrong_login(&url, &email);
                let mut stream = TcpStream::connect(address).await.expect("connected");
                stream.write_all(request.as_bytes()).await.expect("sent");
                // Some are gone before they are read, some while they wait, some while they hash.
                (number % 10 == 0).then_some(stream)
            });
        }
        let stay: Vec<_> = leaving.join_all().await.into_iter().flatten().collect();
        let patient = format!("patient{wave}@example.com");
        answers.push(client.login(&patient, "wrong1").await.status);
        drop(stay);
    }
    assert!(answers.contains(&400), "somebody was served: {answers:?}");
    let most = process.memory_kib("VmHWM");
    // The defaults: 19 MiB for each hash.
    let hashes = 2 * 19_456;
    let few = 24 * 1024;
    assert!(
        most < before + hashes + few,
        "{before} KiB, and {most} KiB at most"
    );
    client.login("bob@example.com", "wrong1").await.expect(400);
}

/// Where to send a login with a wrong password, and what.
fn wrong_login<'u>(url: &'u str, email: &str) -> (&'u str, String) {
    let body = format!(r#"{{"email":"{email}","password":"wrong1"}}"#);
    let address = url.trim_start_matches("http://");
    let request = format!(
        "POST /user/login HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    (address, request)
}
