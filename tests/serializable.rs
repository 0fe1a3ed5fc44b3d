//! A PostgreSQL that is stricter than most, and one behind a pooler.

use doorward::store::{DatabaseUrl, Store};
use futures_util::future::join_all;
use rstest::rstest;

use crate::database::assert_migrated_once;
use crate::support::pgbouncer::Pgbouncer;
use crate::support::*;

/// An instance all of whose transactions are SERIALIZABLE, and the one that made its database.
async fn start_serializable() -> (TestApp, TestApp) {
    let first = TestApp::with(Postgres, &[("lockout.failures", "10")]).await;
    let name = first.database.text("SELECT current_database()::text").await;
    let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'");
    first.database.execute(&set).await;
    // Only new connections get it.
    let app = first.another_instance().await;
    let level = first
        .database
        .text("SELECT current_setting('transaction_isolation')")
        .await;
    assert_eq!(level, "serializable");
    (first, app)
}

/// SECURITY 44: PostgreSQL answers 40001.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_registrations_are_served_at_serializable() {
    let (_first, app) = start_serializable().await;
    let emails: Vec<String> = (0..50)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    for answer in join_all(emails.iter().map(|email| app.try_register(email, PASSWORD))).await {
        answer.expect(201);
    }
    let same = (0..50).map(|_| app.try_register("ann@example.com", PASSWORD));
    let mut made = 0;
    for answer in join_all(same).await {
        if answer.status == 201 {
            made += 1;
        } else {
            answer.expect_problem(400, "email_taken");
        }
    }
    assert_eq!(made, 1);
}

/// SECURITY 44: PostgreSQL answers 40001.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_wrong_logins_are_counted_at_serializable() {
    let (_first, app) = start_serializable().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let mut wrong = 0;
    for answer in join_all((0..50).map(|_| ann.login_with("wrong1"))).await {
        if answer.status == 400 {
            wrong += 1;
        } else {
            answer.expect_problem(403, "account_locked");
        }
    }
    // 10 lock; what was in a hashing slot already may still be answered.
    assert!((10..=13).contains(&wrong), "{wrong} guesses");
    ann.login().await.expect_problem(403, "account_locked");
}

/// SECURITY 44: PostgreSQL answers 40001.
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_resets_one_wins_at_serializable() {
    let (_first, app) = start_serializable().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    let passwords: Vec<String> = (0..30)
        .map(|number| format!("abc{}", 200 + number))
        .collect();
    let resets = passwords
        .iter()
        .map(|new| app.reset(&ann.email, &token, new));
    let mut winners = Vec::new();
    for (answer, new) in join_all(resets).await.into_iter().zip(&passwords) {
        if answer.status == 200 {
            winners.push(new);
        } else {
            answer.expect_problem(400, "invalid_one_time_token");
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    ann.login_with(winners[0]).await.expect(200);
}

/// Everything that an account goes through.
async fn live(app: &TestApp, email: &str) {
    let mut ann = app.register(email, PASSWORD).await;
    assert_eq!(ann.me().await.expect(200).body["email"], email);
    ann.login_with("wrong1")
        .await
        .expect_problem(400, "wrong_credentials");
    ann.login().await.expect(200);
    ann.token = ann
        .change_password(PASSWORD, "xyz789")
        .await
        .expect(200)
        .token();
    ann.me().await.expect(200);
    ann.login_with(PASSWORD)
        .await
        .expect_problem(400, "wrong_credentials");
}

/// The part that reads mails.
async fn recover(app: &TestApp) {
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app
        .deliver_mail()
        .await
        .into_iter()
        .find(|mail| mail.to == ann.email);
    app.confirm(&ann.email, &confirm.expect("a mail").token())
        .await
        .expect(200);
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    app.reset(&ann.email, &token, "mno456").await.expect(200);
    ann.me().await.expect_problem(400, "invalid_token");
    ann.login_with("mno456").await.expect(200);
    app.janitor.clean().await.expect("cleaned");
    app.get("/health/ready").await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everything_works_without_prepared_statements(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("database.prepared_statements", "false")]).await;
    let emails: Vec<String> = (0..10)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    join_all(emails.iter().map(|email| live(&app, email))).await;
    recover(&app).await;
}

/// Transaction mode: every transaction may be on another server connection, and those are fewer
/// than ours.
#[tokio::test(flavor = "multi_thread")]
async fn everything_works_behind_pgbouncer_in_transaction_mode() {
    let database = TestDatabase::empty_postgres().await;
    let pooler = Pgbouncer::before(&database, 3).await;
    let settings = [
        ("database.url", &*pooler.url()),
        ("database.prepared_statements", "false"),
    ];
    let app = TestApp::with(Postgres, &settings).await;
    assert_eq!(
        database.number("SELECT COUNT(*) FROM users").await,
        0,
        "it is behind the pooler"
    );
    // More than one instance, each of which also finds the migrations done.
    let other = app.another_instance().await;
    for _ in 0..3 {
        let (one, two) = tokio::join!(app.store.migrate(), other.store.migrate());
        one.and(two).expect("migrated before");
    }
    let emails: Vec<String> = (0..20)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    let lives = emails.iter().enumerate();
    join_all(lives.map(|(number, email)| live(if number % 2 == 0 { &app } else { &other }, email)))
        .await;
    recover(&app).await;
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 21);
}

/// SECURITY 45. The migrator names its statements whatever the setting says, and a pooler gives
/// the server connection that has those names to the next instance.
#[tokio::test(flavor = "multi_thread")]
async fn many_instances_migrate_behind_one_connection_of_pgbouncer() {
    let database = TestDatabase::empty_postgres().await;
    let pooler = Pgbouncer::before(&database, 1).await;
    let url = DatabaseUrl::parse(&pooler.url()).expect("a URL");
    for _ in 0..30 {
        let store = Store::new(&url, 1, false).expect("a store");
        store.migrate().await.expect("migrated");
        store.close().await;
    }
    let stores: Vec<Store> = (0..5)
        .map(|_| Store::new(&url, 1, false).expect("a store"))
        .collect();
    for migrated in join_all(stores.iter().map(Store::migrate)).await {
        migrated.expect("migrated");
    }
    assert_migrated_once(&database).await;
}
