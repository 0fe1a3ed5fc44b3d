//! A limit of open files that is too small for all the connections that the settings allow.

use std::fs;

use rstest::rstest;
use tokio::net::TcpStream;

use crate::support::process::{Process, doorward_after};
use crate::support::*;

/// SECURITY 39: without a smaller number of connections, clients that only hold theirs would leave the service no
/// file for its database, and it would refuse everybody.
#[rstest]
#[case(Sqlite, 12)]
#[case(Postgres, 22)]
#[tokio::test(flavor = "multi_thread")]
async fn connections_leave_the_database_its_files(#[case] engine: Engine, #[case] places: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let variables = [
        ("DATABASE_URL", &*database.url),
        ("DOORWARD__HTTP__READ_TIMEOUT", "1s"),
        ("DOORWARD__LIMITS__ENABLED", "false"),
    ];
    let process = Process::run(doorward_after("ulimit -n 64", folder.path(), &variables));
    let client = process.client().await;
    let told = process.output();
    let warning = format!(
        "http.max_connections is 10000, and the limit of open files leaves room for {places}:"
    );
    assert!(told.contains(&warning), "{told}");
    assert!(
        told.contains("LimitNOFILE=") && told.contains("limit=64"),
        "{told}"
    );

    // They say nothing, and are let go after a second; the others wait for their places.
    let address = client.url.strip_prefix("http://").expect("http");
    let mut silent = Vec::new();
    for _ in 0..3 * places {
        silent.push(TcpStream::connect(address).await.expect("connected"));
    }
    eventually("all places are taken", async || {
        open_files(&process, "socket:") >= places
    })
    .await;
    // Each wants a connection of the database at the same moment.
    let register = |number: usize| {
        let client = client.clone();
        async move {
            let email = format!("user{number}@example.com");
            client.try_register(&email, PASSWORD).await.status
        }
    };
    assert_eq!(race(20, register).await, [201; 20]);
    let open = open_files(&process, "");
    assert!(open < 64, "{open} files are open");
    drop(silent);
    client.get("/health/ready").await.expect(200);
    let told = process.output();
    assert!(
        !told.contains("was not accepted") && !told.contains("ERROR"),
        "{told}"
    );
}

/// Where there is room for all, nothing is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_can_be_raised_is_raised() {
    let folder = tempfile::tempdir().expect("a folder");
    let fewer = [("DOORWARD__HTTP__MAX_CONNECTIONS", "200")];
    let process = Process::run(doorward_after("ulimit -S -n 64", folder.path(), &fewer));
    process.client().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.id())).expect("readable");
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3));
    // The connections, two files for each of ten to SQLite, and 32.
    assert_eq!(soft, Some("252"), "{limits}");
    assert!(
        !process.output().contains("limit of open files"),
        "{}",
        process.output()
    );
}

/// How many files whose names begin so the process has open.
fn open_files(process: &Process, kind: &str) -> usize {
    let folder = format!("/proc/{}/fd", process.id());
    let files = fs::read_dir(folder)
        .expect("readable")
        .filter_map(Result::ok);
    let names = files.filter_map(|file| fs::read_link(file.path()).ok());
    names
        .filter(|name| name.to_string_lossy().starts_with(kind))
        .count()
}
