//! What an operator can look at: accounts and mails.

use std::time::Duration;

use doorward::user_manager::Which;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::Program;
use crate::support::*;

fn numbers(listed: &Value) -> Vec<i64> {
    let rows = listed.as_array().expect("a list").iter();
    rows.map(|row| row["id"].as_i64().expect("a number"))
        .collect()
}

#[rstest]
#[tokio::test]
async fn accounts_are_found_by_a_part_of_the_address_and_by_state(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for email in [
        "Ann@Example.com",
        "bob_b@example.com",
        "bobxb@example.org",
        "j\u{f6}rg@b\u{fc}cher.example",
    ] {
        app.register(email, PASSWORD).await;
    }
    let hour = Duration::from_hours(1);
    let admin = &app.users;
    admin.admin_lock(&Which::Id(2), hour).await.expect("locked");
    admin.admin_disable(&Which::Id(3)).await.expect("disabled");
    let token = app.deliver_mail().await.into_iter();
    let token = token.into_iter().find(|mail| mail.to == "Ann@Example.com");
    let token = token.expect("a mail").token();
    app.confirm("ann@example.com", &token).await.expect(200);
    let program = Program::beside(&app);
    for (arguments, expected) in [
        (&[][..], &[1, 2, 3, 4][..]),
        (&["example.com"], &[1, 2]),
        (&["EXAMPLE.COM"], &[1, 2]),
        // What has a meaning in a pattern stands for itself.
        (&["bob_b"], &[2]),
        (&["%"], &[]),
        (&["b\u{fc}cher"], &[4]),
        (&["xn--bcher"], &[4]),
        (&["J\u{d6}RG"], &[4]),
        (&["--state", "locked"], &[2]),
        (&["--state", "disabled"], &[3]),
        (&["--state", "active"], &[1, 4]),
        (&["--state", "unconfirmed"], &[2, 3, 4]),
        (&["bob", "--state", "locked"], &[2]),
        (&["--after", "2"], &[3, 4]),
    ] {
        let all = [&["user", "list", "--json"], arguments].concat();
        let listed = program.run(&all).await.expect(0).json();
        assert_eq!(numbers(&listed["accounts"]), expected, "{arguments:?}");
        assert!(listed["next"].is_null());
    }
    let text = program.run(&["user", "list"]).await.expect(0).stdout;
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["ID", "EMAIL", "STATE", "REGISTERED"]);
    assert_eq!(lines[1][..3], ["1", "Ann@Example.com", "active"]);
    assert_eq!(lines[2][2..4], ["locked,", "unconfirmed"]);
    program
        .run(&["user", "list", "--state", "x"])
        .await
        .expect(2);
    program
        .run(&["user", "list", "--limit", "0"])
        .await
        .expect(2);
}

#[rstest]
#[tokio::test]
async fn a_list_is_read_page_by_page_to_its_end(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for number in 1..=5 {
        app.register(&format!("ann{number}@example.com"), PASSWORD)
            .await;
    }
    let program = Program::beside(&app);
    for (list, rows) in [(["user", "list"], "accounts"), (["mail", "list"], "mails")] {
        let (mut seen, mut after) = (Vec::new(), "0".to_owned());
        for page in [2, 2, 1] {
            let paging = ["--json", "--limit", "2", "--after", &after];
            let listed = program.run(&[&list[..], &paging].concat()).await;
            let listed = listed.expect(0).json();
            let found = numbers(&listed[rows]);
            assert_eq!(found.len(), page);
            assert_eq!(listed["next"].is_null(), page == 1);
            seen.extend(found);
            after = seen.last().expect("a row").to_string();
        }
        assert_eq!(seen, [1, 2, 3, 4, 5]);
    }
    let ran = program.run(&["user", "list", "--limit", "4"]).await;
    let ran = ran.expect(0);
    assert_eq!(ran.stdout.lines().count(), 5);
    assert!(ran.stderr.contains("--after 4"), "{}", ran.stderr);
}

