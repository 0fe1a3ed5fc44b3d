//! `doorward doctor`, and what is made from the description of the command line.

use std::os::unix::fs::PermissionsExt as _;

use rstest::rstest;
use serde_json::Value;

use crate::support::binary::{Program, Ran};
use crate::support::smtp::{Certificates, SmtpServer};
use crate::support::*;

/// How the check ended, and what it said: `ok …`, `failed …`.
fn finding(ran: &Ran, check: &str) -> String {
    let checks = ran.json()["checks"].clone();
    let checks = checks.as_array().expect("a list");
    let found = checks.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check}: {}", ran.stdout));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text("result"), text("detail"), text("advice"))
}

#[track_caller]
fn assert_finding(ran: &Ran, check: &str, start: &str, part: &str) {
    let found = finding(ran, check);
    assert!(found.starts_with(start) && found.contains(part), "{found}");
}

#[rstest]
#[tokio::test]
async fn a_service_that_works_is_found_well(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let program = Program::beside(&app);
    let before = app.database.number("SELECT COUNT(*) FROM mail_quota").await;
    let ran = program.run(&["doctor", "--json"]).await.expect(0);
    let version = app.database.text(match engine {
        Sqlite => "SELECT sqlite_version()",
        Postgres => "SHOW server_version",
    });
    for (check, part) in [
        ("configuration", "development"),
        ("signing secret", "made by doorward"),
        ("database", &format!("answers (version {}", version.await)),
        ("migrations", "all 8 are applied"),
        ("writing", "taken away again"),
        ("open files", "may be open"),
    ] {
        assert_finding(&ran, check, "ok ", part);
    }
    assert_finding(&ran, "mail", "warning ", "no mail is sent");
    // A busy machine is slow, and that is what is said then.
    assert_finding(&ran, "hashing", "", "logins a second on");
    if engine == Postgres {
        assert_finding(&ran, "clock", "", "ms ahead of ours");
    }
    assert_eq!(ran.json()["failed"], 0);
    let after = app.database.number("SELECT COUNT(*) FROM mail_quota").await;
    assert_eq!(after, before);
    // For people: a line each, and what to do below it.
    let text = program.run(&["doctor"]).await.expect(0).stdout;
    assert!(text.contains("ok       database       "), "{text}");
    assert!(
        text.contains("\n                        set mail.transport"),
        "{text}"
    );
}

#[tokio::test]
async fn the_doctor_makes_nothing() {
    let program = Program::new();
    let ran = program.run(&["doctor", "--json"]).await.expect(0);
    assert_finding(&ran, "database", "warning ", "is not there yet");
    assert_finding(&ran, "signing secret", "ok ", "at the first start");
    assert!(!program.folder.path().join("data").exists());
}

