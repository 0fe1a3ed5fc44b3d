//! For the unit tests: a store of their own.

use tempfile::TempDir;

use super::{DatabaseUrl, Store};

/// On an `SQLite` file in the folder, with no schema yet.
pub(crate) fn store_in(folder: &TempDir, connections: u32) -> Store {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let url = DatabaseUrl::parse(&url).expect("a URL");
    Store::new(&url, connections, true).expect("a store")
}
