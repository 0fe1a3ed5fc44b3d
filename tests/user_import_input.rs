//! What files can look like: CSV in all its dialects, the old API's data file, and rubbish.

use std::fs;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::Program;
use crate::support::*;

const HASH: &str = "$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6";

/// Imports a text into an empty database: how many were taken, and the number and reason of each
/// line that was not.
async fn import(format: &str, text: impl AsRef<[u8]>) -> (i64, Vec<(u64, String)>, TestApp) {
    let app = TestApp::start(Sqlite).await;
    let program = Program::beside(&app);
    let path = |name: &str| program.folder.path().join(name);
    let (file, report) = (path("source"), path("report"));
    fs::write(&file, text).expect("written");
    let (file, report) = (file.display().to_string(), report.display().to_string());
    let import = [
        "user", "import", &file, "--format", format, "--report", &report,
    ];
    let ran = program.run(&import).await;
    assert!(ran.code == 0 || ran.code == 1, "{ran:?}");
    let refused = fs::read_to_string(&report).expect("a report");
    let refused = refused.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let reason = line["reason"].as_str().expect("a reason").to_owned();
        (line["line"].as_u64().expect("a number"), reason)
    });
    let accounts = app.database.number("SELECT COUNT(*) FROM users").await;
    (accounts, refused.collect(), app)
}

fn reasons<const N: usize>(expected: [(u64, &str); N]) -> Vec<(u64, String)> {
    expected
        .map(|(line, reason)| (line, reason.to_owned()))
        .to_vec()
}

#[tokio::test]
async fn csv_may_have_quotes_line_breaks_a_bom_and_any_line_ends() {
    let text = format!(
        "\u{feff}name,email,\"password_hash\",confirmed\r\n\
         \"Ann, the first\",ann@example.com,{HASH},t\r\n\
         \r\n\
         \"Bob \"\"B\"\"\r\nof two lines\",bob@example.com,\"{HASH}\",\r\n\
         ,carl@example.com,{HASH},maybe\r\n\
         ,dora@example.com,{HASH}\r\n\
         ,emma@example.com,{HASH},f,more\r\n\
         ,fritz@example.com,{HASH},f"
    );
    let (accounts, refused, app) = import("csv", text).await;
    assert_eq!(accounts, 3);
    let expected = reasons([
        (6, "wrong_value"),
        (7, "wrong_columns"),
        (8, "wrong_columns"),
    ]);
    assert_eq!(refused, expected);
    let proven = "SELECT COUNT(*) FROM users WHERE confirmed_at IS NOT NULL";
    assert_eq!(app.database.number(proven).await, 1);
    for name in ["ann", "bob", "fritz"] {
        let email = format!("{name}@example.com");
        app.login(&email, PASSWORD).await.expect(200);
    }
}

/// What somebody typed into a field of the old system must not become an account here.
#[tokio::test]
async fn a_quoted_field_is_never_read_as_lines() {
    let inside = format!("x\nmallory@example.com,{HASH},\n");
    let long = inside.repeat(2_000);
    let text = format!(
        "email,password_hash,bio\n\
         no address,{HASH},\"{inside}\"\n\
         ann@example.com,{HASH},\"{long}\"\n\
         bob@example.com,{HASH},\n\
         carl@example.com,{HASH},\"never closed {inside}"
    );
    let (accounts, refused, app) = import("csv", text).await;
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert_eq!(refused[0], (2, "invalid_email".to_owned()));
    assert_eq!(refused[1].1, "too_long");
    assert_eq!(accounts, 2);
    let mallory = "SELECT COUNT(*) FROM users WHERE email_key = 'mallory@example.com'";
    assert_eq!(app.database.number(mallory).await, 0);
}

#[rstest]
#[case("")]
#[case("email,name\na@example.com,Ann\n")]
#[case("a@example.com,$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6\n")]
#[case("email,password_hash,email\n")]
#[tokio::test]
async fn a_csv_file_without_a_header_says_so(#[case] text: &str) {
    let program = Program::new();
    let import = ["user", "import", "-", "--format", "csv"];
    let ran = program.run_with_input(&import, text).await.expect(1);
    assert!(ran.stderr.contains("its first line"), "{}", ran.stderr);
}

