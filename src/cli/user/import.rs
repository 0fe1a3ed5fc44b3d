//! `doorward user import`

mod summary;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::summary::Summary;
use super::progress::Progress;
use crate::cli::CliError;
use crate::clock::{Clock as _, SystemClock};
use crate::store::ImportProgress;
use crate::transfer::importer::{self, ImportError, Importer, Mode, Rules};
use crate::transfer::reader::{Ignored, ReadError, Reading};
use crate::transfer::{Format, Input, Judge, Report};

/// Take accounts over from a file, with their password hashes
///
/// A line needs an address and a hash; it may say when the address was proven (`confirmed_at`, or
/// `confirmed`), when the account was closed (`disabled_at`, or `disabled`), when it was made
/// (`created_at`), its language, and its role, which is left behind without --with-roles. Other fields are left
/// behind. Numbers are new, and tokens from elsewhere do not work.
///
/// Hashes: Argon2, bcrypt ($2a$, $2b$, $2y$), scrypt, PBKDF2 (also as Django, passlib and Werkzeug
/// write it). Each is replaced by one of ours at its owner's next login.
///
/// A line that cannot be used is reported with its number and the reason, and stops nothing. When
/// the import ends early, by Ctrl-C or by a crash, the same command goes on where it stopped.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
pub(in crate::cli) struct Import {
    /// The file, or - for standard input
    file: PathBuf,
    /// How it is written [default: as its name says: .jsonl, .csv, .db]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Look at every line and change nothing; no database is needed
    #[arg(long)]
    pub(super) dry_run: bool,
    /// A new or empty file for the lines that cannot be used, a JSON object each, or the one of the
    /// import that goes on [default: standard error]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What to do with a line whose address has an account
    #[arg(long, value_enum, default_value_t = OnExisting::Report)]
    on_existing: OnExisting,
    /// Count every address as proven
    #[arg(long)]
    confirmed: bool,
    /// Take roles over; otherwise everybody becomes a user
    #[arg(long)]
    with_roles: bool,
    /// Begin again at the first line, if an earlier import of the same file stopped or ended
    #[arg(long)]
    restart: bool,
    /// Lines in one transaction
    #[arg(long, value_name = "LINES", default_value_t = 1_000,
        value_parser = clap::value_parser!(u16).range(1..=2_000))]
    batch: u16,
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnExisting {
    /// Report it as one that cannot be used
    Report,
    /// Pass over it
    Skip,
}

const EXAMPLES: &str = r#"Examples:
  doorward user import --dry-run users.jsonl
  doorward user import users.jsonl --report not-taken.jsonl
  doorward user import .tmp/localDiskDb.db --confirmed
  psql … -c "COPY (SELECT …) TO STDOUT CSV HEADER" | doorward user import - --format csv

Formats:
  jsonl   {"email":"ann@example.com","password_hash":"$2b$10$…","confirmed":true}
          {"email":"bob@example.com","password_hash":"$argon2id$v=19$m=…","created_at":"2024-05-01T12:00:00Z"}

  csv     email,password_hash,confirmed_at
          ann@example.com,$2b$10$…,2024-05-01T12:00:00Z
          bob@example.com,"$argon2id$v=19$m=65536,t=3,p=4$…",

  sails   the data file of the old API, .tmp/localDiskDb.db (its numbers count accounts, not lines)

Exit codes: 0 every line was taken, 1 some were not or the import stopped, 2 wrong usage."#;

