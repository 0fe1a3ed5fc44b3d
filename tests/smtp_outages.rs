//! A mail server that refuses, is away, hangs or drops the connection: no answer changes, and
//! the mails go out when it is back.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::support::smtp::{SmtpServer, app_with, deliver, plain, waiting};
use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_mins(5);

/// SECURITY 37.
#[rstest]
#[case::for_a_while("421", "rcpt")]
#[case::greylisted("451", "rcpt")]
#[case::full("452", "data")]
#[case::unknown("550", "rcpt")]
#[case::spam("554", "data")]
#[tokio::test]
async fn a_refused_mail_goes_out_once_it_is_taken(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] status: &str,
    #[case] at: &str,
) {
    let mut server = SmtpServer::start(&["--at", at, "--refuse", status, "--times", "2"]).await;
    let app = plain(engine, &server).await;
    app.register("ann@example.com", PASSWORD).await;
    for _ in 0..2 {
        assert_eq!(deliver(&app).await, 1);
        assert_eq!(
            (waiting(&app).await, deliver(&app).await),
            (1, 0),
            "it waits its turn"
        );
        app.clock.advance(SECOND * 30);
    }
    let error = app.database.text("SELECT last_error FROM outbox").await;
    assert!(
        error.contains("refused on purpose"),
        "the server's own words: {error}"
    );
    assert_eq!(deliver(&app).await, 1);
    let mail = Mail::parse(
        server.next().await["message"]
            .as_str()
            .expect("a message")
            .as_bytes(),
    );
    app.confirm(&mail.to, &mail.token()).await.expect(200);
    assert_eq!(waiting(&app).await, 0);
}

/// SECURITY 37: also after many attempts while it was away.
#[rstest]
#[tokio::test]
async fn mails_wait_for_a_server_that_is_down(#[values(Sqlite, Postgres)] engine: Engine) {
    // An address of its own, so that no other test takes the port meanwhile.
    let first = SmtpServer::start(&["--host", "127.0.0.2"]).await;
    let port = first.port;
    drop(first);
    let app = app_with(engine, &format!("smtp://127.0.0.2:{port}"), "").await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for _ in 0..6 {
        deliver(&app).await;
        app.clock.advance(SECOND * 400);
    }
    // Nothing of it can be seen from outside.
    ann.login().await.expect(200);
    ann.change_password(PASSWORD, "new1234").await.expect(200);
    let known = ann.forgot().await.expect(200);
    assert_eq!(app.forgot("nobody@example.com").await.text, known.text);

    let mut server = SmtpServer::start(&["--host", "127.0.0.2", "--port", &port.to_string()]).await;
    app.clock.advance(Duration::from_hours(1));
    while deliver(&app).await > 0 {}
    let told = server.told().await;
    assert_eq!(told.len(), 3, "confirm, reset, password changed");
    assert_eq!(waiting(&app).await, 0);
}

/// SECURITY 36, 37.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_up_nobody(#[values(Sqlite, Postgres)] engine: Engine) {
    let mut hanging = SmtpServer::start(&["--host", "127.0.0.3", "--hang", "1000"]).await;
    let port = hanging.port.to_string();
    let app = app_with(engine, &format!("smtp://127.0.0.3:{port}"), "").await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let requests = async {
        while hanging.next().await["hangs"] != true {}
        ann.login().await.expect(200);
        ann.me().await.expect(200);
        ann.forgot().await.expect(200);
        app.register("bob@example.com", PASSWORD).await;
        assert_eq!(
            waiting(&app).await,
            3,
            "the server has the first still in hand"
        );
    };
    // The worker dies with the mail in hand.
    tokio::select! {
        _ = deliver(&app) => panic!("the server answered"),
        () = requests => {}
    }
    drop(hanging);
    let mut server = SmtpServer::start(&["--host", "127.0.0.3", "--port", &port]).await;
    while deliver(&app).await > 0 {}
    assert_eq!((server.told().await.len(), waiting(&app).await), (2, 1));
    app.clock.advance(LEASE);
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(server.next().await["to"], json!(["ann@example.com"]));
    assert_eq!(waiting(&app).await, 0);
}

/// SECURITY 37.
#[rstest]
#[tokio::test]
async fn a_connection_that_is_dropped_in_the_middle_is_no_success(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let server = SmtpServer::start(&["--hang", "0.1"]).await;
    let app = plain(engine, &server).await;
    app.register("ann@example.com", PASSWORD).await;
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(waiting(&app).await, 1);
    app.clock.advance(SECOND * 30);
    assert_eq!(deliver(&app).await, 1, "and tried again");
    let tried = "SELECT COUNT(*) FROM outbox WHERE attempts = 2 AND last_error <> ''";
    assert_eq!(app.database.number(tried).await, 1);
}
