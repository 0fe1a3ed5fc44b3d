//! Token checks from memory: whatever happens to an account, the next check knows.

use std::time::Duration;

use doorward::domain::account::Account;
use doorward::domain::email::Email;
use doorward::metrics::Metrics;
use doorward::store::Store;
use doorward::store::account_loader::AccountLoader;
use doorward::user_manager::Which;
use futures_util::future::join_all;
use rstest::rstest;
use sqlx::error::DatabaseError;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use crate::support::*;

const ACCOUNTS: i64 = 300;

/// A database with some accounts whose passwords nobody knows, numbered from 1 on.
async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    add_accounts(&app, ACCOUNTS).await;
    app
}

pub async fn add_accounts(app: &TestApp, count: i64) {
    let rows: Vec<String> = (1..=count)
        .map(|n| format!("('u{n}@example.com', 'u{n}@example.com', 'x', '2026-01-01T00:00:00Z')"))
        .collect();
    let rows = rows.join(", ");
    let insert = "INSERT INTO users (email, email_key, password_hash, created_at) VALUES";
    app.database.execute(&format!("{insert} {rows}")).await;
}

/// An instance's memory, with its own connections.
pub fn instance(app: &TestApp, cached: usize) -> (Store, AccountLoader) {
    let database = &app.config.database;
    let store = Store::new(&database.url, 4, true).expect("a store");
    let loader = AccountLoader::start(&store, cached, Metrics::new().batch_size);
    (store, loader)
}

async fn load(loader: &AccountLoader, id: i64) -> Option<Account> {
    let found = loader.load(id).await.expect("loaded");
    found.map(|account| Account::clone(&account))
}

/// Everything that a check looks at, as text.
async fn look(loader: &AccountLoader, id: i64) -> String {
    load(loader, id).await.map_or("gone".to_owned(), |account| {
        let Account {
            email,
            token_version,
            confirmed_at,
            disabled_at,
            ..
        } = account;
        let (confirmed, disabled) = (confirmed_at.is_some(), disabled_at.is_some());
        format!("{email} {token_version} {confirmed} {disabled}")
    })
}

async fn epoch(app: &TestApp) -> i64 {
    app.database.number("SELECT epoch FROM account_epoch").await
}

/// Warms two memories, runs a statement past the service, and looks at both.
async fn after(app: &TestApp, sql: &str, id: i64) -> String {
    let ((_a, large), (_b, small)) = (instance(app, 10_000), instance(app, 4));
    for loader in [&large, &small] {
        join_all((1..=ACCOUNTS).map(|id| load(loader, id))).await;
        load(loader, id).await;
    }
    app.database.execute(sql).await;
    let seen = look(&large, id).await;
    assert_eq!(seen, look(&small, id).await, "{sql}");
    seen
}

/// SECURITY 25. Also what an operator types, on either engine.
#[rstest]
#[case::version(
    "UPDATE users SET token_version = 9 WHERE id = 7",
    "u7@example.com 9 false false"
)]
#[case::disabled(
    "UPDATE users SET disabled_at = '2026-01-02T00:00:00Z' WHERE email_key = 'u7@example.com'",
    "u7@example.com 1 false true"
)]
#[case::confirmed(
    "UPDATE users SET confirmed_at = '2026-01-02T00:00:00Z' WHERE id = 7",
    "u7@example.com 1 true false"
)]
#[case::email(
    "UPDATE users SET email = 'U7@example.com' WHERE id = 7",
    "U7@example.com 1 false false"
)]
#[case::many(
    "UPDATE users SET token_version = token_version + 1",
    "u7@example.com 2 false false"
)]
#[case::one_after_the_other("UPDATE users SET token_version = 2 WHERE id = 7;
    UPDATE users SET token_version = 3 WHERE id = 8; UPDATE users SET token_version = 4 WHERE id = 7",
    "u7@example.com 4 false false")]
#[case::deleted("DELETE FROM users WHERE id = 7", "gone")]
#[case::all_deleted("DELETE FROM users", "gone")]
#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_seen_by_the_next_check(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] sql: &str,
    #[case] expected: &str,
) {
    let app = start(engine).await;
    assert_eq!(after(&app, sql, 7).await, expected);
}

/// SECURITY 25.
#[rstest]
#[case(Postgres, "TRUNCATE users CASCADE", "gone")]
#[case(
    Postgres,
    "SET session_replication_role = replica; UPDATE users SET token_version = 5 WHERE id = 7",
    "u7@example.com 5 false false"
)]
#[case(
    Sqlite,
    "INSERT OR REPLACE INTO users (email, email_key, password_hash, created_at)
        VALUES ('other', 'u7@example.com', 'x', '2026-01-01T00:00:00Z')",
    "gone"
)]
#[case(Sqlite, "UPDATE users SET rowid = 1007 WHERE id = 7", "gone")]
#[case(
    Postgres,
    "CREATE TEMP TABLE account_epoch AS SELECT * FROM account_epoch;
        CREATE TEMP TABLE account_changes AS SELECT * FROM account_changes;
        UPDATE users SET token_version = 6 WHERE id = 7",
    "u7@example.com 6 false false"
)]
#[case(
    Postgres,
    "CREATE SCHEMA elsewhere; SET search_path = elsewhere;
        UPDATE public.users SET token_version = 6 WHERE id = 7",
    "u7@example.com 6 false false"
)]
#[case(
    Sqlite,
    "UPDATE OR REPLACE users SET id = 7 WHERE id = 8",
    "u8@example.com 1 false false"
)]
#[case(
    Sqlite,
    "UPDATE OR REPLACE users SET email_key = 'u7@example.com' WHERE id = 8",
    "gone"
)]
#[tokio::test(flavor = "multi_thread")]
async fn what_only_one_engine_can_do_is_seen_too(
    #[case] engine: Engine,
    #[case] sql: &str,
    #[case] expected: &str,
) {
    let app = start(engine).await;
    assert_eq!(after(&app, sql, 7).await, expected);
}