#[rstest]
#[tokio::test]
async fn an_account_is_shown_with_what_it_could_not_log_in_for(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let mailed = app.only_mail().await.token();
    ann.login_with("wrong1").await.expect(400);
    for _ in 0..12 {
        ann.login().await.expect(200);
    }
    let program = Program::beside(&app);
    let show = ["user", "show", "ann@example.com"];
    let shown = program.run(&[&show[..], &["--json"]].concat()).await;
    let shown = shown.expect(0).json();
    assert_eq!(shown["open_tokens"][0]["purpose"], "confirm");
    assert_eq!(shown["last_mails"][0]["state"], "sent");
    let events = shown["last_events"].as_array().expect("events");
    assert_eq!(events.len(), 10, "the last ones");
    assert!(events.iter().all(|event| event["kind"] == "login"));
    assert_eq!(events[0]["source_ip"], "127.0.0.1");
    let text = program.run(&show).await.expect(0).stdout;
    for part in ["open_tokens", "last_mails", "last_events", "127.0.0.1"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for output in [text, shown.to_string()] {
        assert!(!output.contains(&mailed) && !output.contains("argon2"));
    }
}

/// The mail server's words come from elsewhere, and a terminal obeys what it is shown.
#[rstest]
#[tokio::test]
async fn a_mail_that_was_given_up_is_shown_and_sent_again(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.register("bob@example.com", PASSWORD).await;
    app.register("cid@example.com", PASSWORD).await;
    let give_up = "UPDATE outbox SET failed_at = created_at, attempts = 15,
        last_error = '550 no ' || 'ESC' || '[2Jmailbox' WHERE id IN (1, 2)";
    let escape = match engine {
        Sqlite => "char(27)",
        Postgres => "chr(27)",
    };
    let give_up = give_up.replace("'ESC'", escape);
    app.database.execute(&give_up).await;
    assert_eq!(app.deliver_mail().await.len(), 1, "cid's alone");
    let program = Program::beside(&app);
    for (state, expected) in [
        ("--failed", &[1, 2][..]),
        ("--sent", &[3]),
        ("--waiting", &[]),
    ] {
        let listed = program.run(&["mail", "list", "--json", state]).await;
        let listed = listed.expect(0).json();
        assert_eq!(numbers(&listed["mails"]), expected, "{state}");
    }
    let text = program.run(&["mail", "list", "--failed"]).await.expect(0);
    assert!(text.stdout.contains("550 no \u{fffd}[2Jmailbox"));
    assert!(!text.stdout.contains('\u{1b}'));

    let retry = program.run(&["mail", "retry", "1", "--json"]).await;
    assert_eq!(retry.expect(0).json(), json!({ "retried": 1 }));
    // The program's clock may be a moment ahead of the app's, which stands still.
    app.clock.advance(Duration::from_mins(5));
    let mail = app.only_mail().await;
    assert_eq!(mail.to, "ann@example.com");
    app.confirm(&ann.email, &mail.token()).await.expect(200);
    // What was sent is not sent again, and what is not there neither.
    for number in ["1", "3", "99"] {
        let ran = program.run(&["mail", "retry", number]).await.expect(3);
        assert!(ran.stderr.contains("no such mail"), "{}", ran.stderr);
    }
    program.run(&["mail", "retry"]).await.expect(2);
    program
        .run(&["mail", "retry", "2", "--all-failed"])
        .await
        .expect(2);
    let all = program.run(&["mail", "retry", "--all-failed"]).await;
    assert_eq!(all.expect(0).stdout, "1 to be sent again\n");
    app.clock.advance(Duration::from_mins(5));
    assert_eq!(app.only_mail().await.to, "bob@example.com");
}

/// A mail that a worker has in hand is its own: it would go out twice.
#[rstest]
#[tokio::test]
async fn a_mail_in_hand_is_not_sent_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let lease = "UPDATE outbox SET attempts = 1, leased_until = '2999-01-01T00:00:00Z'";
    app.database.execute(lease).await;
    let program = Program::beside(&app);
    program.run(&["mail", "retry", "1"]).await.expect(3);
    let attempts = "SELECT CAST(attempts AS bigint) FROM outbox";
    assert_eq!(app.database.number(attempts).await, 1);
}

/// All of them, however many.
#[rstest]
#[tokio::test]
async fn a_thousand_failed_mails_are_sent_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let time = "2026-01-01T00:00:00+00:00";
    let row = format!("('welcome', 'ann@example.com', '{time}', '{time}', '{time}')");
    let rows = vec![row; 1_000].join(", ");
    let insert = "INSERT INTO outbox (kind, email_key, created_at, due_at, failed_at) VALUES";
    app.database.execute(&format!("{insert} {rows}")).await;
    let again = app.users.admin_retry_failed_mails().await;
    assert_eq!(again.expect("done"), 1_000);
}

/// SECURITY 30: what a new password took back does not come back to life by a retry.
#[rstest]
#[tokio::test]
async fn a_reset_mail_that_was_given_up_is_gone_after_a_new_password(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    ann.forgot().await.expect(200);
    app.database
        .execute("UPDATE outbox SET failed_at = created_at WHERE kind = 'reset'")
        .await;
    ann.change_password(PASSWORD, "xyz789").await.expect(200);
    let program = Program::beside(&app);
    let all = program.run(&["mail", "retry", "--all-failed"]).await;
    assert_eq!(all.expect(0).stdout, "0 to be sent again\n");
    assert!(app.only_mail().await.subject.contains("changed"));
}
