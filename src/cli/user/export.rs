//! `doorward user export`

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::CliError;
use crate::store::Store;
use crate::transfer::Format;
use crate::transfer::exporter::{ExportError, Exporter};

/// Write all accounts to a file, with their password hashes
///
/// WHAT IT WRITES IS AS SENSITIVE AS THE DATABASE: with a hash, anybody can try passwords at home.
/// The file can be read by its owner alone; encrypt it before it travels, and delete it afterwards.
///
/// `doorward user import` takes it, into another engine as well; numbers are new there. Locks,
/// one-time tokens and mails that wait are not in it.
///
/// Whoever has an account while the export runs is in it once; who comes or changes meanwhile may
/// be in it or not.
#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// A new file [default: standard output, unless that is a terminal]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to write it [default: as the name says, or jsonl]
    #[arg(long, value_parser = ["jsonl", "csv"])]
    format: Option<String>,
}

pub(super) async fn run(command: Export, store: &Store) -> Result<(), CliError> {
    let format = match command.format.as_deref() {
        Some("csv") => Format::Csv,
        Some(_) => Format::Jsonl,
        None => match command.output.as_deref().and_then(Format::of_name) {
            Some(Format::Csv) => Format::Csv,
            _ => Format::Jsonl,
        },
    };
    let Some(path) = command.output else {
        if io::stdout().is_terminal() {
            return Err(CliError::Usage(
                "password hashes do not belong on a terminal; say --output FILE".to_owned(),
            ));
        }
        let written = write(store, format, io::stdout()).await.map_err(failed)?.1;
        eprintln!("{written} accounts");
        return Ok(());
    };
    let unwritable = |error: io::Error| CliError::Failed(format!("{}: {error}", path.display()));
    if path.try_exists().map_err(unwritable)? {
        return Err(CliError::Usage(format!(
            "{} exists already",
            path.display()
        )));
    }
    // Under another name until it is whole.
    let part = part_of(&path);
    let (file, written) = write(store, format, create(&part).map_err(unwritable)?)
        .await
        .map_err(failed)?;
    file.sync_all()
        .and_then(|()| fs::rename(&part, &path))
        .map_err(unwritable)?;
    eprintln!(
        "{written} accounts, with their hashes, in {}",
        path.display()
    );
    Ok(())
}

async fn write<W: Write>(
    store: &Store,
    format: Format,
    output: W,
) -> Result<(W, u64), ExportError> {
    let mut exporter = Exporter::begin(store.clone(), format, BufWriter::new(output))?;
    while exporter.step().await? {}
    let written = exporter.written;
    let output = exporter.into_output().into_inner();
    Ok((output.map_err(io::IntoInnerError::into_error)?, written))
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A new file that its owner alone can read; what a run that was killed has left is removed.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
