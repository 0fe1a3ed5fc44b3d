//! Password hashing under load: a few threads, a bounded queue, and refusal of the rest.
//!
//! A caller enters the queue before it asks the database anything, waits for a [`Slot`], looks at
//! the database once more, and only then spends a hash. There are many more slots than threads,
//! so that a slow database lengthens answers and the threads still have work. An account has only
//! one slot more than there are threads: parallel guesses at it cost at most as many hashes as
//! lock it, plus the number of threads (SECURITY 9), and it cannot keep others from their turn.
//! So has each of its known devices, for the guesses that count against that device.

mod admission;
mod pace;
mod worker;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{fmt, io};

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Instrument as _;

use self::admission::{Admission, Entry, Limits, Permit, Refused};
use self::pace::Pace;
use self::worker::Job;
use super::password_hash::{Engine, HashError, HashMemory, HashParams, Verdict};
use crate::domain::device::DeviceId;
use crate::domain::email::EmailKey;
use crate::domain::password::{NewPassword, PasswordHash, PresentedPassword};
use crate::metrics::HashMetrics;
use crate::telemetry::traced;

/// Enough that two threads go on hashing while each slot is kept for five statements of 20 ms.
const SLOTS_PER_THREAD: usize = 32;

/// The share of the queue that one account can take: a 16th, but so many at least...
const FEWEST_PLACES_OF_ONE: usize = 64;
const SHARE_OF_ONE: usize = 16;

/// What a hash is for. Each has bounds of its own for an account, so that guesses at it cannot
/// keep its owner from a reset (SECURITY 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashFor {
    /// A password is compared with the account's.
    Proof,
    /// The same, for a device that showed a token for the account: others' guesses do not keep
    /// it waiting, and neither do those of other devices.
    KnownDevice(DeviceId),
    /// The mailbox was proven, and there is a new password.
    Reset,
    /// An account is made.
    Registration,
}

/// What the settings say about the pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    pub params: HashParams,
    pub engine: Engine,
    pub threads: usize,
    /// At most so many callers wait.
    pub queue: usize,
    /// Whoever would have to wait longer is refused on arrival. Those whose wait was misjudged
    /// are refused after twice this time.
    pub wait: Duration,
    /// How far the threads step back for others: 0 not at all, 19 as far as it goes. Linux only.
    pub nice: i32,
}

impl PoolSettings {
    /// Slots wait for a thread too: with expensive hashes, fewer of them keep that short.
    fn slots_per_thread(&self) -> usize {
        let hashes = (self.wait / 4).as_micros() / self.params.assumed_time().as_micros().max(1);
        usize::try_from(hashes)
            .unwrap_or(usize::MAX)
            .clamp(2, SLOTS_PER_THREAD)
    }
}

/// The hashing threads; cheap to clone.
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Shared>,
}

struct Shared {
    params: HashParams,
    threads: usize,
    jobs: mpsc::Sender<Job>,
    admission: Arc<Admission>,
    accounts: RandomState,
    pace: Pace,
    computed: Arc<AtomicU64>,
    metrics: HashMetrics,
}

/// A place in the queue. Whoever drops it goes away.
#[must_use]
pub struct Ticket {
    pool: HashPool,
    entry: Entry,
    since: Instant,
}

/// The right to spend hashes, one at a time. It belongs to the job as well, so that a caller
/// who goes away does not free a thread that is still at work (SECURITY 19).
pub struct Slot {
    pool: HashPool,
    permit: Arc<Permit>,
}

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashPoolError {
    /// Too many wait; what waits now should be done after this time, at least a second.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded(Duration),
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A hashing thread panicked or has ended.
    #[error("a hashing thread failed")]
    Worker,
}

impl From<Refused> for HashPoolError {
    fn from(Refused(retry_after): Refused) -> Self {
        Self::Overloaded(retry_after)
    }
}

