//! The command line: what it does is seen through the API of a running instance.

use std::time::Duration;

use doorward::http::Stage;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::Program;
use crate::support::*;

#[tokio::test]
async fn help_names_every_command_and_exit_code() {
    let program = Program::new();
    let help = program.run(&["--help"]).await.expect(0).stdout;
    for word in [
        "serve",
        "migrate",
        "check-config",
        "healthcheck",
        "user",
        "mail",
        "audit",
        "doctor",
        "completions",
        "man",
        "Examples:",
        "Exit codes: 0 done",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let help = program.run(&["user", "--help"]).await.expect(0).stdout;
    for word in [
        "create",
        "list",
        "show",
        "lock",
        "unlock",
        "disable",
        "enable",
        "revoke-tokens",
        "delete",
    ] {
        assert!(help.contains(&format!("  {word} ")), "{word}: {help}");
    }
    let version = program.run(&["--version"]).await.expect(0).stdout;
    assert_eq!(
        version.trim(),
        concat!("doorward ", env!("CARGO_PKG_VERSION"))
    );
    for wrong in [
        &["srve"][..],
        &["user"],
        &["user", "show"],
        &["user", "lock", "1", "--for", "x"],
        &["user", "lock", "1", "--for", "0s"],
        &["user", "lock", "1", "--for", "101years"],
        &["user", "lock", "1", "--for", "500000y"],
    ] {
        program.run(wrong).await.expect(2);
    }
}

#[rstest]
#[tokio::test]
async fn migrate_brings_an_empty_database_up_to_date_as_often_as_one_likes(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = match engine {
        Sqlite => TestDatabase::create(Sqlite, folder.path()).await,
        Postgres => TestDatabase::empty_postgres().await,
    };
    let url = database.url.replacen("postgres@", "postgres:canary@", 1);
    let program = Program::new().set("DATABASE_URL", &url);
    for _ in 0..2 {
        let ran = program.run(&["migrate"]).await.expect(0);
        assert!(
            ran.stdout.trim().ends_with("is up to date"),
            "{}",
            ran.stdout
        );
        assert!(!ran.output().contains("canary"), "{}", ran.output());
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    program.run(&["user", "show", "1"]).await.expect(3);

    let nowhere = Program::new().set("DATABASE_URL", "postgres://u:canary@127.0.0.1:9/x");
    let ran = nowhere.run(&["migrate"]).await.expect(1);
    assert!(ran.stderr.starts_with("doorward: ") && !ran.stderr.contains("canary"));
}

/// As behind `| head -1`, or on a full disk.
#[tokio::test(flavor = "multi_thread")]
async fn output_that_nobody_takes_is_no_panic() {
    let app = TestApp::start(Sqlite).await;
    let port = app.url.rsplit(':').next().expect("a port").to_owned();
    let program = Program::beside(&app).set("PORT", &port);
    let file = program.folder.path().join("a.jsonl").display().to_string();
    std::fs::write(&file, "").expect("written");
    for command in [
        &["check-config"][..],
        &["check-config", "--json"],
        &["migrate"],
        &["healthcheck"],
        &["user", "import", &file],
        &["user", "import", &file, "--json"],
        &["user", "list"],
        &["doctor"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let closed = program.run_into(command, writer).await;
        assert_eq!(closed, (0, String::new()), "{command:?}");
        let full = std::fs::File::create("/dev/full").expect("a device");
        let (code, stderr) = program.run_into(command, full).await;
        assert_eq!(code, 1, "{command:?}: {stderr}");
        assert!(
            stderr.starts_with("doorward: standard output: No space left"),
            "{command:?}: {stderr}"
        );
    }
}

/// Otherwise they would answer from an empty one, in whatever folder the operator is.
#[tokio::test]
async fn a_command_that_looks_at_a_database_makes_none() {
    let program = Program::new();
    for command in [
        &["user", "list"][..],
        &["user", "show", "1"],
        &["user", "lock", "1"],
        &["user", "delete", "1", "--yes"],
        &["user", "export"],
        &["mail", "list"],
        &["mail", "retry", "--all-failed"],
        &["audit", "export"],
    ] {
        let ran = program.run(command).await.expect(1);
        let path = program.folder.path().join("data/doorward.db");
        let said = format!("doorward: there is no database at {}; ", path.display());
        assert!(ran.stderr.starts_with(&said), "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("`doorward migrate`"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        let there = program.folder.path().read_dir().expect("readable").count();
        assert_eq!(there, 0, "{command:?}");
    }
    program.run(&["migrate"]).await.expect(0);
    program.run(&["user", "list"]).await.expect(0);
}

#[rstest]
#[tokio::test]
async fn an_account_is_shown_by_address_and_by_number(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("Ann@Example.com", PASSWORD).await;
    ann.forgot().await.expect(200);
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    ann.login_with("wrong12").await.expect(400);
    let program = Program::beside(&app);
    let shown = program
        .run(&["user", "show", "ann@example.com", "--json"])
        .await
        .expect(0)
        .json();
    let by_number = program
        .run(&["user", "show", "1", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(shown, by_number);
    for (key, value) in [
        ("id", json!(1)),
        ("email", json!("Ann@Example.com")),
        ("role", json!("user")),
        ("confirmed_at", Value::Null),
        ("disabled_at", Value::Null),
        ("locked_until", Value::Null),
        ("login_failures", json!(1)),
        ("one_time_tokens", json!(2)),
        ("mails_waiting", json!(1)),
        ("mails_sent", json!(2)),
        ("mails_failed", json!(0)),
    ] {
        assert_eq!(shown[key], value, "{key}");
    }
    let text = program.run(&["user", "show", "1"]).await.expect(0).stdout;
    for key in shown.as_object().expect("an object").keys() {
        assert!(
            text.lines().any(|line| line.starts_with(key)),
            "{key}: {text}"
        );
    }
    assert!(!text.contains("argon2"), "{text}");
}

#[rstest]
#[tokio::test]
async fn a_command_for_nobody_says_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let program = Program::beside(&app);
    for command in [
        "show",
        "lock",
        "unlock",
        "disable",
        "enable",
        "revoke-tokens",
        "delete",
    ] {
        let yes = if command == "delete" {
            &["--yes"][..]
        } else {
            &[]
        };
        for who in ["nobody@example.com", "99"] {
            let ran = program
                .run(&[&["user", command, who], yes].concat())
                .await
                .expect(3);
            assert!(
                ran.stderr.contains("there is no such account"),
                "{}",
                ran.stderr
            );
        }
        let ran = program
            .run(&[&["user", command, "no address"], yes].concat())
            .await
            .expect(2);
        assert!(
            ran.stderr.contains("neither an e-mail address nor"),
            "{}",
            ran.stderr
        );
    }
}

/// Asked by a container's runtime.
#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_tells_a_ready_instance_from_all_others() {
    let app = TestApp::start(Sqlite).await;
    let port = app.url.rsplit(':').next().expect("a port").to_owned();
    let program = Program::new().set("PORT", &port);
    let everywhere = Program::new().set("PORT", &port).set("HOST", "0.0.0.0");
    for program in [&program, &everywhere] {
        let ran = program.run(&["healthcheck"]).await.expect(0);
        assert_eq!(ran.stdout, "ready\n");
    }
    app.stage.send_replace(Stage::Draining);
    let ran = program.run(&["healthcheck"]).await.expect(1);
    assert!(
        ran.stderr.contains("is not ready: status 503"),
        "{}",
        ran.stderr
    );
    drop(app);
    for _ in 0..100 {
        let ran = program.run(&["healthcheck"]).await.expect(1);
        if ran.stderr.contains("cannot be asked") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a stopped instance still answers");
}
