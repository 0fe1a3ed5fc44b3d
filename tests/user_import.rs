//! `doorward user import`: what is taken over, what is reported, what is left alone.

use std::fs;
use std::path::PathBuf;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::{Program, Ran};
use crate::support::*;

const HASH: &str = "$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6";

struct Fixture {
    app: TestApp,
    program: Program,
}

impl Fixture {
    async fn start(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let program = Program::beside(&app);
        Self { app, program }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.program.folder.path().join(name)
    }

    async fn import(&self, arguments: &[&str]) -> Ran {
        let import = [&["user", "import"], arguments].concat();
        self.program.run(&import).await
    }

    async fn show(&self, email: &str) -> Value {
        let shown = self.program.run(&["user", "show", email, "--json"]).await;
        shown.expect(0).json()
    }

    async fn accounts(&self) -> i64 {
        self.app.database.number("SELECT COUNT(*) FROM users").await
    }

    fn report(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).expect("a report");
        let line = |line| serde_json::from_str(line).expect("JSON");
        text.lines().map(line).collect()
    }
}

#[tokio::test]
async fn help_teaches_each_format() {
    let program = Program::new();
    let help = program.run(&["user", "import", "--help"]).await.expect(0);
    for word in [
        "--dry-run",
        "--report",
        "--on-existing",
        "--restart",
        "localDiskDb.db",
        r#"{"email":"ann@example.com","password_hash":"$2b$10$…","confirmed":true}"#,
        "email,password_hash,confirmed_at",
        "Exit codes",
    ] {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    let help = program.run(&["user", "export", "--help"]).await.expect(0);
    assert!(help.stdout.contains("AS SENSITIVE AS THE DATABASE"));
}

#[rstest]
#[tokio::test]
async fn what_a_line_says_is_taken_over_and_nothing_that_would_be_dangerous(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let fixture = Fixture::start(engine).await;
    let lines = [
        json!({ "email": "Ann@Example.com", "password_hash": HASH, "id": 77, "token_version": 1,
            "role": "admin", "confirmed_at": "2024-05-01T12:00:00Z",
            "created_at": "2024-01-02 03:04:05.5+00", "name": "Ann" }),
        json!({ "email": "bob@example.com", "password_hash": HASH, "confirmed": true,
            "disabled": true, "disabled_at": null }),
        json!({ "email": "carl@example.com", "password_hash": HASH, "confirmed": false }),
    ];
    let file = fixture.file("a.jsonl", lines.map(|line| line.to_string()).join("\n"));
    let ran = fixture.import(&[&file, "--json"]).await.expect(0);
    let expected = json!({ "dry_run": false, "imported": 3, "refused": 0, "skipped": 0,
        "this_run": { "imported": 3, "refused": 0, "skipped": 0, "reasons": {} },
        "fields_left_behind": ["name"] });
    assert_eq!(ran.json(), expected);

    let ann = fixture.show("ann@example.com").await;
    let events = ann["last_events"].as_array().expect("events");
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&events[0]["kind"], &events[0]["actor"]),
        (&json!("imported"), &json!("operator"))
    );
    for (key, value) in [
        ("id", json!(1)),
        ("email", json!("Ann@Example.com")),
        ("role", json!("user")),
        ("confirmed_at", json!("2024-05-01T12:00:00Z")),
        ("created_at", json!("2024-01-02T03:04:05.500Z")),
        ("disabled_at", Value::Null),
    ] {
        assert_eq!(ann[key], value, "{key}: {ann}");
    }
    assert!(ann["token_version"].as_i64() > Some(1 << 31), "{ann}");
    fixture
        .app
        .login("ann@example.com", PASSWORD)
        .await
        .expect(200);
    let bob = fixture.show("bob@example.com").await;
    assert!(bob["confirmed_at"].is_string() && bob["disabled_at"].is_string());
    let bob = fixture.app.login("bob@example.com", PASSWORD).await;
    bob.expect_problem(403, "account_disabled");
    let carl = fixture.show("carl@example.com").await;
    assert_eq!(carl["confirmed_at"], Value::Null);
    // Nobody is written to.
    assert_eq!(fixture.app.deliver_mail().await.len(), 0);
}

