//! What is over is removed, all of it, and what is not stays.

use rstest::rstest;

use crate::support::*;

/// More than one statement removes.
const ROWS: i64 = 501;

#[rstest]
#[tokio::test]
async fn everything_that_is_over_is_removed_and_counted(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    app.janitor.clean().await.expect("cleaned");
    let (old, new) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let digest = |n| match engine {
        Sqlite => format!("X'{n:064x}'"),
        Postgres => format!("'\\x{n:064x}'"),
    };
    let tables = ["one_time_tokens", "login_failures", "outbox", "mail_quota"];
    let insert = async |first: i64, count: i64, at: &str| {
        for table in tables {
            let rows: Vec<String> = (first..first + count)
                .map(|n| match table {
                    "one_time_tokens" => format!("({}, 1, 'reset', '{at}')", digest(n)),
                    "login_failures" => format!("('u{n}@example.com', 1, '{at}', NULL)"),
                    "outbox" => format!("('reset', 'u{n}@example.com', '{at}', '{at}', '{at}')"),
                    _ => format!("('u{n}@example.com', 'reset', 1, '{at}')"),
                })
                .collect();
            let columns = match table {
                "one_time_tokens" => "digest, user_id, purpose, expires_at",
                "login_failures" => "email_key, failures, last_failure_at, locked_until",
                "outbox" => "kind, email_key, due_at, sent_at, created_at",
                _ => "email_key, kind, mails, window_started_at",
            };
            let rows = rows.join(", ");
            let insert = format!("INSERT INTO {table} ({columns}) VALUES {rows}");
            app.database.execute(&insert).await;
        }
    };
    let count = async || {
        let mut rows = Vec::new();
        for table in tables {
            let count = format!("SELECT COUNT(*) FROM {table}");
            rows.push(app.database.number(&count).await);
        }
        rows
    };
    let before = count().await;
    insert(0, ROWS, old).await;
    insert(ROWS, 2, new).await;
    let removed = app.janitor.clean().await.expect("cleaned");
    assert_eq!(removed, 4 * ROWS.unsigned_abs());
    let after: Vec<i64> = before.iter().map(|rows| rows + 2).collect();
    assert_eq!(count().await, after);
}

/// What cannot be removed keeps nothing else: network addresses of clients are kept as long as is
/// set, and no longer.
#[rstest]
#[tokio::test]
async fn what_cannot_be_removed_keeps_nothing_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let old = "2020-01-01T00:00:00+00:00";
    let event = format!("('{old}', 'login', 1, 'owner', '192.0.2.1')");
    let insert = "INSERT INTO account_events (at, kind, user_id, actor, source_ip) VALUES";
    app.database.execute(&format!("{insert} {event}")).await;
    let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
    app.database.execute(&rename("mail_quota", "gone")).await;
    app.janitor.clean().await.expect_err("a table is not there");
    let events = "SELECT COUNT(*) FROM account_events WHERE source_ip = '192.0.2.1'";
    assert_eq!(app.database.number(events).await, 0);
    app.database.execute(&rename("gone", "mail_quota")).await;
    app.janitor.clean().await.expect("cleaned");
}
