//! Password hashing under load: a few threads, a bounded queue, and refusal of the rest.
//!
//! A caller first takes a [`Slot`], looks at the database once more, and only then spends a hash.
//! There is one slot more than there are threads, so that a thread finds work while another
//! caller talks to the database, and so that parallel guesses at one account cost at most as
//! many hashes as lock it, plus the number of threads (SECURITY 9).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::password_hash::{HashError, HashMemory, HashParams, Verdict};
use crate::domain::password::{NewPassword, PasswordHash, PresentedPassword};

/// The hashing threads; cheap to clone.
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Shared>,
}

struct Shared {
    params: HashParams,
    jobs: mpsc::Sender<Job>,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    longest_queue: usize,
    computed: Arc<AtomicU64>,
}

type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// The right to spend hashes, one at a time. It belongs to the job as well, so that a caller
/// who goes away does not free a thread that is still at work (SECURITY 19).
pub struct Slot {
    pool: HashPool,
    permit: Arc<OwnedSemaphorePermit>,
}

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashPoolError {
    /// The queue is full; try again in a moment.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded,
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A hashing thread panicked or has ended.
    #[error("a hashing thread failed")]
    Worker,
}

impl HashPool {
    /// Starts `threads` hashing threads; at most `longest_queue` callers wait for a slot.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(params: HashParams, threads: usize, longest_queue: usize) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || work(&queue))?;
        }
        Ok(Self {
            shared: Arc::new(Shared {
                params,
                jobs,
                slots: Arc::new(Semaphore::new(threads + 1)),
                waiting: AtomicUsize::new(0),
                longest_queue,
                computed: Arc::default(),
            }),
        })
    }

    /// Waits for a slot, unless too many wait already.
    ///
    /// # Errors
    /// [`HashPoolError::Overloaded`] at once when the queue is full.
    pub async fn slot(&self) -> Result<Slot, HashPoolError> {
        let slots = Arc::clone(&self.shared.slots);
        let permit = if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
            permit
        } else {
            let _place = Place::take(&self.shared)?;
            slots
                .acquire_owned()
                .await
                .map_err(|_| HashPoolError::Worker)?
        };
        Ok(Slot {
            pool: self.clone(),
            permit: Arc::new(permit),
        })
    }

    /// Refuses at once what [`Self::slot`] would refuse now, before anything else is spent on it.
    ///
    /// # Errors
    /// [`HashPoolError::Overloaded`] when the queue is full.
    pub fn refuse_overload(&self) -> Result<(), HashPoolError> {
        let full = self.shared.waiting.load(Ordering::Relaxed) >= self.shared.longest_queue;
        if full && self.shared.slots.available_permits() == 0 {
            return Err(HashPoolError::Overloaded);
        }
        Ok(())
    }

    /// How many hashes were computed since the start.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.shared.computed.load(Ordering::Relaxed)
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
            Some(stored) => params.verify(password.as_bytes(), &stored, memory),
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
        let job: Job = Box::new(move |memory| {
            computed.fetch_add(1, Ordering::Relaxed);
            let result = hash(memory);
            drop(permit);
            // Nobody listens when the caller went away.
            drop(answer.send(result));
        });
        self.pool
            .shared
            .jobs
            .send(job)
            .map_err(|_| HashPoolError::Worker)?;
        Ok(answered.await.map_err(|_| HashPoolError::Worker)??)
    }
}

/// One thread: takes jobs until the pool is gone. A job that panics costs its own answer only.
fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = HashMemory::default();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            tracing::error!("a hashing job panicked");
            memory = HashMemory::default();
        }
    }
}

/// A place in the queue, given back when the caller gets its slot or goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(shared: &'a Shared) -> Result<Self, HashPoolError> {
        let place = Self(&shared.waiting);
        if place.0.fetch_add(1, Ordering::Relaxed) >= shared.longest_queue {
            return Err(HashPoolError::Overloaded);
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool")
            .field("computed", &self.computed())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(test)]
mod tests;
