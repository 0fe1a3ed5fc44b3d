//! The database is away: no access for anybody, an early 503, and recovery without help.

use std::sync::Arc;
use std::time::Duration;

use doorward::app::App;
use doorward::clock::SystemClock;
use futures_util::future::join_all;
use rstest::rstest;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::support::own_postgres::OwnPostgres;
use crate::support::*;

/// The service waits 3 s for its database; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asserts a 503 that came in time and says when to come back.
async fn assert_unavailable(what: &str, answer: impl Future<Output = Answer>) {
    let asked = Instant::now();
    let answer = answer.await;
    let took = asked.elapsed();
    assert_eq!(
        (answer.status, answer.code()),
        (503, "unavailable"),
        "{what}: {}",
        answer.text
    );
    assert!((1..=60).contains(&answer.retry_after()), "{what}");
    assert!(took < PATIENCE, "{what} took {took:?}");
}

async fn assert_alive(app: &Client) {
    let asked = Instant::now();
    app.get("/health/live").await.expect(200);
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(1), "liveness took {took:?}");
}

/// Everything that needs the database says so, at the same time.
async fn assert_everything_unavailable(app: &TestApp, ann: &User) {
    let nobodys = "A".repeat(43);
    let all = async {
        tokio::join!(
            assert_unavailable("GET /user", ann.me()),
            assert_unavailable("login", ann.login()),
            assert_unavailable("create", app.try_register("eve@example.com", PASSWORD)),
            assert_unavailable("change", ann.change_password(PASSWORD, "xyz789")),
            assert_unavailable("forgot", ann.forgot()),
            assert_unavailable("reset", app.reset(&ann.email, &nobodys, "xyz789")),
            assert_unavailable("confirm", app.confirm(&ann.email, &nobodys)),
            assert_unavailable("ready", app.get("/health/ready")),
            assert_alive(app),
        );
    };
    Box::pin(all).await;
}

async fn assert_everything_served(app: &TestApp, ann: &User, newcomer: &str) {
    eventually("the service is ready again", async || {
        app.get("/health/ready").await.status == 200
    })
    .await;
    ann.me().await.expect(200);
    ann.login().await.expect(200);
    app.register(newcomer, PASSWORD)
        .await
        .me()
        .await
        .expect(200);
}

async fn start_on(postgres: &OwnPostgres) -> (TestApp, User) {
    let app = TestApp::with(Postgres, &[("database.url", &postgres.url())]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    (app, ann)
}

/// SECURITY 27 and 44.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_nobody_gets_in_and_with_it_everybody_does_again() {
    let postgres = OwnPostgres::start();
    let (app, ann) = start_on(&postgres).await;
    for newcomer in ["bob@example.com", "cid@example.com"] {
        postgres.stop_at_once();
        assert_everything_unavailable(&app, &ann).await;
        assert_everything_unavailable(&app, &ann).await;
        postgres.start_again();
        assert_everything_served(&app, &ann, newcomer).await;
    }
}

/// SECURITY 44. The server was away and came back between two requests: none of them is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_nobody_saw_costs_no_request() {
    let postgres = OwnPostgres::start();
    let (app, ann) = start_on(&postgres).await;
    join_all((0..20).map(|_| ann.login())).await;
    postgres.stop_at_once();
    // The pool tries a connection again that was idle for longer than half a second.
    sleep(Duration::from_millis(600)).await;
    postgres.start_again();
    for answer in join_all((0..20).map(|_| ann.me())).await {
        answer.expect(200);
    }
    ann.login().await.expect(200);
    app.register("bob@example.com", PASSWORD).await;
}

/// SECURITY 27 and 44. Connections stay open and say nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_nothing_is_not_waited_for() {
    let postgres = OwnPostgres::start();
    let (app, ann) = start_on(&postgres).await;
    postgres.freeze();
    assert_everything_unavailable(&app, &ann).await;
    assert_everything_unavailable(&app, &ann).await;
    postgres.thaw();
    assert_everything_served(&app, &ann, "bob@example.com").await;
}

