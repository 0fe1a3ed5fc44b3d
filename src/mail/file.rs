//! One `.eml` for each mail, in a folder.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::MailError;

/// Writes a mail; who looks into the folder sees it whole or not at all.
pub(super) async fn write(directory: &Path, message: &[u8]) -> Result<(), MailError> {
    let (directory, message) = (directory.to_owned(), message.to_owned());
    let written = tokio::task::spawn_blocking(move || write_now(&directory, &message)).await;
    written
        .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
        .map_err(|error| MailError(format!("mail.directory: {error}")))
}

fn write_now(directory: &Path, message: &[u8]) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    // Version 7 sorts by time.
    let name: PathBuf = directory.join(Uuid::now_v7().to_string());
    let draft = name.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(draft, name.with_extension("eml"))
}
