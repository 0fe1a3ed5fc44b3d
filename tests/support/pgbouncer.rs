//! A pgbouncer of the test's own, in transaction mode.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::own_postgres::{free_port, is_root, server_user};
use super::{TestDatabase, eventually};

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running pooler; ended on drop.
pub struct Pgbouncer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pgbouncer {
    /// In front of the database, with so few server connections that clients have to share.
    pub async fn before(database: &TestDatabase, server_connections: u32) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is missing: apt-get install pgbouncer"
        );
        let target = PgConnectOptions::from_str(&database.url).expect("a URL");
        let (host, server_port) = (target.get_host(), target.get_port());
        let user = target.get_username();
        let name = target.get_database().expect("a name");
        let port = free_port();
        let settings = format!(
            "[databases]\n\
             pooled = host={host} port={server_port} user={user} dbname={name}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pool_mode = transaction\n\
             default_pool_size = {server_connections}\n\
             ignore_startup_parameters = extra_float_digits\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("written");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("readable");
        let mut command = Command::new(PROGRAM);
        if is_root() {
            command.args(["-u", server_user()]);
        }
        command
            .arg("-q")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().expect("pgbouncer runs");
        let pooler = Self {
            process,
            port,
            _folder: folder,
        };
        eventually("pgbouncer answers", async || {
            PgConnection::connect(&pooler.url()).await.is_ok()
        })
        .await;
        pooler
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/pooled", self.port)
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
