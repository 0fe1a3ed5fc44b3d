//! No secret gets anywhere but where it belongs: not into logs, answers or the database, with
//! everything logged that can be.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::security::one_time_token::OneTimeToken;
use rstest::rstest;
use serde_json::json;

use crate::support::binary::Program;
use crate::support::canaries::*;
use crate::support::forms::forms;
use crate::support::*;

/// SECURITY 33.
#[rstest]
#[tokio::test]
async fn no_secret_and_no_address_is_logged_answered_or_stored(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let jwt_secret = OneTimeToken::generate()
        .expect("random bytes")
        .reveal()
        .to_string();
    let mail = [("DOORWARD__MAIL__TRANSPORT", "file")];
    let mut served = serve(&database, &jwt_secret, &mail).await;
    let mut canaries = Canaries {
        jwt_secret,
        tokens: Vec::new(),
        answers: Vec::new(),
    };
    canaries.through_everything(&served).await;
    let dump = Dump::of(&database).await;
    // Faults of ours and of the database, with a statement and its values in hand.
    database
        .execute("ALTER TABLE outbox RENAME TO outbox_away")
        .await;
    for (path, field) in [("/user/forgot", "email"), ("/user/create", "password")] {
        let body = json!({ "email": "canary.bob@example.com", field: PASSWORDS[4],
            "password_confirm": PASSWORDS[4] });
        let body = if field == "email" {
            json!({ "email": EMAIL })
        } else {
            body
        };
        let client = served.serving.client.clone();
        canaries.post(&client, None, path, body).await.expect(500);
    }
    assert_eq!(served.serving.terminate().await, 0);

    let (stdout, stderr) = (served.serving.stdout(), served.serving.stderr());
    assert!(stderr.contains("DEBUG"), "everything is logged");
    assert!(
        stderr.contains("mail sent") && stderr.contains("internal error"),
        "{stderr}"
    );
    assert!(!stderr.contains("panicked"), "{stderr}");
    for (place, text) in [("stdout", &stdout), ("stderr", &stderr)] {
        canaries.assert_absent(place, text);
        // The line to try the service with has an address of its own.
        assert_no_address(place, text);
    }
    for answer in &canaries.answers {
        let problem = !answer.contains("\"token\"");
        if problem {
            canaries.assert_absent("an answer", answer);
            assert_no_address("an answer", answer);
        }
    }
    assert!(
        dump.has_text("Canary.Ann@Example.com"),
        "the search finds what is there"
    );
    // While it served, with what was not yet written back, and after its end.
    for dump in [dump, Dump::of(&database).await] {
        canaries.assert_absent("the database", &dump.text());
    }
    let folder = served.program.folder.path();
    for file in fs::read_dir(folder.join("data")).expect("a folder") {
        let name = file.expect("an entry").file_name();
        assert_eq!(name, "mails", "what else is in the data directory");
    }
}

/// The search itself.
#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "canary re\u{301}set/1?";
    let composed = "canary r\u{e9}set/1?";
    for text in [
        format!("x{secret}y"),
        format!("{:?}", [composed]),
        format!("{:?}", [secret]),
        serde_json::json!([secret, 1]).to_string(),
        "x=canary%20r%C3%A9set%2F1%3F&y".to_owned(),
        "63616e617279207265cc817365742f313f".to_owned(),
        format!("{:?}", composed.as_bytes()),
        STANDARD.encode(format!("\0user\0{secret}")),
        STANDARD.encode(format!("\0us\0{composed}")),
        URL_SAFE_NO_PAD.encode(format!("u\0{secret}more")),
    ] {
        assert!(
            forms(secret).iter().any(|form| text.contains(form)),
            "{text}"
        );
    }
}

/// SECURITY 33: logs for machines, and a mail server that cannot be reached.
#[rstest]
#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_logged_without_its_recipient_and_the_servers_password(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let jwt_secret = OneTimeToken::generate()
        .expect("random bytes")
        .reveal()
        .to_string();
    let mail = [
        ("DOORWARD__MAIL__TRANSPORT", "smtp"),
        ("DOORWARD__TELEMETRY__LOG_FORMAT", "json"),
    ];
    let mut served = serve(&database, &jwt_secret, &mail).await;
    let client = served.serving.client.clone();
    let mut canaries = Canaries {
        jwt_secret,
        tokens: Vec::new(),
        answers: Vec::new(),
    };
    let body = json!({ "email": EMAIL, "password": PASSWORDS[0],
        "password_confirm": PASSWORDS[0] });
    let token = canaries
        .post(&client, None, "/user/create", body)
        .await
        .expect(201)
        .token();
    canaries.tokens.push(token);
    for _ in 0..500 {
        if database
            .number("SELECT COUNT(last_error) FROM outbox")
            .await
            > 0
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(served.serving.terminate().await, 0);
    let output = format!("{}{}", served.serving.stdout(), served.serving.stderr());
    assert!(output.contains("a mail was not taken"), "{output}");
    canaries.assert_absent("the log", &output);
    assert_no_address("the log", &output);
    let dump = Dump::of(&database).await;
    canaries.assert_absent("the database", &dump.text());
}

/// SECURITY 33: the secret that is made for development stays in its file.
#[tokio::test]
async fn the_made_secret_is_in_its_file_alone() {
    let program = Program::new().set("DOORWARD__TELEMETRY__LOG_LEVEL", "trace");
    let mut serving = program.serve().await;
    serving
        .client
        .try_register(EMAIL, PASSWORDS[0])
        .await
        .expect(201);
    assert_eq!(serving.terminate().await, 0);
    let secret = fs::read_to_string(program.folder.path().join("data/jwt_secret"));
    let secret = secret.expect("made");
    assert!(secret.trim().len() >= 43);
    let shown = program.run(&["check-config"]).await.expect(0);
    for text in [serving.stdout(), serving.stderr(), shown.output()] {
        assert!(!text.contains(secret.trim()), "{text}");
    }
}