/// Otherwise each login that makes a newer hash would empty memories.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_check_looks_at_is_no_change(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let before = epoch(&app).await;
    let same = "UPDATE users SET password_hash = 'y', role = 'z', token_version = 1";
    app.database.execute(same).await;
    assert_eq!(epoch(&app).await, before);
    app.database
        .execute("UPDATE users SET token_version = 2 WHERE id < 4")
        .await;
    let raised = epoch(&app).await - before;
    assert!((1..=3).contains(&raised), "{raised}");
}

/// A statement that fails or is taken back has changed nothing.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_is_no_change(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let before = epoch(&app).await;
    let undone = "BEGIN; UPDATE users SET token_version = 5 WHERE id = 7; ROLLBACK";
    assert_eq!(after(&app, undone, 7).await, "u7@example.com 1 false false");
    assert_eq!(epoch(&app).await, before);
}

/// A failover or a backup can bring a history that reached the same number in another way.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_history_is_noticed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let change = "UPDATE users SET token_version = token_version + 1 WHERE id = 7";
    app.database.execute(change).await;
    let quiet = match engine {
        Postgres => (
            "ALTER TABLE users DISABLE TRIGGER users_updated;",
            "ALTER TABLE users ENABLE ALWAYS TRIGGER users_updated;",
        ),
        Sqlite => ("DROP TRIGGER users_updated;", ""),
    };
    let other = format!(
        "{} UPDATE users SET token_version = 40 WHERE id = 9;
        UPDATE account_epoch SET stamp = stamp + 1;
        UPDATE account_changes SET stamp = stamp + 1
            WHERE epoch = (SELECT epoch FROM account_epoch); {}",
        quiet.0, quiet.1
    );
    let seen = after(&app, &other, 9).await;
    assert_eq!(seen, "u9@example.com 40 false false");
}

/// An instance that slept through more changes than are kept.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_missed_what_was_forgotten_reads_everything_again(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = start(engine).await;
    let (_store, sleeper) = instance(&app, 10_000);
    assert_eq!(look(&sleeper, 7).await, "u7@example.com 1 false false");
    let change = "UPDATE users SET token_version = token_version + 1 WHERE id = 7;";
    app.database.execute(change).await;
    let others = "UPDATE users SET token_version = token_version + 1 WHERE id = 8;".repeat(1_200);
    app.database.execute(&others).await;
    app.janitor.clean().await.expect("cleaned");
    let count = "SELECT COUNT(*) FROM account_changes WHERE user_id = 7";
    assert_eq!(app.database.number(count).await, 0, "nothing was forgotten");
    let kept = app
        .database
        .number("SELECT COUNT(*) FROM account_changes")
        .await;
    assert!(kept <= 1_001, "{kept}");
    assert_eq!(look(&sleeper, 7).await, "u7@example.com 2 false false");
    assert_eq!(look(&sleeper, 8).await, "u8@example.com 1201 false false");
}

/// A failover can lose the newest account, whose number the next one gets.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_account_is_noticed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = start(engine).await;
    let before = epoch(&app).await;
    app.register("new@example.com", PASSWORD).await;
    assert_eq!(epoch(&app).await, before + 1);
}

/// A connection that was given up in the middle of BEGIN or a transaction never comes back into the
/// pool with the transaction open.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_up_leaves_no_transaction_behind() {
    let app = TestApp::with(Postgres, &[("database.max_connections", "2")]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let which = Which::Email(Email::parse(&ann.email).expect("an address"));
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()";
    // Nobody uses the connections in between: one that is left open stays so.
    for patience in (0..3_000).step_by(60).map(Duration::from_micros) {
        drop(timeout(patience, app.users.admin_revoke_tokens(&which)).await);
        eventually("no transaction is open", async || {
            app.database.number(open).await == 0
        })
        .await;
    }
    ann.login().await.expect(200);
    app.get("/health/ready").await.expect(200);
}

/// Whoever changes an account keeps all others from it until the commit: otherwise an epoch could
/// become visible before an older one. So a change that falls asleep is ended.
#[tokio::test]
async fn changes_of_accounts_are_one_after_the_other_and_none_sleeps() {
    let app = start(Postgres).await;
    let url = &app.database.url;
    let mut first = PgConnection::connect(url).await.expect("connected");
    let mut second = PgConnection::connect(url).await.expect("connected");
    let change = "BEGIN; UPDATE users SET token_version = 2 WHERE id = 1";
    sqlx::raw_sql(change)
        .execute(&mut first)
        .await
        .expect("changed");
    let limit = sqlx::query_scalar("SHOW idle_in_transaction_session_timeout");
    let limit: String = limit.fetch_one(&mut first).await.expect("a setting");
    assert_eq!(limit, "10s");

    let change = "SET lock_timeout = '100ms'; UPDATE users SET token_version = 2 WHERE id = 2";
    let refused = sqlx::raw_sql(change).execute(&mut second).await;
    let error = refused.expect_err("the first has not committed");
    let code = error.as_database_error().and_then(DatabaseError::code);
    assert_eq!(code.as_deref(), Some("55P03"), "lock_not_available");
    sqlx::raw_sql("COMMIT")
        .execute(&mut first)
        .await
        .expect("committed");
    sqlx::raw_sql(change)
        .execute(&mut second)
        .await
        .expect("changed");
}