impl HashPool {
    /// Starts the hashing threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(settings: &PoolSettings, metrics: HashMetrics) -> io::Result<Self> {
        let &PoolSettings { threads, queue, .. } = settings;
        let share = (queue / SHARE_OF_ONE).max(FEWEST_PLACES_OF_ONE);
        let limits = Limits {
            threads,
            slots: threads * settings.slots_per_thread(),
            slots_of_one: threads + 1,
            places: queue,
            // ...and never more than half.
            places_of_one: share.min(queue.div_ceil(2)),
            longest_wait: settings.wait,
        };
        let admission = Admission::new(limits, settings.params.assumed_time());
        let jobs = worker::start(threads, settings.engine, settings.nice, &admission)?;
        tracing::info!(
            engine = settings.engine.describe(),
            threads,
            nice = settings.nice,
            "hashing passwords"
        );
        Ok(Self {
            shared: Arc::new(Shared {
                params: settings.params,
                threads,
                jobs,
                admission,
                accounts: RandomState::new(),
                pace: Pace::default(),
                computed: Arc::default(),
                metrics,
            }),
        })
    }

    /// Takes a place in the queue. Comes before anything else is spent on a request; dropping
    /// what it gives, or this future, gives the place back.
    ///
    /// # Errors
    /// [`HashPoolError::Overloaded`] when the queue is full, the wait would be too long, or the
    /// account has too many in it; at once, or a little later while refusals come fast.
    pub async fn enter(
        &self,
        wanted: HashFor,
        account: &EmailKey,
    ) -> Result<Ticket, HashPoolError> {
        let account = self.shared.accounts.hash_one((wanted, account));
        match self.shared.admission.enter(account) {
            Ok(entry) => Ok(Ticket {
                pool: self.clone(),
                entry,
                since: Instant::now(),
            }),
            Err(refused) => {
                self.shared.metrics.refused.inc();
                self.shared.pace.turn().await;
                Err(refused.into())
            }
        }
    }

    /// How many callers wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.admission.waiting()
    }

    /// How many threads hash.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.threads
    }

    /// How many hashes were computed since the start.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.shared.computed.load(Ordering::Relaxed)
    }
}

impl Ticket {
    /// Whether there was no free slot for it.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.entry, Entry::Waiting { .. })
    }

    /// Waits for this ticket's turn.
    ///
    /// # Errors
    /// [`HashPoolError::Overloaded`] when it does not come in time.
    pub async fn slot(self) -> Result<Slot, HashPoolError> {
        let granted = self.entry.granted().instrument(traced!("hash.wait"));
        let permit = granted.await.inspect_err(|_| {
            self.pool.shared.pace.count();
            self.pool.shared.metrics.refused.inc();
        })?;
        let waited = self.since.elapsed();
        self.pool.shared.metrics.wait.observe(waited.as_secs_f64());
        Ok(Slot {
            pool: self.pool,
            permit: Arc::new(permit),
        })
    }
}

impl Slot {
    /// Hashes a password that is to be stored.
    ///
    /// # Errors
    /// [`HashPoolError`] when there is no hash.
    pub async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashPoolError> {
        let (params, password) = (self.pool.shared.params, password.clone());
        self.run(move |memory| params.hash(password.as_bytes(), memory))
            .await
    }

    /// Compares a presented password with the account's hash, or with nobody's.
    ///
    /// # Errors
    /// [`HashPoolError`] when there is no verdict.
    pub async fn verify(
        &self,
        password: &PresentedPassword,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, HashPoolError> {
        let (params, password, stored) =
            (self.pool.shared.params, password.clone(), stored.cloned());
        self.run(move |memory| match stored {
            Some(stored) => params.prove(&password, &stored, memory),
            None => params.verify_nobody(password.as_bytes(), memory),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        hash: impl FnOnce(&mut HashMemory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashPoolError> {
        let (answer, answered) = oneshot::channel();
        let permit = Arc::clone(&self.permit);
        let computed = Arc::clone(&self.pool.shared.computed);
        let duration = self.pool.shared.metrics.duration.clone();
        let job: Job = Box::new(move |memory| {
            computed.fetch_add(1, Ordering::Relaxed);
            let begun = Instant::now();
            let result = hash(memory);
            duration.observe(begun.elapsed().as_secs_f64());
            drop(permit);
            // Nobody listens when the caller went away.
            drop(answer.send(result));
        });
        self.pool
            .shared
            .jobs
            .send(job)
            .map_err(|_| HashPoolError::Worker)?;
        let answered = answered.instrument(traced!("hash"));
        Ok(answered.await.map_err(|_| HashPoolError::Worker)??)
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool")
            .field("computed", &self.computed())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(test)]
mod tests;
