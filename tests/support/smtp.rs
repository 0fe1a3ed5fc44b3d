//! A real mail server: aiosmtpd, from Debian's python3-aiosmtpd.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::{Engine, TestApp};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smtp_server.py");
const PATIENCE: Duration = Duration::from_secs(20);

/// A running mail server; ended when dropped.
pub struct SmtpServer {
    child: Child,
    pub port: u16,
    lines: UnboundedReceiver<Value>,
}

/// A certificate authority and a certificate for localhost, made for one test.
pub struct Certificates {
    folder: TempDir,
}

impl SmtpServer {
    /// Starts it with options of `smtp_server.py` and waits until it listens.
    pub async fn start(options: &[&str]) -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .arg(SCRIPT)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, mut lines) = unbounded_channel::<Value>();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("JSON");
                // Nobody listens any more when the test is over.
                drop(tell.send(line));
            }
        });
        let first = timeout(PATIENCE, lines.recv()).await.ok().flatten().expect(
            "a mail server: is python3-aiosmtpd installed? scripts/test installs what is missing",
        );
        let port = first["port"]
            .as_u64()
            .and_then(|port| port.try_into().ok())
            .expect("a port");
        Self { child, port, lines }
    }

    /// What it told until now: a message each, or that it hangs.
    pub async fn told(&mut self) -> Vec<Value> {
        let mut told = Vec::new();
        // A message is printed before it is acknowledged; only the pipe may be behind.
        while let Ok(Some(line)) = timeout(Duration::from_millis(200), self.lines.recv()).await {
            told.push(line);
        }
        told
    }

    /// The next thing that it tells.
    pub async fn next(&mut self) -> Value {
        let next = timeout(PATIENCE, self.lines.recv()).await;
        next.ok().flatten().expect("something to be told")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Certificates {
    pub fn make() -> Self {
        let made = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
        made.openssl(&format!(
            "req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=doorward-tests \
             -addext basicConstraints=critical,CA:TRUE"
        ));
        made.openssl(&format!(
            "req -x509 -CA ca.pem -CAkey ca.key {key} -keyout server.key -out server.crt \
             -subj /CN=localhost -addext subjectAltName=DNS:localhost \
             -addext basicConstraints=critical,CA:FALSE"
        ));
        let parts = ["server.key", "server.crt"]
            .map(|name| std::fs::read_to_string(made.path(name)).expect("readable"));
        std::fs::write(made.path("server.pem"), parts.concat()).expect("written");
        made
    }

    pub fn authority(&self) -> String {
        self.path("ca.pem").display().to_string()
    }

    /// Certificate and key of the server.
    pub fn server(&self) -> String {
        self.path("server.pem").display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        let folder: &Path = self.folder.path();
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .output()
            .expect("openssl is there");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// An app that mails through this server.
pub async fn app_with(engine: Engine, url: &str, ca_file: &str) -> TestApp {
    let settings = [
        ("mail.transport", "smtp"),
        ("mail.smtp_url", url),
        ("mail.smtp_ca_file", ca_file),
        ("mail.from", "The shop <shop@example.org>"),
    ];
    TestApp::with(engine, &settings).await
}

/// The same without TLS and login.
pub async fn plain(engine: Engine, server: &SmtpServer) -> TestApp {
    app_with(engine, &format!("smtp://127.0.0.1:{}", server.port), "").await
}

/// Sends some of the mails that are due; how many were tried.
pub async fn deliver(app: &TestApp) -> usize {
    app.outbox
        .deliver_due()
        .await
        .expect("the outbox can be read")
}

/// The mails that were not sent yet.
pub async fn waiting(app: &TestApp) -> i64 {
    app.database
        .number("SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL")
        .await
}
