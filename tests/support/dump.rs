//! Everything that a database holds, to be searched for what must not be there.

use std::fs;
use std::path::PathBuf;

use super::{Engine, TestDatabase};

/// All tables with all columns.
pub struct Dump {
    engine: Engine,
    bytes: Vec<u8>,
}

impl Dump {
    /// SQLite: the files byte by byte, deleted rows included. PostgreSQL: every row as text.
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
            Engine::Postgres => {
                let tables = "SELECT string_agg(tablename, ',') FROM pg_tables
                    WHERE schemaname = 'public'";
                let mut rows = String::new();
                for table in database.text(tables).await.split(',') {
                    let all =
                        format!("SELECT COALESCE(string_agg(t::text, ' '), '') FROM {table} t");
                    rows += &database.text(&all).await;
                }
                rows.into_bytes()
            }
        };
        Self {
            engine: database.engine,
            bytes,
        }
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
        let hex = bytes
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let raw = self.engine == Engine::Sqlite && contains(&self.bytes, bytes);
        raw || self.has_text(&hex) || self.has_text(&hex.to_uppercase())
    }
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
