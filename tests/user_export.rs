//! `doorward user export`, and what an import makes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::Program;
use crate::support::*;

const FOREIGN: &str =
    "pbkdf2_sha256$1000$saltsaltsalt$XY9WxaJqPl2Eu4UtHXlwdMEqFr6gFFpvcSp6nuDev3s=";

/// Everything of all accounts but what is new wherever they come.
async fn content(program: &Program, format: &str) -> Vec<Value> {
    let ran = program.run(&["user", "export"]).await.expect(0);
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        let fields = line.as_object_mut().expect("an object");
        fields.remove("id").expect("a number");
        fields.remove("token_version").expect("a version");
        line
    };
    let lines: Vec<Value> = ran.stdout.lines().map(line).collect();
    assert_eq!(
        ran.stderr,
        format!("{} accounts\n", lines.len()),
        "{format}"
    );
    lines
}

#[rstest]
#[tokio::test]
async fn accounts_go_from_engine_to_engine_and_back_unchanged(
    #[values("jsonl", "csv")] format: &str,
) {
    let first = TestApp::start(Sqlite).await;
    let mut programs = vec![Program::beside(&first)];
    for number in 0..5 {
        let email = format!("User{number}@b\u{fc}cher.example");
        first.register(&email, PASSWORD).await;
    }
    let program = &programs[0];
    let line = json!({ "email": "o'neil+\"@example.com", "password_hash": FOREIGN });
    let odd = json!({ "email": "o'neil+x@example.com", "password_hash": FOREIGN,
        "role": "admin", "language": "de", "confirmed_at": "2020-02-29T23:59:59.999999Z", "created_at": "1999-12-31T00:00:00Z" });
    let both = format!("{line}\n{odd}");
    let import = ["user", "import", "-", "--format", "jsonl", "--with-roles"];
    program.run_with_input(&import, &both).await.expect(1);
    program.run(&["user", "disable", "2"]).await.expect(0);
    program
        .run(&["user", "delete", "3", "--yes"])
        .await
        .expect(0);
    let before = content(program, format).await;
    assert_eq!(before.len(), 5);

    let mut apps = vec![first];
    for engine in [Postgres, Sqlite] {
        let from = &programs[programs.len() - 1];
        let file = from.folder.path().join(format!("moved.{format}"));
        let file = file.display().to_string();
        from.run(&["user", "export", "--output", &file])
            .await
            .expect(0);
        let app = TestApp::start(engine).await;
        let program = Program::beside(&app);
        program
            .run(&["user", "import", &file, "--with-roles"])
            .await
            .expect(0);
        assert_eq!(content(&program, format).await, before);
        apps.push(app);
        programs.push(program);
    }
    let last = &apps[2];
    for email in [
        "user0@b\u{fc}cher.example",
        "user4@b\u{fc}cher.example",
        "o'neil+x@example.com",
    ] {
        last.login(email, PASSWORD).await.expect(200);
    }
    let disabled = last.login("user1@b\u{fc}cher.example", PASSWORD).await;
    disabled.expect_problem(403, "account_disabled");
}

#[tokio::test]
async fn an_export_is_for_its_owner_alone_and_takes_no_files_place() {
    let app = TestApp::start(Sqlite).await;
    app.register("ann@example.com", PASSWORD).await;
    let program = Program::beside(&app);
    let path = program.folder.path().join("all.csv");
    let part = program.folder.path().join("all.csv.part");
    let file = path.display().to_string();
    // What a run that was killed has left behind.
    fs::write(&part, "half").expect("written");
    let export = ["user", "export", "--output", &file];
    let ran = program.run(&export).await.expect(0);
    assert_eq!(ran.stdout, "");
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!part.exists());
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.starts_with("id,email,password_hash,role,"), "{text}");
    assert_eq!(text.lines().count(), 2);
    let ran = program.run(&export).await.expect(2);
    assert!(ran.stderr.contains("exists already"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
}

/// Keyset pages: nobody who is there all the time is left out or there twice.
#[rstest]
#[tokio::test]
async fn an_export_goes_over_many_pages(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let program = Program::beside(&app);
    let account = |number| {
        json!({ "email": format!("user{number}@example.com"), "password_hash": FOREIGN })
            .to_string()
    };
    let lines: Vec<String> = (1..=2_500).map(account).collect();
    let import = ["user", "import", "-", "--format", "jsonl"];
    program
        .run_with_input(&import, &lines.join("\n"))
        .await
        .expect(0);
    app.database
        .execute("DELETE FROM users WHERE id BETWEEN 900 AND 1100")
        .await;
    let exported = content(&program, "jsonl").await;
    let emails: std::collections::BTreeSet<&str> = exported
        .iter()
        .filter_map(|line| line["email"].as_str())
        .collect();
    assert_eq!((exported.len(), emails.len()), (2_299, 2_299));
}
