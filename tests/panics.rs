//! A bug that panics costs the request it is in, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use doorward::app::App;
use doorward::clock::{Clock, ManualClock};
use doorward::http::{self, Stage, server};
use rstest::rstest;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::*;

/// A clock that panics once, when it is asked for the n-th time.
#[derive(Debug)]
struct FragileClock {
    clock: Arc<ManualClock>,
    /// Zero and below: it does not panic.
    left: AtomicI64,
}

impl Clock for FragileClock {
    fn now(&self) -> DateTime<Utc> {
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        assert_ne!(left, 1, "canary-of-the-panic");
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// Another instance on the app's database, with the fragile clock.
async fn fragile(app: &TestApp) -> (Client, Arc<FragileClock>) {
    let clock = Arc::new(FragileClock {
        clock: Arc::clone(&app.clock),
        left: AtomicI64::new(0),
    });
    let other = App::build(app.config.clone(), clock.clone()).expect("built");
    other.stage.send_replace(Stage::Serving);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let limits = doorward::app::connection_limits(&app.config);
    let serve = server::serve(
        listener,
        http::router(other.state),
        limits,
        other.metrics.connections.public,
        CancellationToken::new(),
    );
    tokio::spawn(async move {
        let _kept = other.stage;
        serve.await;
    });
    (
        Client {
            url,
            http: reqwest::Client::new(),
        },
        clock,
    )
}

/// SECURITY 42: wherever it happens, also while a hashing slot or a connection is held.
#[rstest]
#[tokio::test]
async fn a_panic_is_a_500_and_the_process_lives(#[values(Sqlite, Postgres)] engine: Engine) {
    let settings = [
        ("limits.enabled", "false"),
        ("database.max_connections", "2"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let (client, clock) = fragile(&app).await;
    let mut panics = 0;
    for call in 1..=4 {
        for number in 0..5 {
            clock.left.store(call, Ordering::Relaxed);
            let answer = match number {
                0 => client.me(&ann.token).await,
                1 => client.login("ann@example.com", PASSWORD).await,
                2 => client.login("ann@example.com", "wrong1").await,
                3 => client.forgot("ann@example.com").await,
                _ => {
                    client
                        .try_register(&format!("new{call}@example.com"), PASSWORD)
                        .await
                }
            };
            let panicked = clock.left.swap(0, Ordering::Relaxed) < 1;
            assert_eq!(
                answer.status == 500,
                panicked,
                "{call} {number}: {}",
                answer.text
            );
            if panicked {
                panics += 1;
                assert_eq!(
                    answer.body,
                    json!({
                        "type": "about:blank", "title": "Internal Server Error", "status": 500,
                        "detail": "Something went wrong on our side", "code": "internal",
                        "err_msg": "Something went wrong on our side",
                    })
                );
                assert_eq!(answer.header("x-content-type-options"), "nosniff");
                assert_ne!(answer.header("x-request-id"), "");
            }
            // More often than there are connections and slots: none of them was lost.
            for _ in 0..4 {
                client.login("ann@example.com", PASSWORD).await.expect(200);
            }
        }
    }
    assert!(panics >= 7, "{panics}");
}
