//! The lockout against an attacker who asks for everything at once, or hangs up.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use doorward::security::password_hash::HashParams;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::*;

const GUESSES: u64 = 200;

/// `password.hash_threads` of every [`TestApp`].
const THREADS: u64 = 2;

/// Sends all guesses at once, taking turns among the instances, and gives the answers' codes.
async fn guess_at_once(clients: &[Client], email: &str) -> Vec<String> {
    let barrier = Arc::new(Barrier::new(usize::try_from(GUESSES).expect("fits")));
    let mut guesses = JoinSet::new();
    for (number, client) in (0..GUESSES).zip(clients.iter().cycle()) {
        let (client, barrier) = (client.clone(), Arc::clone(&barrier));
        let email = email.to_owned();
        guesses.spawn(async move {
            barrier.wait().await;
            client
                .login(&email, &format!("wrong{number}"))
                .await
                .code()
                .to_owned()
        });
    }
    guesses.join_all().await
}

/// SECURITY 9: each slot is held until its failure is counted, and there is one slot more than
/// there are threads. So when the failure that locks is counted, at most `THREADS` other
/// guesses are under way: 5 + 2.
#[rstest]
#[case("ann@example.com")]
#[case("eve@example.com")] // has no account
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_parallel_guesses_cost_five_hashes_and_one_for_each_thread(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] email: &str,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    for _ in 0..4 {
        let before = app.hashes.computed();
        let codes = guess_at_once(slice::from_ref(&*app), email).await;
        let hashes = app.hashes.computed() - before;
        assert!((5..=5 + THREADS).contains(&hashes), "{hashes} hashes");
        let wrong = codes
            .iter()
            .filter(|code| *code == "wrong_credentials")
            .count();
        assert_eq!(
            wrong as u64, hashes,
            "who was not hashed was told that it is locked"
        );
        assert!(
            codes
                .iter()
                .all(|code| code == "wrong_credentials" || code == "account_locked")
        );
        assert_eq!(app.login(email, PASSWORD).await.code(), "account_locked");
        app.clock.advance(app.config.lockout.freeze);
    }
}

/// SECURITY 9 with two instances: each has its own slots, so four counted failures leave room
/// for `2 * (THREADS + 1)` guesses that are under way.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_instance_adds_no_more_than_its_slots(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    app.register("ann@example.com", PASSWORD).await;
    for _ in 0..4 {
        let before = app.hashes.computed() + other.hashes.computed();
        let codes = guess_at_once(&[app.clone(), other.clone()], "ann@example.com").await;
        let hashes = app.hashes.computed() + other.hashes.computed() - before;
        assert!(
            (5..=4 + 2 * (THREADS + 1)).contains(&hashes),
            "{hashes} hashes"
        );
        assert!(
            codes
                .iter()
                .all(|code| code == "wrong_credentials" || code == "account_locked")
        );
        for client in [&app, &other] {
            let locked = client.login("ann@example.com", PASSWORD).await;
            locked.expect_problem(403, "account_locked");
        }
        app.clock.advance(app.config.lockout.freeze);
    }
}

/// The row of the address.
const FAILURES: &str = "SELECT CAST(COALESCE(MAX(failures), 0) AS bigint) FROM login_failures
    WHERE email_key = 'ann@example.com'";

/// SECURITY 9: hanging up is no way to guess without being counted.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_guess_counts_although_the_client_hangs_up(#[values(Sqlite, Postgres)] engine: Engine) {
    // Slow enough that the connection is long closed when the hash is there.
    let slow = HashParams {
        memory_kib: 32 * 1024,
        iterations: 8,
    };
    let app = TestApp::custom(engine, &[], |config| config.password.hash = slow).await;
    app.register("ann@example.com", PASSWORD).await;
    for guess in 1..=5 {
        let before = app.hashes.computed();
        hang_up_after_login(&app, guess, || app.hashes.computed() > before).await;
        let counted = async {
            while app.database.number(FAILURES).await < guess {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), counted)
            .await
            .expect("the failure is counted");
        assert_eq!(app.database.number(FAILURES).await, guess);
    }
    app.login("ann@example.com", PASSWORD)
        .await
        .expect_problem(403, "account_locked");
}

/// Sends a login and closes the connection as soon as the hash is begun.
async fn hang_up_after_login(app: &TestApp, guess: i64, begun: impl Fn() -> bool) {
    let address = app.url.strip_prefix("http://").expect("a URL");
    let body = format!(r#"{{"email":"ann@example.com","password":"wrong{guess}"}}"#);
    let request = format!(
        "POST /user/login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let hashing = async {
        while !begun() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), hashing)
        .await
        .expect("the hash is begun");
    drop(stream);
}
