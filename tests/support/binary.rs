//! The real program, as an operator runs it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{Client, TestApp};

const PROGRAM: &str = env!("CARGO_BIN_EXE_doorward");
const PATIENCE: Duration = Duration::from_secs(20);

/// The program with its environment, which holds nothing but what is set here.
pub struct Program {
    variables: Vec<(String, String)>,
    pub folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A running server; killed when dropped.
pub struct Serving {
    child: Child,
    pub client: Client,
    logs: TempDir,
}

impl Program {
    /// With a folder of its own for data, and no files with settings.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data").display().to_string();
        let program = Self {
            variables: Vec::new(),
            folder,
        };
        program
            .set("DOORWARD_CONFIG_DIR", "/nonexistent")
            .set("DOORWARD__DATA__DIRECTORY", &data)
    }

    /// On the database and with the secret of a running app.
    pub fn beside(app: &TestApp) -> Self {
        let data = app.config.data_directory.display().to_string();
        let program = Self::new().set("DOORWARD__DATA__DIRECTORY", &data);
        program
            .set("DATABASE_URL", &app.database.url)
            .set("DOORWARD__MAIL__TRANSPORT", "off")
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "").await
    }

    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.to_owned();
        let run = move || {
            let mut child = command.spawn().expect("started");
            // A command that does not read its input may be gone already.
            drop(
                child
                    .stdin
                    .take()
                    .expect("piped")
                    .write_all(input.as_bytes()),
            );
            child.wait_with_output().expect("ended")
        };
        let output = tokio::task::spawn_blocking(run).await.expect("ran");
        Ran {
            code: output.status.code().expect("a code"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Runs a command whose standard output goes there; its exit code and standard error.
    pub async fn run_into(&self, arguments: &[&str], stdout: impl Into<Stdio>) -> (i32, String) {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(stdout);
        let run = move || command.stderr(Stdio::piped()).output().expect("ran");
        let output = tokio::task::spawn_blocking(run).await.expect("ran");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        (output.status.code().expect("a code"), stderr)
    }

    /// Starts the server on a free port and waits until it answers.
    pub async fn serve(&self) -> Serving {
        let logs = tempfile::tempdir().expect("a folder");
        let file = |name| File::create(logs.path().join(name)).expect("a file");
        let mut command = self.command(&["serve"]);
        command.env("PORT", "0").stdin(Stdio::null());
        let child = command
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn();
        let client = Client {
            url: String::new(),
            http: reqwest::Client::new(),
        };
        let mut serving = Serving {
            child: child.expect("started"),
            client,
            logs,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stdout = serving.stdout();
            let address = stdout.split_once("doorward listens on http://");
            if let Some((address, _)) = address.and_then(|(_, rest)| rest.split_once(' ')) {
                serving.client.url = format!("http://{address}");
                return serving;
            }
            let ended = serving.child.try_wait().expect("a state");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "not ready: {}",
                serving.stderr()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {}", self.stdout))
    }

    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Serving {
    pub fn stdout(&self) -> String {
        read(&self.logs.path().join("stdout"))
    }

    pub fn stderr(&self) -> String {
        read(&self.logs.path().join("stderr"))
    }

    /// Tells it to stop, as an orchestrator does, and waits until it has.
    pub async fn terminate(&mut self) -> i32 {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(told.expect("told").success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                return status.code().expect("a code");
            }
            assert!(Instant::now() < deadline, "did not stop: {}", self.stderr());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("readable")).into_owned()
}
