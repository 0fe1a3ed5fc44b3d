//! What somebody types as an address never becomes a second recipient or another header.

use mail_parser::MessageParser;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::smtp::SmtpServer;
use crate::support::*;

async fn app_at(engine: Engine, server: &SmtpServer) -> TestApp {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let settings = [("mail.transport", "smtp"), ("mail.smtp_url", url.as_str())];
    TestApp::with(engine, &settings).await
}

/// SECURITY 35.
#[rstest]
#[tokio::test]
async fn nothing_but_one_plain_address_gets_as_far_as_the_mail_server(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let mut server = SmtpServer::start(&["--utf8"]).await;
    let app = app_at(engine, &server).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for typed in [
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\nBcc: eve@example.com",
        "ann@example.com\r",
        "ann@example.com\n",
        "\nann@example.com",
        "ann@example.com\0",
        "an\0n@example.com",
        "ann@example.com>\r\nRCPT TO:<eve@example.com",
        "ann@example.com,eve@example.com",
        "ann@example.com;eve@example.com",
        "ann@example.com eve@example.com",
        "ann,eve@example.com",
        "ann@example.com@eve.example",
        "Ann <ann@example.com>",
        "<ann@example.com>",
        "ann@example.com>",
        "\"ann\"@example.com",
        "\"ann@example.com\" <eve@example.com>",
        "ann(comment)@example.com",
        "ann%eve.example@[127.0.0.1]",
        "ann@\u{2028}example.com",
        "ann@example.com\u{85}",
        "ann@example.com\u{b}",
        "@relay.example:ann@example.com",
        "group:ann@example.com;",
        // aiosmtpd, for one, decodes these: to ann@example.com, and to eve@evil.example.
        "=?utf-8?q?ann?=@example.com",
        "=?utf-8?q?eve=40evil.example=3e?=@example.com",
        "x=?iso-8859-1?b?YW5u?=@example.com",
    ] {
        let twice = json!({
            "email": typed, "password": PASSWORD, "password_confirm": PASSWORD,
            "reset_token": "A".repeat(43), "confirm_token": "A".repeat(43),
            "new_password": PASSWORD, "new_password_confirm": PASSWORD,
        });
        for path in [
            "/user/create",
            "/user/forgot",
            "/user/confirm/resend",
            "/user/confirm",
            "/user/reset_password",
        ] {
            let answer = app.post(path, twice.clone()).await;
            answer.expect_problem(400, "invalid_email");
        }
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 1);
    ann.forgot().await.expect(200);
    while app.outbox.deliver_due().await.expect("readable") > 0 {}
    let told = server.told().await;
    assert_eq!(told.len(), 2, "the owner's own two mails");
    for told in told {
        assert_eq!(told["to"], json!(["ann@example.com"]));
        assert_only_recipient(&told, "ann@example.com");
    }
}

/// SECURITY 35: everything that the header syntax gives a meaning and that an address may hold.
#[rstest]
#[case("o'neil+tag/x=y?{z}|~`!#$%&*^_-@example.com")]
#[case("a.long.local.part.that.has.to.be.folded.somewhere.if.anywhere@a-domain.example.com")]
#[tokio::test]
async fn a_strange_address_is_still_the_only_recipient(#[case] email: &str) {
    let mut server = SmtpServer::start(&[]).await;
    let app = app_at(Sqlite, &server).await;
    app.register(email, PASSWORD).await;
    assert_eq!(app.outbox.deliver_due().await.expect("readable"), 1);
    let told = server.next().await;
    assert_eq!(told["to"], json!([email]));
    assert_only_recipient(&told, email);
}

/// A domain in another script has an ASCII form, which every mail server understands.
#[rstest]
#[case("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example")]
#[case("Ann@B\u{dc}CHER.example", "Ann@xn--bcher-kva.example")]
#[case("ann@example\u{3002}com", "ann@example.com")]
#[tokio::test]
async fn a_domain_in_another_script_needs_no_special_mail_server(
    #[case] typed: &str,
    #[case] mailed: &str,
) {
    let mut server = SmtpServer::start(&[]).await;
    let app = app_at(Sqlite, &server).await;
    app.register(typed, PASSWORD).await;
    assert_eq!(app.outbox.deliver_due().await.expect("readable"), 1);
    assert_eq!(server.next().await["to"], json!([mailed]));
}

/// RFC 6531: a local part in another script does need one.
#[rstest]
#[tokio::test]
async fn a_local_part_in_another_script_is_mailed_where_the_server_can() {
    let mut server = SmtpServer::start(&["--utf8"]).await;
    let app = app_at(Sqlite, &server).await;
    app.register("j\u{f6}rg@example.com", PASSWORD).await;
    assert_eq!(app.outbox.deliver_due().await.expect("readable"), 1);
    assert_eq!(server.next().await["to"], json!(["j\u{f6}rg@example.com"]));

    let mut old = SmtpServer::start(&[]).await;
    let app = app_at(Sqlite, &old).await;
    app.register("j\u{f6}rg@example.com", PASSWORD).await;
    assert_eq!(app.outbox.deliver_due().await.expect("readable"), 1);
    assert_eq!(
        app.database
            .number("SELECT COUNT(sent_at) FROM outbox")
            .await,
        0
    );
    assert_eq!(old.told().await, Vec::<Value>::new());
}

#[track_caller]
fn assert_only_recipient(told: &Value, email: &str) {
    let text = told["message"].as_str().expect("a message");
    let (headers, _) = text.split_once("\r\n\r\n").expect("headers");
    let message = MessageParser::default().parse(text).expect("a mail");
    let to = message.to().expect("a recipient");
    let addresses: Vec<_> = to.iter().filter_map(|to| to.address()).collect();
    assert_eq!(addresses, [email], "{headers}");
    assert!(
        message.cc().is_none() && message.bcc().is_none(),
        "{headers}"
    );
    let names = headers
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']));
    let recipients = names.filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        ["to", "cc", "bcc", "resent-to"].contains(&name.as_str())
    });
    assert_eq!(recipients.count(), 1, "{headers}");
}