pub(super) async fn run(command: &Import, mode: Mode) -> Result<(), CliError> {
    let format = command.format.or_else(|| Format::of_name(&command.file));
    let format = format.ok_or_else(|| {
        CliError::Usage("say --format jsonl, csv or sails; the name does not tell".to_owned())
    })?;
    let now = SystemClock.now();
    let (source, size) = open(&command.file)?;
    let input = Input::open(source, format).map_err(|error| unreadable(&command.file, &error))?;
    let (fingerprint, read) = (input.fingerprint.clone(), input.read.clone());
    let earlier = match &mode {
        Mode::Import(store) if !command.restart => Importer::progress(store, &fingerprint)
            .await
            .map_err(failed)?,
        Mode::Import(_) | Mode::DryRun(_) => None,
    };
    let progress = Progress::start(size, read);
    if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.line > 0) {
        progress.say(&format!("goes on behind line {}", earlier.line));
    }
    let report = report(command.report.as_deref(), earlier.as_ref(), &progress)?;
    let judge = Judge {
        now,
        all_confirmed: command.confirmed,
        with_roles: command.with_roles,
    };
    let mut signals = Signals::receive()?;
    let begin = earlier.clone().unwrap_or_default();
    let batch = usize::from(command.batch);
    let reading = Reading::start(input, format, importer::mark(&begin), judge, batch)
        .map_err(|error| CliError::Failed(error.to_string()))?;
    if let Mode::Import(store) = &mode
        && command.restart
    {
        // Only now: what has stopped the run until here must not cost the place that was reached.
        Importer::restart(store, &fingerprint)
            .await
            .map_err(failed)?;
    }
    let rules = Rules {
        skip_taken: command.on_existing == OnExisting::Skip,
        now,
    };
    let mut importer = Importer::begin(mode, fingerprint, begin, report, rules)
        .await
        .map_err(failed)?;
    let ended = take_all(&mut importer, reading, &progress, &mut signals).await;
    progress.end();
    let ignored = ended.map_err(|ended| {
        let at = importer.at();
        let why = if command.dry_run {
            ended.to_string()
        } else {
            let (line, accounts, advice) = (at.line, at.imported, ended.advice());
            format!("{ended}\nstopped behind line {line} with {accounts} accounts{advice}")
        };
        CliError::Failed(why)
    })?;
    importer.finish(SystemClock.now()).await.map_err(failed)?;
    let summary = Summary {
        importer: &importer,
        earlier: earlier.as_ref(),
        ignored: &ignored,
        dry_run: command.dry_run,
    };
    summary.print(command.json)?;
    match importer.at().refused {
        0 => Ok(()),
        refused => Err(CliError::Failed(format!(
            "{refused} lines could not be used"
        ))),
    }
}

/// Why an import ended before the end of its source.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Told(&'static str),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Ended {
    /// What to do, where the same command can get further than this one did.
    fn advice(&self) -> &'static str {
        match self {
            Self::Told(_)
            | Self::Import(ImportError::Store(_) | ImportError::Report(_))
            | Self::Read(ReadError::Io(_)) => "; the same command goes on there",
            Self::Import(ImportError::Elsewhere)
            | Self::Read(
                ReadError::Changed
                | ReadError::NoHeader
                | ReadError::ColumnTwice(_)
                | ReadError::NoUsers
                | ReadError::Broken { .. }
                | ReadError::Thread,
            ) => "",
        }
    }
}

/// What tells the process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn receive() -> Result<Self, CliError> {
        let receive = |kind| signal(kind).map_err(failed);
        Ok(Self {
            interrupt: receive(SignalKind::interrupt())?,
            terminate: receive(SignalKind::terminate())?,
        })
    }
}

/// Everything to the end of the source, or to a signal; the batch in hand is always finished.
async fn take_all(
    importer: &mut Importer,
    mut reading: Reading,
    progress: &Progress,
    signals: &mut Signals,
) -> Result<Ignored, Ended> {
    loop {
        let batch = tokio::select! {
            biased;
            _ = signals.interrupt.recv() => return Err(Ended::Told("interrupted")),
            _ = signals.terminate.recv() => return Err(Ended::Told("told to stop")),
            batch = reading.next() => batch,
        };
        let Some(batch) = batch else { break };
        importer.take(batch).await?;
        progress.moved(importer.at());
    }
    Ok(reading.end().await?)
}

fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), CliError> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let size = file.metadata().ok().map(|metadata| metadata.len());
    Ok((Box::new(file), size))
}

fn report(
    path: Option<&Path>,
    earlier: Option<&ImportProgress>,
    progress: &Progress,
) -> Result<Report, CliError> {
    let Some(path) = path else {
        let progress = progress.clone();
        return Ok(Report::Lines(Box::new(move |line| progress.say(line))));
    };
    let known = earlier.map(|earlier| earlier.report_bytes.unsigned_abs());
    Report::file(path, known)
        .map_err(|error| CliError::Failed(format!("the report {}: {error}", path.display())))
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::Failed(format!("{} cannot be read: {error}", path.display()))
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
