//! Migrations of processes that are killed in the middle.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::database::assert_migrated_once;
use crate::support::process::doorward;
use crate::support::*;

/// SECURITY 45.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_killed_at_any_moment_leaves_a_database_that_can_be_migrated() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..8 {
        let database = TestDatabase::empty_postgres().await;
        let mut processes: Vec<Child> =
            (0..4).map(|_| spawn(migrate(&folder, &database))).collect();
        // Anywhere between its start and its end, which takes some 100 ms.
        tokio::time::sleep(Duration::from_millis(round * 12)).await;
        let mut victim = processes.remove(0);
        victim.kill().expect("killed");
        victim.wait().expect("ended");
        for process in &mut processes {
            assert!(ended(process).await, "a survivor did not migrate");
        }
        assert!(
            ended(&mut spawn(migrate(&folder, &database))).await,
            "another run failed"
        );
        assert_migrated_once(&database).await;
    }
}

/// SECURITY 45.
#[tokio::test(flavor = "multi_thread")]
async fn one_killed_in_the_middle_of_a_migration_leaves_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::empty_postgres().await;
    // The migration gets as far as this table, and then waits for us.
    let mut conn = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    let mut blocker = conn.begin().await.expect("begun");
    sqlx::raw_sql("CREATE TABLE outbox ()")
        .execute(&mut *blocker)
        .await
        .expect("created");
    let mut victim = spawn(migrate(&folder, &database));
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("the migration waits", async || {
        database.number(waiting).await > 0
    })
    .await;
    victim.kill().expect("killed");
    victim.wait().expect("ended");
    blocker.rollback().await.expect("rolled back");

    let left = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'doorward'";
    eventually("the server noticed", async || {
        database.number(left).await == 0
    })
    .await;
    let tables = "SELECT COUNT(*) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'";
    assert_eq!(database.number(tables).await, 0, "half a migration");
    assert!(
        ended(&mut spawn(migrate(&folder, &database))).await,
        "another run failed"
    );
    assert_migrated_once(&database).await;
}

fn migrate(folder: &tempfile::TempDir, database: &TestDatabase) -> Command {
    let mut command = doorward(folder.path(), &[("DATABASE_URL", &database.url)]);
    command.arg("migrate").stdout(Stdio::null());
    command
}

fn spawn(mut command: Command) -> Child {
    command.spawn().expect("it runs")
}

/// Waits for the end; whether it succeeded.
async fn ended(process: &mut Child) -> bool {
    let mut status = None;
    eventually("the process ends", || {
        status = process.try_wait().expect("a state");
        std::future::ready(status.is_some())
    })
    .await;
    status.is_some_and(|status| status.success())
}