#[rstest]
#[tokio::test]
async fn roles_and_proven_addresses_are_taken_over_when_the_operator_says_so(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let fixture = Fixture::start(engine).await;
    let line = json!({ "email": "ann@example.com", "password_hash": HASH, "role": "admin" });
    let file = fixture.file("a.jsonl", line.to_string());
    let import = [&file, "--with-roles", "--confirmed"];
    fixture.import(&import).await.expect(0);
    let ann = fixture.show("ann@example.com").await;
    assert_eq!(ann["role"], "admin");
    assert!(ann["confirmed_at"].is_string());
}

#[rstest]
#[tokio::test]
async fn a_line_that_cannot_be_used_is_reported_and_stops_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let fixture = Fixture::start(engine).await;
    fixture.app.register("taken@example.com", PASSWORD).await;
    let good = |name: &str| json!({ "email": name, "password_hash": HASH }).to_string();
    let lines = [
        good("ann@example.com"),
        good("TAKEN@example.com"),
        "canary".to_owned(),
        json!({ "email": "canary@example.com", "password_hash": "canary" }).to_string(),
        json!({ "email": "canary@example.com" }).to_string(),
        String::new(),
        json!({ "email": "canary", "password_hash": HASH }).to_string(),
        json!({ "email": "canary@example.com", "password_hash": HASH.replace("04", "20") })
            .to_string(),
        good("ANN@example.com"),
        good("bob@example.com"),
    ];
    let file = fixture.file("a.jsonl", lines.join("\n"));
    let report = fixture.path("report.jsonl").display().to_string();
    let ran = fixture
        .import(&[&file, "--report", &report])
        .await
        .expect(1);
    assert!(
        ran.stderr.contains("7 lines could not be used"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stdout.starts_with("2 accounts were made\n"),
        "{}",
        ran.stdout
    );
    let reported: Vec<(u64, String)> = fixture
        .report("report.jsonl")
        .iter()
        .map(|line| {
            let reason = line["reason"].as_str().expect("a reason").to_owned();
            (line["line"].as_u64().expect("a number"), reason)
        })
        .collect();
    let expected = [
        (2, "email_taken"),
        (3, "not_json"),
        (4, "unknown_hash"),
        (5, "field_missing"),
        (7, "invalid_email"),
        (8, "expensive_hash"),
        (9, "email_taken"),
    ];
    assert_eq!(
        reported,
        expected.map(|(line, reason)| (line, reason.to_owned()))
    );
    let text = fs::read_to_string(fixture.path("report.jsonl")).expect("a report");
    assert!(!(text + &ran.output()).contains("canary"));
    for email in ["ann@example.com", "bob@example.com", "taken@example.com"] {
        fixture.app.login(email, PASSWORD).await.expect(200);
    }
    assert_eq!(fixture.accounts().await, 3);

    // The same to standard error, and in words.
    let ran = fixture.import(&[&file, "--restart"]).await.expect(1);
    let words = "line 3: not a JSON object";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(!ran.output().contains("canary"));
}

#[rstest]
#[tokio::test]
async fn a_dry_run_says_what_would_be_and_changes_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let fixture = Fixture::start(engine).await;
    fixture.app.register("taken@example.com", PASSWORD).await;
    let state = "SELECT (SELECT COUNT(*) FROM users) * 1000000
        + (SELECT epoch FROM account_epoch) * 1000 + (SELECT COUNT(*) FROM imports)";
    let before = fixture.app.database.number(state).await;
    let names = ["a", "taken", "b", "a", "c"];
    let lines = names.map(|name| {
        json!({ "email": format!("{name}@example.com"), "password_hash": HASH }).to_string()
    });
    let file = fixture.file("a.jsonl", lines.join("\n"));
    let dry = [&file, "--dry-run", "--json", "--batch", "1"];
    for _ in 0..2 {
        let ran = fixture.import(&dry).await.expect(1);
        let expected = json!({ "dry_run": true, "imported": 3, "refused": 2, "skipped": 0,
            "this_run": { "imported": 3, "refused": 2, "skipped": 0,
                "reasons": { "email_taken": 2 } },
            "fields_left_behind": [] });
        assert_eq!(ran.json(), expected);
    }
    assert_eq!(fixture.app.database.number(state).await, before);
}

