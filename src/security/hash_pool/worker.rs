//! The hashing threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::{io, thread};

use tokio::time::Instant;

use super::admission::Admission;
use crate::security::password_hash::{Engine, HashMemory};

pub(super) type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// Starts the threads; they end when the sender is gone.
pub(super) fn start(
    threads: usize,
    engine: Engine,
    nice: i32,
    admission: &Arc<Admission>,
) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for number in 0..threads {
        let (queue, admission) = (Arc::clone(&queue), Arc::clone(admission));
        thread::Builder::new()
            .name(format!("hash-{number}"))
            .spawn(move || {
                step_back(nice);
                work(&queue, engine, &admission);
            })?;
    }
    Ok(jobs)
}

/// Takes jobs until the pool is gone. A job that panics costs its own answer only.
fn work(queue: &Mutex<mpsc::Receiver<Job>>, engine: Engine, admission: &Admission) {
    let mut memory = HashMemory::new(engine);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let begun = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            tracing::error!("a hashing job panicked");
            memory = HashMemory::new(engine);
        }
        admission.measured(begun.elapsed());
    }
}

/// Lets the threads that answer requests go first; 0 changes nothing. On Linux each thread has a
/// niceness of its own.
#[cfg(target_os = "linux")]
fn step_back(nice: i32) {
    if let Err(error) = rustix::process::nice(nice) {
        tracing::warn!(%error, "a hashing thread keeps the usual priority; password.hash_nice is without effect");
    }
}

/// Elsewhere it would be the whole process's.
#[cfg(not(target_os = "linux"))]
fn step_back(_: i32) {}