#[tokio::test]
async fn json_lines_may_be_anything_and_each_bad_one_costs_itself_alone() {
    let good = |name: &str| {
        json!({ "email": format!("{name}@example.com"), "password_hash": HASH }).to_string()
    };
    let mut bytes = Vec::new();
    let mut line = |line: &[u8]| {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    };
    line(format!("\u{feff}{}\r", good("ann")).as_bytes());
    line(b"{\"email\":\"b\xff@example.com\"}");
    line(&[b"{\"email\":\"", &vec![b'a'; 10_000_000][..], b"\"}"].concat());
    line(b"[]");
    line(b"null");
    line(b"{}{}");
    line("[".repeat(10_000).as_bytes());
    line(format!("{}x", good("carl")).as_bytes());
    line(
        json!({ "email": ["a@example.com"], "password_hash": HASH })
            .to_string()
            .as_bytes(),
    );
    line(
        json!({ "email": "a@example.com", "password_hash": { "a": 1 } })
            .to_string()
            .as_bytes(),
    );
    line(
        json!({ "email": "a\0@example.com", "password_hash": HASH })
            .to_string()
            .as_bytes(),
    );
    line(
        json!({ "email": "a@example.com", "password_hash": format!("{HASH}\0") })
            .to_string()
            .as_bytes(),
    );
    line(
        format!(r#"{{"email":"a@example.com","email":"b@example.com","password_hash":"{HASH}"}}"#)
            .as_bytes(),
    );
    line(
        format!(r#"{{"email":"a@example.com","password_hash":"{HASH}","encrypted_password":""}}"#)
            .as_bytes(),
    );
    line(
        json!({ "email": "a@example.com", "password_hash": HASH, "confirmed": 1 })
            .to_string()
            .as_bytes(),
    );
    line(json!({ "email": "a@example.com", "password_hash": HASH, "created_at": "2999-01-01T00:00:00Z" }).to_string().as_bytes());
    line(json!({ "email": "a@example.com", "password_hash": HASH, "confirmed": false, "confirmed_at": "2020-01-01T00:00:00Z" }).to_string().as_bytes());
    line(
        json!({ "email": "a@example.com", "password_hash": HASH, "role": "a b" })
            .to_string()
            .as_bytes(),
    );
    line(b"");
    bytes.extend_from_slice(good("bob").as_bytes());
    let (accounts, refused, app) = import("jsonl", bytes).await;
    let expected = reasons([
        (2, "not_utf8"),
        (3, "too_long"),
        (4, "not_json"),
        (5, "not_json"),
        (6, "not_json"),
        (7, "not_json"),
        (8, "not_json"),
        (9, "wrong_value"),
        (10, "wrong_value"),
        (11, "invalid_email"),
        (12, "unknown_hash"),
        (13, "field_twice"),
        (14, "field_twice"),
        (15, "wrong_value"),
        (16, "wrong_value"),
        (17, "wrong_value"),
        (18, "wrong_value"),
    ]);
    assert_eq!(refused, expected);
    assert_eq!(accounts, 2);
    for name in ["ann", "bob"] {
        let email = format!("{name}@example.com");
        app.login(&email, PASSWORD).await.expect(200);
    }
}

/// As `sails-api-jwt` keeps its accounts, written by sails-disk 0.10.
#[tokio::test]
async fn the_old_apis_data_file_is_read_as_it_is() {
    let user = |id: u32, name: &str, more: Value| {
        let mut user = json!({
            "email": format!("{name}@example.com"), "role": "user", "locked": false,
            "passwordFailures": 0, "id": id, "encryptedPassword": HASH,
            "createdAt": "2017-12-05T10:11:12.345Z", "updatedAt": "2018-01-02T03:04:05.678Z",
        });
        for (name, value) in more.as_object().expect("an object") {
            user[name] = value.clone();
        }
        user
    };
    let file = json!({
        "data": {
            "passport": [{ "id": 1 }],
            "user": [
                user(1, "ann", json!({})),
                user(2, "bob", json!({
                    "locked": true, "passwordFailures": 5, "resetToken": "B1yQv2",
                    "lastPasswordFailure": "2018-01-02T03:04:05.678Z",
                })),
                user(3, "carl", json!({ "encryptedPassword": null })),
                "rubbish",
            ],
        },
        "schema": { "user": { "email": { "type": "email", "unique": true } } },
        "counters": { "user": { "id": 4 } },
    });
    for text in [file.to_string(), format!("{file:#}\n")] {
        let (accounts, refused, app) = import("sails", text).await;
        assert_eq!(refused, reasons([(3, "field_missing"), (4, "not_json")]));
        assert_eq!(accounts, 2);
        // The old lock never ended; ours do, so there is none to take over.
        for name in ["ann", "bob"] {
            let email = format!("{name}@example.com");
            app.login(&email, PASSWORD).await.expect(200);
        }
        let made = "SELECT COUNT(*) FROM users WHERE created_at < '2018-01-01'";
        assert_eq!(app.database.number(made).await, 2);
    }
}

#[tokio::test]
async fn a_broken_data_file_says_where_and_keeps_what_was_before() {
    let good = json!({ "email": "ann@example.com", "encryptedPassword": HASH });
    for (text, word, accounts) in [
        ("{\"data\":{\"user\":[1", "no JSON from line 1", 0),
        ("[]", "no JSON from line 1", 0),
        ("{\"data\":{}}", "no list of accounts at data.user", 0),
        (
            &format!("{{\"data\":{{\"user\":[{good}, {{\"canary"),
            "no JSON",
            1,
        ),
    ] {
        let app = TestApp::start(Sqlite).await;
        let program = Program::beside(&app);
        let import = ["user", "import", "-", "--format", "sails"];
        let ran = program.run_with_input(&import, text).await.expect(1);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
        assert!(!ran.output().contains("canary"), "{}", ran.output());
        let made = app.database.number("SELECT COUNT(*) FROM users").await;
        assert_eq!(made, accounts, "{text}");
    }
}