/// It is the first command that an operator who moves in tries.
#[rstest]
#[tokio::test]
async fn a_dry_run_needs_no_database_and_makes_none(#[values(Sqlite, Postgres)] engine: Engine) {
    let database = TestDatabase::empty_postgres().await;
    let program = match engine {
        Sqlite => Program::new(),
        Postgres => Program::new().set("DATABASE_URL", &database.url),
    };
    let names = ["a", "b", "A"];
    let lines = names.map(|name| {
        json!({ "email": format!("{name}@example.com"), "password_hash": HASH }).to_string()
    });
    fs::write(program.folder.path().join("a.jsonl"), lines.join("\n")).expect("written");
    let dry = ["user", "import", "a.jsonl", "--dry-run", "--batch", "1"];
    let ran = program.run(&dry).await.expect(1);
    assert!(
        ran.stdout.starts_with("2 accounts would be made\n1 lines"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stderr.contains("goes on"), "{}", ran.stderr);
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(database.number(tables).await, 0);
    let mut made = fs::read_dir(program.folder.path()).expect("readable");
    assert_eq!(
        made.next().expect("one").expect("a file").file_name(),
        "a.jsonl"
    );
    assert!(made.next().is_none());
}

#[rstest]
#[tokio::test]
async fn addresses_with_an_account_are_passed_over_when_the_operator_says_so(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let fixture = Fixture::start(engine).await;
    fixture.app.register("taken@example.com", PASSWORD).await;
    let names = ["taken", "a"];
    let lines = names.map(|name| {
        json!({ "email": format!("{name}@example.com"), "password_hash": HASH }).to_string()
    });
    let file = fixture.file("a.jsonl", lines.join("\n"));
    let import = [&file, "--on-existing", "skip", "--json"];
    let ran = fixture.import(&import).await.expect(0).json();
    assert_eq!((&ran["imported"], &ran["skipped"]), (&json!(1), &json!(1)));
    let hash = "SELECT password_hash FROM users WHERE email_key = 'taken@example.com'";
    assert!(
        fixture
            .app
            .database
            .text(hash)
            .await
            .starts_with("$argon2id$")
    );
}

#[tokio::test]
async fn what_cannot_be_an_import_says_so() {
    let fixture = Fixture::start(Sqlite).await;
    let nowhere = fixture.path("nowhere.jsonl").display().to_string();
    let ran = fixture.import(&[&nowhere]).await.expect(1);
    assert!(ran.stderr.contains("cannot be read"), "{}", ran.stderr);
    let nameless = fixture.file("accounts", "");
    let ran = fixture.import(&[&nameless]).await.expect(2);
    assert!(ran.stderr.contains("--format"), "{}", ran.stderr);
    fixture
        .import(&[&nameless, "--format", "xml"])
        .await
        .expect(2);
    let empty = fixture.file("empty.jsonl", "");
    fixture.import(&[&empty, "--batch", "0"]).await.expect(2);
    fixture.import(&[&empty]).await.expect(0);
    // What stays wrong is said each time, and nobody is told to try again.
    let headless = fixture.file("a.csv", "ann@example.com,x\n");
    let report = fixture.path("report.jsonl").display().to_string();
    for _ in 0..2 {
        let ran = fixture.import(&[&headless, "--report", &report]).await;
        let said = ran.expect(1).stderr;
        assert!(said.contains("has to name the columns"), "{said}");
        assert!(!said.contains("the same command"), "{said}");
    }
    // A report never takes the place of a file.
    let other = fixture.file("other", "precious");
    let line = json!({ "email": "a@example.com", "password_hash": HASH }).to_string();
    let file = fixture.file("a.jsonl", line);
    fixture.import(&[&file, "--report", &other]).await.expect(1);
    assert_eq!(fs::read_to_string(&other).expect("readable"), "precious");
    assert_eq!(fixture.accounts().await, 0);
}
