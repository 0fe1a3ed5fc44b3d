//! The program as a process: start, stop, and what a crash leaves.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::database::assert_migrated_once;
use crate::support::process::Process;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_with_nothing_and_says_how_to_try_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (process, client) = Process::start(folder.path(), &[]).await;
    let output = process.output();
    assert!(
        output.contains(&format!("doorward listens on {}", client.url)),
        "{output}"
    );
    assert!(
        output.contains("curl -d '{\"email\":\"ann@example.com\""),
        "{output}"
    );
    assert!(
        output.contains(&format!("Open {}/ in a browser.", client.url)),
        "{output}"
    );
    assert!(
        output.contains(&format!("{}/user/create", client.url)),
        "{output}"
    );
    // It holds password hashes, and so does what is not in it yet.
    for name in [
        "",
        "doorward.db",
        "doorward.db-wal",
        "doorward.db-shm",
        "jwt_secret",
    ] {
        let path = folder.path().join("data").join(name);
        let mode = fs::metadata(&path).expect(name).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }

    // The line can be pasted.
    let line = output.split_once("Try:").expect("a line").1;
    let line = line.split_once("\n\n").expect("its start").1;
    let line = line.split_once("\n\n").expect("its end").0;
    let curl = std::process::Command::new("bash")
        .args(["-c", line])
        .output()
        .expect("bash runs");
    let answer = String::from_utf8_lossy(&curl.stdout).into_owned();
    assert!(answer.starts_with(r#"{"token":""#), "{line}: {answer}");
}

/// Nobody has set where that is.
#[rstest]
#[case("127.0.0.1")]
#[case("0.0.0.0")]
#[tokio::test(flavor = "multi_thread")]
async fn in_development_mails_link_to_the_service_that_sends_them(#[case] host: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [("HOST", host), ("DOORWARD__MAIL__TRANSPORT", "file")];
    let (_process, client) = Process::start(folder.path(), &settings).await;
    client.register("ann@example.com", PASSWORD).await;
    let mut mails = Vec::new();
    eventually("the mail is there", || {
        mails = mailbox::read(&folder.path().join("data/mails"));
        std::future::ready(!mails.is_empty())
    })
    .await;
    let link = mails[0].link();
    let url = client.url.replace("0.0.0.0", "127.0.0.1");
    assert!(link.starts_with(&format!("{url}/confirm#")), "{link}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_the_same_accounts_and_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut process, client) = Process::start(folder.path(), &[]).await;
    let ann = client.register("ann@example.com", PASSWORD).await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));

    let (_process, client) = Process::start(folder.path(), &[]).await;
    let ann = ann.at(&client);
    ann.me().await.expect(200);
    ann.login().await.expect(200);
}

/// SECURITY 44. What was answered with 2xx survives `kill -9` at any moment after.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_promised_survives_a_crash(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = match engine {
        Sqlite => String::new(),
        Postgres => TestDatabase::empty_postgres().await.url,
    };
    let variables = [("DATABASE_URL", &*url)];
    let (mut process, mut client) = Process::start(folder.path(), &variables).await;
    for round in 0..20 {
        let ann = client
            .register(&format!("ann{round}@example.com"), PASSWORD)
            .await;
        process.kill();
        (process, client) = Process::start(folder.path(), &variables).await;
        let ann = ann.at(&client);
        assert_eq!(ann.me().await.expect(200).body["email"], ann.email.as_str());
        ann.login().await.expect(200);
    }
}

/// SECURITY 46.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_request_finish_and_sends_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let delay = [("DOORWARD__HTTP__DRAIN_DELAY", "2s")];
    let (mut process, client) = Process::start(folder.path(), &delay).await;
    let mut slow = SlowRequest::begin(&client);
    client.get("/health/ready").await.expect(200);

    process.terminate();
    eventually("a load balancer is told", async || {
        client.get("/health/ready").await.status == 503
    })
    .await;
    client.get("/health/live").await.expect(200);
    // Whoever is still sent here is served.
    client
        .try_register("bob@example.com", PASSWORD)
        .await
        .expect(201);
    eventually("nobody gets in any more", async || {
        client
            .http
            .get(format!("{}/health/live", client.url))
            .send()
            .await
            .is_err()
    })
    .await;
    let answer = slow.finish();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(
        process.ended().await.code(),
        Some(0),
        "{}",
        process.output()
    );
    assert!(process.output().contains("stopped"), "{}", process.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let delay = [("DOORWARD__HTTP__DRAIN_DELAY", "5m")];
    let (mut process, client) = Process::start(folder.path(), &delay).await;
    let _slow = SlowRequest::begin(&client);
    process.terminate();
    eventually("it stops", async || {
        client.get("/health/ready").await.status == 503
    })
    .await;
    process.terminate();
    let status = process.ended().await;
    assert!(status.code().is_some_and(|code| code != 0), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_in_use_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let mut process = Process::spawn(folder.path(), &[("PORT", &port)]);
    assert_eq!(process.ended().await.code(), Some(1));
    let message = format!("doorward: cannot listen on 127.0.0.1:{port}");
    eventually("it says so", async || process.output().contains(&message)).await;
    assert!(
        process.output().contains("set HOST and PORT"),
        "{}",
        process.output()
    );
}

/// SECURITY 45.
#[tokio::test(flavor = "multi_thread")]
async fn five_processes_start_together_on_an_empty_database() {
    let database = TestDatabase::empty_postgres().await;
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [("DATABASE_URL", &*database.url)];
    let processes: Vec<Process> = (0..5)
        .map(|_| Process::spawn(Path::new(folder.path()), &variables))
        .collect();
    let mut token = None;
    for process in &processes {
        let client = process.client().await;
        client.get("/health/ready").await.expect(200);
        // They made one signing secret between them.
        let token = match &token {
            Some(token) => token,
            None => &*token.insert(client.register("ann@example.com", PASSWORD).await.token),
        };
        client.me(token).await.expect(200);
    }
    assert_migrated_once(&database).await;
}

/// A registration whose body has not arrived yet.
struct SlowRequest {
    stream: TcpStream,
    rest: String,
}

impl SlowRequest {
    fn begin(client: &Client) -> Self {
        let address = client.url.strip_prefix("http://").expect("a URL");
        let mut stream = TcpStream::connect(address).expect("connected");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("set");
        let body = json!({ "email": "ann@example.com", "password": PASSWORD,
            "password_confirm": PASSWORD })
        .to_string();
        let (begin, rest) = body.split_at(10);
        write!(
            stream,
            "POST /user/create HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{begin}",
            body.len()
        )
        .expect("sent");
        Self {
            stream,
            rest: rest.to_owned(),
        }
    }

    fn finish(&mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).expect("sent");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}
