//! A PostgreSQL server of the test's own, which it may stop, kill and freeze.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

/// A running server; stopped and removed on drop.
pub struct OwnPostgres {
    folder: TempDir,
    port: u16,
    frozen: AtomicBool,
}

impl OwnPostgres {
    /// A new, empty server that runs.
    pub fn start() -> Self {
        let server = Self::stopped();
        server.start_again();
        server
    }

    /// A new, empty server that does not run yet.
    pub fn stopped() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if is_root() {
            checked(Command::new("chown").arg(server_user()).arg(folder.path()));
        }
        let server = Self {
            folder,
            port: free_port(),
            frozen: AtomicBool::new(false),
        };
        let data = server.data();
        checked(
            as_server("initdb")
                .args([
                    "--no-sync",
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "-D",
                ])
                .arg(data),
        );
        server
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn start_again(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off \
             -c shared_buffers=16MB",
            self.port
        );
        let mut start = self.control("start");
        start
            .args(["-o", &options, "-l"])
            .arg(self.folder.path().join("log"));
        // What the server inherits must not be a pipe that somebody reads to its end.
        start
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let status = start.status().expect("pg_ctl runs");
        assert!(status.success(), "{}", self.log());
    }

    /// As a crash: nobody is told goodbye.
    pub fn stop_at_once(&self) {
        checked(self.control("stop").args(["-m", "immediate"]));
    }

    /// Everything stands still; connections stay open and say nothing.
    pub fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
        self.frozen.store(false, Ordering::SeqCst);
    }

    fn signal(&self, signal: &str) {
        let postmaster = self.postmaster().expect("the server runs");
        // The postmaster first, so that it starts no others meanwhile.
        checked(Command::new("kill").args([signal, &postmaster]));
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = fs::read_to_string(children).expect("the server's processes");
        for pid in children.split_whitespace() {
            let output = Command::new("kill")
                .args([signal, pid])
                .output()
                .expect("kill runs");
            // Some come and go: helpers of the vacuum, connections that are being closed.
            let gone = || !Path::new("/proc").join(pid).exists();
            assert!(
                output.status.success() || gone(),
                "{pid} does not take a signal"
            );
        }
    }

    fn postmaster(&self) -> Option<String> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        file.lines().next().map(str::to_owned)
    }

    fn control(&self, what: &str) -> Command {
        let mut command = as_server("pg_ctl");
        command.args([what, "-w", "-D"]).arg(self.data());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if self.postmaster().is_some() {
            if self.frozen.load(Ordering::SeqCst) {
                self.thaw();
            }
            let stopped = self.control("stop").args(["-m", "immediate"]).output();
            drop(stopped);
        }
    }
}

/// Servers refuse to run as root; this user comes with their package.
pub fn server_user() -> &'static str {
    let users = fs::read_to_string("/etc/passwd").expect("users");
    let has_own = users.lines().any(|line| line.starts_with("postgres:"));
    if has_own { "postgres" } else { "nobody" }
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").expect("/proc").uid() == 0
}

/// A port that nobody has at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// One of PostgreSQL's programs.
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var("DOORWARD_TEST_POSTGRES_BIN")
        .expect("DOORWARD_TEST_POSTGRES_BIN is not set: run scripts/test");
    Path::new(&folder).join(name)
}

fn as_server(name: &str) -> Command {
    let program = program(name);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", server_user(), "--clear-groups", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}

/// Runs a command that has to succeed.
fn checked(command: &mut Command) -> Output {
    let output = command.output().expect("the program is there");
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