/// SECURITY 43.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_free_connection_everybody_is_told_in_time(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let held = app.store.hold_all_connections().await.expect("held");
    assert_everything_unavailable(&app, &ann).await;
    drop(held);
    assert_everything_served(&app, &ann, "bob@example.com").await;
}

/// SECURITY 43. Who asks while others wait does not wait for them first.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn token_checks_that_come_one_after_the_other_are_all_told_in_time(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let held = app.store.hold_all_connections().await.expect("held");
    let checks = (0..20).map(async |number| {
        sleep(Duration::from_millis(number * 100)).await;
        assert_unavailable("GET /user", ann.me()).await;
    });
    join_all(checks).await;
    drop(held);
    assert_everything_served(&app, &ann, "bob@example.com").await;
}

/// SECURITY 44.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_starts_before_its_database_waits_for_it() {
    let postgres = OwnPostgres::stopped();
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::build(
        load_config(&folder, &postgres.url(), &[]),
        Arc::new(SystemClock),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let client = Client {
        url,
        http: reqwest::Client::new(),
    };
    let stop = CancellationToken::new();
    let served = app.expect("built").serve_on(listener, stop.clone(), |_| ());
    let served = tokio::spawn(served);

    assert_alive(&client).await;
    for _ in 0..3 {
        assert_unavailable("ready", client.get("/health/ready")).await;
        assert_unavailable("login", client.login("ann@example.com", PASSWORD)).await;
        assert_unavailable("create", client.try_register("ann@example.com", PASSWORD)).await;
        assert_unavailable("GET /user", client.me("a.b.c")).await;
    }
    // Longer than the first look for the database takes.
    sleep(doorward::store::PATIENCE + Duration::from_secs(1)).await;
    assert_unavailable("ready", client.get("/health/ready")).await;
    postgres.start_again();
    eventually("the service is ready", async || {
        client.get("/health/ready").await.status == 200
    })
    .await;
    let ann = client.register("ann@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    stop.cancel();
    served.await.expect("no panic").expect("it ended well");
}

/// SECURITY 44. A full disk is such a case: the disk has room again, and nothing else is wrong.
#[tokio::test]
async fn a_transaction_that_sqlite_rolled_back_by_itself_costs_no_later_request() {
    let app = TestApp::start(Sqlite).await;
    let rollback = "CREATE TRIGGER full BEFORE INSERT ON outbox
        BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
    app.database.execute(rollback).await;
    for number in 0..4 {
        let email = format!("ann{number}@example.com");
        app.try_register(&email, PASSWORD).await.expect(500);
    }
    app.database.execute("DROP TRIGGER full").await;
    for number in 0..4 {
        app.register(&format!("ann{number}@example.com"), PASSWORD)
            .await;
    }
}

/// A service that is told to stop while it still waits for its database does so.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_for_its_database_can_be_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let nobody = format!(
        "postgres://postgres@127.0.0.1:{}/x",
        own_postgres::free_port()
    );
    let app = App::build(load_config(&folder, &nobody, &[]), Arc::new(SystemClock)).expect("built");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stop = CancellationToken::new();
    let served = tokio::spawn(app.serve_on(listener, stop.clone(), |_| panic!("never ready")));
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), served).await;
    ended
        .expect("in time")
        .expect("no panic")
        .expect("it ended well");
}

/// A file that was damaged or replaced by another: other requests could not be answered either.
#[rstest]
#[tokio::test]
async fn without_its_tables_an_instance_is_not_ready(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.get("/health/ready").await.expect(200);
    let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
    app.database.execute(&rename("account_epoch", "gone")).await;
    eventually("it is not ready", async || {
        app.get("/health/ready").await.status == 503
    })
    .await;
    app.get("/health/live").await.expect(200);
    app.database.execute(&rename("gone", "account_epoch")).await;
    eventually("it is ready", async || {
        app.get("/health/ready").await.status == 200
    })
    .await;
}
