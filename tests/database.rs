//! The schema: the same on both engines, explained, and migrated once however many try.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use doorward::store::{DatabaseUrl, Store};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::*;

/// One line a column: table, name, type in SQLite's words, whether NULL is allowed, default.
const COLUMNS_POSTGRES: &str = "SELECT string_agg(line, chr(10) ORDER BY line COLLATE \"C\") FROM (
    SELECT concat_ws(' ', table_name, column_name, CASE data_type
            WHEN 'bigint' THEN 'INTEGER' WHEN 'integer' THEN 'INTEGER' WHEN 'text' THEN 'TEXT'
            WHEN 'timestamp with time zone' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB'
            WHEN 'uuid' THEN 'BLOB'
            ELSE data_type END,
        CASE is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END,
        split_part(column_default, '::', 1)) AS line
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations') AS lines";
const COLUMNS_SQLITE: &str = "SELECT group_concat(line, char(10)) FROM (
    SELECT concat_ws(' ', t.name, c.name, c.type,
        CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'not null' ELSE 'null' END,
        c.dflt_value) AS line
    FROM sqlite_master AS t, pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' AND t.name NOT LIKE 'sqlite_%'
    ORDER BY line)";

/// One line an index, with its columns; unique ones too, whatever they are called.
const INDEXES_POSTGRES: &str = "SELECT string_agg(line, chr(10) ORDER BY line COLLATE \"C\") FROM (
    SELECT concat_ws(' ', t.relname, CASE WHEN i.indisunique THEN 'unique' ELSE c.relname END,
        (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_attribute AS a
            WHERE a.attrelid = i.indexrelid), CASE WHEN i.indpred IS NOT NULL THEN 'partial' END)
        AS line
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_sqlx_migrations'
        AND NOT (i.indisprimary AND EXISTS (SELECT 1 FROM pg_attribute AS a
            WHERE a.attrelid = t.oid AND a.attidentity <> ''))) AS lines";
const INDEXES_SQLITE: &str = "SELECT group_concat(line, char(10)) FROM (
    SELECT concat_ws(' ', t.name, CASE WHEN i.\"unique\" = 1 THEN 'unique' ELSE i.name END,
        (SELECT group_concat(name, ',') FROM (
            SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)),
        CASE WHEN i.partial = 1 THEN 'partial' END) AS line
    FROM sqlite_master AS t, pragma_index_list(t.name) AS i
    WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' AND t.name NOT LIKE 'sqlite_%'
    ORDER BY line)";

/// The migrations of an engine, oldest first.
fn migrations(engine: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(engine);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

fn expected_migrations() -> i64 {
    i64::try_from(migrations("postgres").len()).expect("not that many")
}

#[tokio::test]
async fn both_engines_have_the_same_schema() {
    let (postgres, sqlite) = (TestApp::start(Postgres).await, TestApp::start(Sqlite).await);
    let columns = postgres.database.text(COLUMNS_POSTGRES).await;
    assert!(
        columns.contains("users token_version INTEGER not null 1"),
        "{columns}"
    );
    assert_eq!(columns, sqlite.database.text(COLUMNS_SQLITE).await);
    let indexes = postgres.database.text(INDEXES_POSTGRES).await;
    assert!(indexes.contains("users unique email_key"), "{indexes}");
    assert_eq!(indexes, sqlite.database.text(INDEXES_SQLITE).await);

    let names = |engine| -> BTreeSet<_> {
        let files = migrations(engine).into_iter();
        files
            .map(|file| file.file_name().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names("postgres"), names("sqlite"));
}

#[tokio::test]
async fn every_column_says_what_it_means() {
    let app = TestApp::start(Postgres).await;
    let mut columns = 0;
    for file in migrations("postgres") {
        let text = fs::read_to_string(&file).expect("readable");
        let (mut in_table, mut before) = (false, "");
        for line in text.lines().map(str::trim) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let first = words.first().copied().unwrap_or_default();
            let rule = ["PRIMARY", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK"].contains(&first);
            let added = line.contains("ADD COLUMN");
            if line.starts_with("CREATE TABLE") {
                in_table = true;
            } else if line.starts_with(')') {
                in_table = false;
            } else if added || in_table && !line.starts_with("--") && !rule && !line.is_empty() {
                columns += 1;
                assert!(before.starts_with("-- "), "{}: {line}", file.display());
            }
            before = line;
        }
    }
    let there = "SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
    assert_eq!(
        columns,
        app.database.number(there).await,
        "this test did not see every column"
    );
}

#[rstest]
#[tokio::test]
async fn a_second_migration_changes_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.store.migrate().await.expect("migrated before");
    assert_migrated_once(&app.database).await;
    ann.me().await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_database_that_a_newer_version_migrated_is_refused(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.database
        .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .await;
    let refused = app.store.migrate().await.expect_err("another version's");
    assert!(
        refused
            .to_string()
            .starts_with("the database does not fit this version"),
        "{refused}"
    );
}

/// SECURITY 45.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn five_instances_migrate_an_empty_database_once(#[values(Sqlite, Postgres)] engine: Engine) {
    for _ in 0..4 {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match engine {
            Sqlite => TestDatabase::create(Sqlite, folder.path()).await,
            Postgres => TestDatabase::empty_postgres().await,
        };
        let url = DatabaseUrl::parse(&database.url).expect("a URL");
        let stores: Vec<Store> = (0..5)
            .map(|_| Store::new(&url, 2, true).expect("a store"))
            .collect();
        for migrated in join_all(stores.iter().map(Store::migrate)).await {
            migrated.expect("migrated");
        }
        assert_migrated_once(&database).await;
        join_all(stores.iter().map(Store::close)).await;
    }
}

pub async fn assert_migrated_once(database: &TestDatabase) {
    let succeeded = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";
    assert_eq!(database.number(succeeded).await, expected_migrations());
    let all = "SELECT COUNT(*) FROM _sqlx_migrations";
    assert_eq!(database.number(all).await, expected_migrations());
    assert_eq!(
        database
            .number("SELECT COUNT(*) FROM users WHERE id < 0")
            .await,
        0
    );
}
