//! The real program, as an operator runs it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{Client, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_doorward");

/// A command in a folder of its own, with nothing of the test's environment.
pub fn doorward(folder: &Path, variables: &[(&str, &str)]) -> Command {
    prepared(Command::new(PROGRAM), folder, variables)
}

/// The same after `preparation` in a shell.
pub fn doorward_after(preparation: &str, folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{preparation} && exec \"$0\""), PROGRAM]);
    prepared(shell, folder, variables)
}

fn prepared(mut command: Command, folder: &Path, variables: &[(&str, &str)]) -> Command {
    command
        .current_dir(folder)
        .env_clear()
        .env("PORT", "0")
        .env("NO_COLOR", "1");
    command
        .env("DOORWARD__MAIL__TRANSPORT", "off")
        .envs(variables.iter().copied());
    command
}

/// A running `doorward serve`; killed on drop.
pub struct Process {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it, without waiting for anything.
    pub fn spawn(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::run(doorward(folder, variables))
    }

    /// The same with a command that becomes it.
    pub fn run(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let output = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().expect("a pipe"), Arc::clone(&output));
        collect(child.stderr.take().expect("a pipe"), Arc::clone(&output));
        Self { child, output }
    }

    /// Starts it and waits until it says where it listens.
    pub async fn start(folder: &Path, variables: &[(&str, &str)]) -> (Self, Client) {
        let process = Self::spawn(folder, variables);
        let client = process.client().await;
        (process, client)
    }

    /// Waits until it says where it listens.
    pub async fn client(&self) -> Client {
        eventually("doorward listens", async || {
            // Its output is in the panic's message when it does not.
            let output = self.output();
            assert!(!output.contains("doorward: "), "{output}");
            self.url().is_some()
        })
        .await;
        let url = self.url().expect("it listens");
        Client {
            url,
            http: reqwest::Client::new(),
        }
    }

    /// Everything it has written so far.
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A line of `/proc/PID/status`: `VmRSS` is in memory now, `VmHWM` the most so far.
    pub fn memory_kib(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("readable");
        let mut lines = status.lines();
        let value = lines.find_map(|of| of.strip_prefix(line)?.strip_prefix(':'));
        let number = value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok());
        number.expect("a number of KiB")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(status.success(), "told to stop");
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("doorward ends", || {
            status = self.child.try_wait().expect("a state");
            std::future::ready(status.is_some())
        })
        .await;
        status.expect("it ended")
    }

    fn url(&self) -> Option<String> {
        let output = self.output();
        let (_, rest) = output.split_once("doorward listens on ")?;
        rest.split_whitespace().next().map(str::to_owned)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn collect(pipe: impl Read + Send + 'static, output: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&line);
            output.push('\n');
        }
    });
}
