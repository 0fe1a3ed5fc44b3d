//! The audit trail as an operator gets it.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::Value;

use crate::support::binary::{Program, Ran};
use crate::support::*;

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

fn kinds(ran: &Ran) -> Vec<String> {
    let kind = |event: &Value| event["kind"].as_str().expect("a kind").to_owned();
    lines(ran).iter().map(kind).collect()
}

#[rstest]
#[tokio::test]
async fn events_are_exported_as_lines_of_json(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.register("bob@example.com", PASSWORD).await;
    ann.login().await.expect(200);
    app.login("nobody@example.com", "wrong1").await.expect(400);
    let program = Program::beside(&app);
    let export = program.run(&["audit", "export"]).await.expect(0);
    assert_eq!(kinds(&export), ["registered", "registered", "login"]);
    let login = &lines(&export)[2];
    let keys: BTreeSet<&str> = login
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "actor",
        "at",
        "id",
        "kind",
        "request_id",
        "source_ip",
        "user_id",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    assert_eq!(login["source_ip"], "127.0.0.1");
    assert_eq!(login["actor"], "owner");

    program
        .run(&["user", "delete", "ann@example.com", "--yes"])
        .await
        .expect(0);
    let export = program.run(&["audit", "export", "--user", "1"]).await;
    assert_eq!(kinds(&export.expect(0)), ["registered", "login", "deleted"]);
    let bob = ["audit", "export", "--user", "Bob@example.com"];
    assert_eq!(kinds(&program.run(&bob).await.expect(0)), ["registered"]);
    // The address leads nowhere any more.
    let gone = ["audit", "export", "--user", "ann@example.com"];
    program.run(&gone).await.expect(3);
}

#[rstest]
#[tokio::test]
async fn a_slice_of_time_is_exported(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let rows = ["2020-01-01", "2020-01-02", "2020-01-03"]
        .map(|day| format!("('{day}T08:00:00+00:00', 'on {day}', 7, 'owner')"));
    let insert = "INSERT INTO account_events (at, kind, user_id, actor) VALUES";
    app.database
        .execute(&format!("{insert} {}", rows.join(", ")))
        .await;
    let program = Program::beside(&app);
    for (arguments, expected) in [
        (
            &["--since", "2020-01-02"][..],
            &["on 2020-01-02", "on 2020-01-03"][..],
        ),
        (&["--until", "2020-01-02"], &["on 2020-01-01"]),
        (
            &["--since", "2020-01-02", "--until", "2020-01-03"],
            &["on 2020-01-02"],
        ),
        (&["--since", "2020-01-03T08:00:00Z"], &["on 2020-01-03"]),
        (
            &["--since", "2020-01-03T10:00:00+02:00"],
            &["on 2020-01-03"],
        ),
        (&["--since", "2020-01-03T08:00:01Z"], &[]),
        (&["--since", "7d"], &[]),
        (&["--user", "8"], &[]),
        (
            &["--user", "7", "--until", "2020-01-02"],
            &["on 2020-01-01"],
        ),
    ] {
        let all = [&["audit", "export"], arguments].concat();
        let export = program.run(&all).await.expect(0);
        assert_eq!(kinds(&export), expected, "{arguments:?}");
    }
    for wrong in ["yesterday", "2020-13-01", "-1", ""] {
        let since = format!("--since={wrong}");
        let ran = program.run(&["audit", "export", &since]).await.expect(2);
        assert!(ran.stderr.contains("not a moment"), "{}", ran.stderr);
    }
}

/// Page after page, with nothing left out and nothing twice where many have one time, or where
/// somebody wrote a time in another form, which SQLite keeps as it is.
#[rstest]
#[tokio::test]
async fn thousands_of_events_are_exported_in_their_order(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let row = |number: i64| {
        let user = if number % 3 == 0 { "NULL" } else { "7" };
        let second = number / 1_000;
        let zone = if number < 2_499 { "+00:00" } else { "Z" };
        format!("('2020-01-01T00:00:0{second}{zone}', 'event {number}', {user}, 'owner')")
    };
    let rows: Vec<String> = (0..2_501).map(row).collect();
    let insert = "INSERT INTO account_events (at, kind, user_id, actor) VALUES";
    app.database
        .execute(&format!("{insert} {}", rows.join(", ")))
        .await;
    let expected: Vec<String> = (0..2_501)
        .filter(|number| number % 3 != 0)
        .map(|number| format!("event {number}"))
        .collect();
    let program = Program::beside(&app);
    for arguments in [&[][..], &["--user", "7"]] {
        let all = [&["audit", "export"], arguments].concat();
        let export = program.run(&all).await.expect(0);
        assert_eq!(kinds(&export), expected, "{arguments:?}");
    }
}
