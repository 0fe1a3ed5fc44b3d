//! Puts batches into the database, each in one short transaction with how far the import has come.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::batch::{Batch, Entry};
use super::report::Refused;
use super::{Mark, Reason, Report};
use crate::store::{
    ImportProgress, MovedAccount, Store, StoreError, long_transaction, read, transaction,
};

/// How often a batch is tried while the database is away, or others register the same addresses.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// How long a batch may take: tens of milliseconds, or seconds where the machine is overrun.
const PATIENCE: Duration = Duration::from_secs(30);

/// Changes of accounts that are forgotten with a batch: on `SQLite` each new account is one.
const FORGOTTEN: i64 = 4_000;

/// Why an import stopped. What was committed until then stays, and is not done again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the report cannot be written: {0}")]
    Report(#[source] io::Error),
    #[error("another process imports the same, and has got further")]
    Elsewhere,
}

/// Whether it is meant.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Accounts are made there.
    Import(Store),
    /// Everything is looked at and nothing is changed; `None` where there is no database yet, and
    /// so no account.
    DryRun(Option<Store>),
}

/// What happens to the lines.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Lines whose address has an account are passed over and not reported.
    pub skip_taken: bool,
    /// When the import begins, and the accounts are written down as imported.
    pub now: DateTime<Utc>,
}

/// An import that has begun.
pub struct Importer {
    mode: Mode,
    source: Vec<u8>,
    at: ImportProgress,
    report: Report,
    rules: Rules,
    /// Why lines were refused in this run, and how many.
    pub reasons: BTreeMap<Reason, u64>,
    /// In a dry run: the addresses so far, in 8 bytes each. Otherwise the database knows them.
    seen: HashSet<u64>,
    key: RandomState,
}

/// What one batch comes to.
struct Sorted<'a> {
    fresh: Vec<MovedAccount>,
    refused: Vec<Refused>,
    skipped: u64,
    batch: &'a Batch,
}

