//! Mail through a real mail server: what arrives there, and what happens while it is away.

use mail_parser::MessageParser;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::smtp::{Certificates, SmtpServer, app_with, deliver, plain, waiting};
use crate::support::*;

#[rstest]
#[tokio::test]
async fn a_message_has_what_a_message_needs(#[values(Sqlite, Postgres)] engine: Engine) {
    let mut server = SmtpServer::start(&[]).await;
    let app = plain(engine, &server).await;
    app.register("Ann@Example.com", PASSWORD).await;
    assert_eq!(deliver(&app).await, 1);
    let told = server.next().await;
    assert_eq!(told["from"], "shop@example.org");
    assert_eq!(told["to"], json!(["Ann@Example.com"]));
    let text = told["message"].as_str().expect("a message");
    let message = MessageParser::default().parse(text).expect("a mail");
    assert_eq!(
        message
            .from()
            .and_then(|f| f.first())
            .and_then(|f| f.name()),
        Some("The shop")
    );
    let date = message.date().expect("a date").to_timestamp();
    assert!((chrono_now() - date).abs() < 600);
    assert!(
        message
            .message_id()
            .expect("an id")
            .ends_with("@example.org")
    );
    assert_eq!(
        message.header_raw("Auto-Submitted").map(str::trim),
        Some("auto-generated")
    );
    assert_eq!(
        message.header_raw("MIME-Version").map(str::trim),
        Some("1.0")
    );
    let content = message.header_raw("Content-Type").expect("a type");
    assert!(
        content.trim().starts_with("multipart/alternative;"),
        "{content}"
    );
    let mail = Mail::parse(text.as_bytes());
    assert!(mail.html.starts_with("<!doctype html>"));
    app.confirm(&mail.to, &mail.token()).await.expect(200);
    assert_eq!(waiting(&app).await, 0);
    assert_eq!(deliver(&app).await, 0);
}

#[rstest]
#[tokio::test]
async fn starttls_and_login_are_used_where_they_are_required(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let certificates = Certificates::make();
    let own = certificates.server();
    let options = ["--certificate", &own, "--tls", "starttls", "--user", "ann"];
    let mut server =
        SmtpServer::start(&[&options[..], &["--password", "p@ss/w:rd"]].concat()).await;
    let port = server.port;
    let url = format!("smtp://ann:p%40ss%2Fw%3Ard@localhost:{port}?tls=required");
    let app = app_with(engine, &url, &certificates.authority()).await;
    app.register("ann@example.com", PASSWORD).await;
    deliver(&app).await;
    let told = server.next().await;
    assert_eq!(
        (&told["tls"], &told["login"]),
        (&json!(true), &json!("ann"))
    );

    // A certificate that nobody vouches for, a wrong password, no TLS: the mail stays here.
    let other = Certificates::make();
    let wrong = format!("smtp://ann:wrong@localhost:{port}?tls=required");
    let unencrypted = format!("smtp://ann:p%40ss%2Fw%3Ard@localhost:{port}");
    for (url, authority) in [
        (&url, other.authority()),
        (&url, String::new()),
        (&wrong, certificates.authority()),
        (&unencrypted, certificates.authority()),
    ] {
        let app = app_with(engine, url, &authority).await;
        app.register("ann@example.com", PASSWORD).await;
        assert_eq!(deliver(&app).await, 1);
        assert_eq!(waiting(&app).await, 1);
    }
    assert_eq!(server.told().await, Vec::<Value>::new());
}

/// `tls=required` is not talked out of TLS by a server, or by somebody before it, that offers
/// none.
#[rstest]
#[tokio::test]
async fn a_server_without_starttls_gets_nothing_when_it_is_required() {
    let mut server = SmtpServer::start(&[]).await;
    let url = format!("smtp://ann:secret12@localhost:{}?tls=required", server.port);
    for authority in [String::new(), Certificates::make().authority()] {
        let app = app_with(Sqlite, &url, &authority).await;
        app.register("ann@example.com", PASSWORD).await;
        deliver(&app).await;
        assert_eq!(waiting(&app).await, 1);
    }
    assert_eq!(server.told().await, Vec::<Value>::new());
}

#[rstest]
#[tokio::test]
async fn smtps_speaks_tls_from_the_first_byte(#[values(Sqlite, Postgres)] engine: Engine) {
    let certificates = Certificates::make();
    let own = certificates.server();
    let mut server = SmtpServer::start(&["--certificate", &own, "--tls", "wrapped"]).await;
    let url = format!("smtps://localhost:{}", server.port);
    let app = app_with(engine, &url, &certificates.authority()).await;
    app.register("ann@example.com", PASSWORD).await;
    deliver(&app).await;
    assert_eq!(server.next().await["to"], json!(["ann@example.com"]));
    let stranger = app_with(engine, &url, &Certificates::make().authority()).await;
    stranger.register("ann@example.com", PASSWORD).await;
    deliver(&stranger).await;
    assert_eq!(
        (waiting(&stranger).await, server.told().await.len()),
        (1, 0)
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a message's date is the machine's"
)]
fn chrono_now() -> i64 {
    chrono::Utc::now().timestamp()
}
