//! Everything that a database holds, to be searched for what must not be there.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use memchr::memmem;
use tokio::process::Command;

use super::forms::forms;
use super::own_postgres::program;
use super::{Engine, TestDatabase};

/// All that is stored.
pub struct Dump {
    engine: Engine,
    bytes: Vec<u8>,
}

impl Dump {
    /// SQLite: the files byte by byte, deleted rows included. PostgreSQL: what `pg_dump` writes.
    pub async fn of(database: &TestDatabase) -> Self {
        let bytes = match database.engine {
            Engine::Sqlite => {
                let path = database.url.strip_prefix("sqlite://").expect("a file");
                let files = ["", "-wal"].map(|end| PathBuf::from(format!("{path}{end}")));
                let there = files.iter().filter(|file| file.exists());
                there
                    .flat_map(|file| fs::read(file).expect("readable"))
                    .collect()
            }
            Engine::Postgres => pg_dump(&database.url).await,
        };
        Self {
            engine: database.engine,
            bytes,
        }
    }

    /// The form in which a mailed token is there, if it is: as it was mailed or decoded, each also in
    /// hexadecimal digits, as a list of bytes, or inside base64.
    pub fn form_of(&self, token: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(token).expect("base64url");
        if self.has_bytes(&bytes) {
            return Some("its bytes".to_owned());
        }
        let decoded = [STANDARD.encode(&bytes), format!("{bytes:?}")];
        let mut all = forms(token).into_iter().chain(decoded);
        all.find(|form| self.has_text(form.trim_matches(['[', ']', '='])))
    }

    /// As a text to be searched; what is none is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn has_text(&self, text: &str) -> bool {
        contains(&self.bytes, text.as_bytes())
    }

    /// Whether the bytes are there, as a blob or spelled in hexadecimal digits.
    pub fn has_bytes(&self, bytes: &[u8]) -> bool {
        let hex = hex(bytes);
        let raw = self.engine == Engine::Sqlite && contains(&self.bytes, bytes);
        raw || self.has_text(&hex) || self.has_text(&hex.to_uppercase())
    }
}

/// In hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let add = |hex, byte: &u8| format!("{hex}{byte:02x}");
    bytes.iter().fold(String::new(), add)
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memmem::find(haystack, needle).is_some()
}

async fn pg_dump(url: &str) -> Vec<u8> {
    // What stands behind it is for sqlx alone.
    let url = url.split('?').next().unwrap_or_default();
    let output = Command::new(program("pg_dump"))
        .arg(format!("--dbname={url}"))
        .output()
        .await
        .expect("pg_dump is there");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    output.stdout
}