impl Importer {
    /// The place that an earlier run of the same import has reached.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn progress(
        store: &Store,
        source: &[u8],
    ) -> Result<Option<ImportProgress>, StoreError> {
        read!(store, conn => conn.import(source).await)
    }

    /// Forgets what an earlier run has reached. The accounts that it made stay.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot.
    pub async fn restart(store: &Store, source: &[u8]) -> Result<(), StoreError> {
        transaction!(store, conn => conn.forget_import(source).await)
    }

    /// Begins, or goes on from where it is.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be noted.
    pub async fn begin(
        mode: Mode,
        source: Vec<u8>,
        at: ImportProgress,
        report: Report,
        rules: Rules,
    ) -> Result<Self, StoreError> {
        if let Mode::Import(store) = &mode {
            let now = rules.now;
            transaction!(store, conn => conn.begin_import(&source, &at, now).await)?;
        }
        Ok(Self {
            mode,
            source,
            at,
            report,
            rules,
            reasons: BTreeMap::new(),
            seen: HashSet::new(),
            key: RandomState::new(),
        })
    }

    /// How far it has come, with the runs before this one.
    #[must_use]
    pub fn at(&self) -> &ImportProgress {
        &self.at
    }

    /// Takes a batch, all of it or nothing.
    ///
    /// # Errors
    /// [`ImportError`] when it cannot be taken.
    pub async fn take(&mut self, batch: Batch) -> Result<(), ImportError> {
        let mut attempt = 1;
        while let Err(error) = self.attempt(&batch, attempt).await {
            let passing = matches!(&error, ImportError::Store(error)
                if error.is_duplicate() || !matches!(error, StoreError::Internal(_)));
            if !passing || attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Notes that the end of the source was reached.
    ///
    /// # Errors
    /// [`ImportError`] when it cannot be noted.
    pub async fn finish(&self, now: DateTime<Utc>) -> Result<(), ImportError> {
        if let Mode::Import(store) = &self.mode {
            let source = &self.source;
            transaction!(store, conn => conn.finish_import(source, now).await)?;
        }
        Ok(())
    }

    async fn attempt(&mut self, batch: &Batch, attempt: u32) -> Result<(), ImportError> {
        // Whether a commit that was not answered took effect.
        if attempt > 1
            && let Mode::Import(store) = &self.mode
        {
            let stored = Self::progress(store, &self.source).await?;
            let stored = stored.ok_or(ImportError::Elsewhere)?;
            if stored.position != self.at.position && stored.position == position(&batch.end) {
                self.at = stored;
                return Ok(());
            }
        }
        let sorted = self.sort(batch).await?;
        let mut report_bytes = self.at.report_bytes;
        // For a person once; in a file it has its place.
        if attempt == 1 || matches!(self.report, Report::File(_)) {
            let written = self
                .report
                .write(report_bytes.unsigned_abs(), &sorted.refused);
            report_bytes = signed(written.map_err(ImportError::Report)?);
        }
        let next = self.after(&sorted, report_bytes);
        if let Mode::Import(store) = &self.mode
            && next.position != self.at.position
        {
            let (source, from, to) = (&self.source, self.at.position, &next);
            let (fresh, now) = (&sorted.fresh, self.rules.now);
            let moved = long_transaction!(PATIENCE, store, conn => {
                let moved = conn.advance_import(source, from, to).await?;
                if moved {
                    conn.insert_accounts(fresh).await?;
                    conn.record_imports(fresh, now).await?;
                    conn.forget_account_changes(FORGOTTEN).await?;
                }
                Ok(moved)
            })?;
            if !moved {
                return Err(ImportError::Elsewhere);
            }
        }
        for refused in &sorted.refused {
            *self.reasons.entry(refused.reason).or_default() += 1;
        }
        if let Mode::DryRun(_) = self.mode {
            let keys = sorted.fresh.iter().map(|account| account.email.key());
            let hashes: Vec<u64> = keys.map(|key| self.key.hash_one(key)).collect();
            self.seen.extend(hashes);
        }
        self.at = next;
        Ok(())
    }

    /// Parts the accounts to be made from the lines to be refused.
    async fn sort<'a>(&self, batch: &'a Batch) -> Result<Sorted<'a>, StoreError> {
        let good = batch
            .entries
            .iter()
            .filter_map(|entry| entry.judged.as_ref().ok());
        let keys: Vec<&str> = good.map(|account| account.email.key().as_str()).collect();
        let taken = match &self.mode {
            Mode::Import(store) | Mode::DryRun(Some(store)) => {
                read!(store, conn => conn.taken_addresses(&keys).await)?
            }
            Mode::DryRun(None) => Vec::new(),
        };
        let mut taken: HashSet<String> = taken.into_iter().collect();
        let mut sorted = Sorted {
            fresh: Vec::with_capacity(keys.len()),
            refused: Vec::new(),
            skipped: 0,
            batch,
        };
        for entry in &batch.entries {
            let reason = match &entry.judged {
                Err(reason) => *reason,
                Ok(account) => {
                    let key = account.email.key();
                    let seen = self.seen.contains(&self.key.hash_one(key));
                    if !seen && taken.insert(key.as_str().to_owned()) {
                        sorted.fresh.push(account.clone());
                        continue;
                    }
                    Reason::EmailTaken
                }
            };
            if reason == Reason::EmailTaken && self.rules.skip_taken {
                sorted.skipped += 1;
            } else {
                sorted.refused.push(refused(entry, reason));
            }
        }
        Ok(sorted)
    }

    fn after(&self, sorted: &Sorted<'_>, report_bytes: i64) -> ImportProgress {
        let end = &sorted.batch.end;
        ImportProgress {
            position: position(end),
            digest: end.digest.clone(),
            line: signed(end.line),
            imported: self.at.imported + signed(sorted.fresh.len() as u64),
            refused: self.at.refused + signed(sorted.refused.len() as u64),
            skipped: self.at.skipped + signed(sorted.skipped),
            report_bytes,
            finished_at: None,
        }
    }
}

/// The mark that a reader goes on from.
#[must_use]
pub fn mark(progress: &ImportProgress) -> Mark {
    Mark {
        position: progress.position.unsigned_abs(),
        line: progress.line.unsigned_abs(),
        digest: progress.digest.clone(),
    }
}

fn refused(entry: &Entry, reason: Reason) -> Refused {
    Refused {
        line: entry.line,
        last_line: entry.last_line,
        reason,
    }
}

fn position(mark: &Mark) -> i64 {
    signed(mark.position)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