#[tokio::test]
async fn a_database_that_others_can_read_is_named() {
    let app = TestApp::start(Sqlite).await;
    let program = Program::beside(&app);
    let ran = program.run(&["doctor", "--json"]).await.expect(0);
    assert!(!ran.stdout.contains("database file"), "{}", ran.stdout);
    let path = app.database.url.strip_prefix("sqlite://").expect("a file");
    let readable = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(path, readable).expect("changed");
    let ran = program.run(&["doctor", "--json"]).await.expect(0);
    assert_finding(
        &ran,
        "database file",
        "warning ",
        "can be read by others chmod 600",
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_database_is_said_with_what_to_do() {
    let away = "postgres://u:canary@127.0.0.1:9/x";
    let program = Program::new().set("DATABASE_URL", away);
    let ran = program.run(&["doctor", "--json"]).await.expect(1);
    assert_finding(&ran, "database", "failed ", "look whether it runs");
    assert!(!ran.output().contains("canary"));
    assert!(
        ran.stderr.contains("1 of the checks failed"),
        "{}",
        ran.stderr
    );

    let database = TestDatabase::empty_postgres().await;
    let program = Program::new().set("DATABASE_URL", &database.url);
    for _ in 0..2 {
        let ran = program.run(&["doctor", "--json"]).await.expect(0);
        assert_finding(&ran, "migrations", "warning ", "8 are still to be applied");
    }
    program.run(&["migrate"]).await.expect(0);
    let name = database.text("SELECT current_database()::text").await;
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.execute(&read_only).await;
    let ran = program.run(&["doctor", "--json"]).await.expect(1);
    assert_finding(&ran, "writing", "failed ", "read-only");
    assert_finding(&ran, "migrations", "ok ", "");
}

#[rstest]
#[tokio::test]
async fn a_database_of_another_version_does_not_fit(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let program = Program::beside(&app);
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time)
        SELECT 99, 'newer', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    app.database.execute(newer).await;
    let ran = program.run(&["doctor", "--json"]).await.expect(1);
    assert_finding(&ran, "migrations", "failed ", "[99]");
    let changed = "DELETE FROM _sqlx_migrations WHERE version = 99;
        UPDATE _sqlx_migrations SET version = 98 WHERE version = 2";
    app.database.execute(changed).await;
    let ran = program.run(&["doctor", "--json"]).await.expect(1);
    assert_finding(&ran, "migrations", "failed ", "[98]");
}

#[tokio::test]
async fn the_mail_server_is_tried_with_tls_and_login_and_gets_no_mail() {
    let certificates = Certificates::make();
    let own = certificates.server();
    let options = ["--certificate", &own, "--tls", "starttls", "--user", "ann"];
    let options = [&options[..], &["--password", "right12"]].concat();
    let mut server = SmtpServer::start(&options).await;
    let url = |password: &str| {
        let port = server.port;
        format!("smtp://ann:{password}@localhost:{port}?tls=required")
    };
    let with = |url: &str, authority: &str| {
        Program::new()
            .set("DOORWARD__MAIL__TRANSPORT", "smtp")
            .set("DOORWARD__MAIL__FROM", "The shop <shop@example.org>")
            .set("DOORWARD__MAIL__SMTP_URL", url)
            .set("DOORWARD__MAIL__SMTP_CA_FILE", authority)
    };
    let authority = certificates.authority();
    let doctor = ["doctor", "--json"];
    let (right, wrong) = (url("right12"), url("canary1"));
    let ran = with(&right, &authority).run(&doctor).await.expect(0);
    assert_finding(&ran, "mail", "ok ", "nothing was sent");
    let ran = with(&wrong, &authority).run(&doctor).await.expect(1);
    assert_finding(&ran, "mail", "failed ", "did not let us in");
    assert!(!ran.output().contains("canary1"), "{}", ran.output());
    let stranger = Certificates::make();
    let ran = with(&right, &stranger.authority());
    let ran = ran.run(&doctor).await.expect(1);
    assert_finding(&ran, "mail", "failed ", "certificate");
    let nobody = "smtp://127.0.0.1:9";
    let ran = with(nobody, "").run(&doctor).await.expect(1);
    assert_finding(&ran, "mail", "failed ", "mail.smtp_url");
    assert_eq!(server.told().await, Vec::<Value>::new());
}

#[tokio::test]
async fn settings_that_are_no_good_in_production_are_named() {
    let secret = "Vq3n0pXkZ8rT5wLbYs1cJd7hGf2mAe9uKo4iRxNvBz6=";
    let program = Program::new()
        .set("DOORWARD_ENV", "production")
        .set("JWT_SECRET", secret)
        .set("DOORWARD__MAIL__TRANSPORT", "console")
        .set("DOORWARD__HTTP__TRUSTED_PROXIES", "0.0.0.0/0")
        .set("DOORWARD__LINKS__BASE_URL", "http://localhost:3000");
    let ran = program.run(&["doctor", "--json"]).await.expect(1);
    assert_finding(&ran, "signing secret", "ok ", "set");
    assert_finding(
        &ran,
        "proxies",
        "failed ",
        "any client can claim any address",
    );
    assert_finding(&ran, "links", "failed ", "another machine for everybody");
    assert_finding(&ran, "mail", "failed ", "nobody's mailbox");
    assert_eq!(ran.json()["failed"], 3);

    let better = program
        .set("DOORWARD__HTTP__TRUSTED_PROXIES", "")
        .set("DOORWARD__MAIL__TRANSPORT", "off")
        .set("DOORWARD__LINKS__BASE_URL", "http://app.example.com");
    let ran = better.run(&["doctor", "--json"]).await.expect(0);
    for check in ["proxies", "links", "mail"] {
        assert_finding(&ran, check, "warning ", "");
    }
    // What is not even allowed is named, all of it, and hidden.
    let wrong = better
        .set("JWT_SECRET", "canary")
        .set("DOORWARD__LOCKOUT__FAILURES", "0");
    let ran = wrong.run(&["doctor", "--json"]).await.expect(1);
    assert_eq!(ran.json()["failed"], 2);
    assert!(!ran.output().contains("canary"));
}

#[tokio::test]
async fn completions_and_manual_pages_name_every_command() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = program.run(&["completions", shell]).await.expect(0).stdout;
        for word in ["revoke-tokens", "doctor", "all-failed"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let page = program.run(&["man"]).await.expect(0).stdout;
    assert!(page.contains(".TH doorward 1") && page.contains("SUBCOMMANDS"));
    let page = program.run(&["man", "user", "lock"]).await.expect(0).stdout;
    assert!(page.contains(".TH") && page.contains("\\-\\-for"), "{page}");
    program.run(&["man", "nothing"]).await.expect(2);
    program.run(&["completions", "nothing"]).await.expect(2);
    // They need no settings, however wrong those are.
    let wrong = program.set("DOORWARD_ENV", "nothing");
    wrong.run(&["completions", "bash"]).await.expect(0);
}
