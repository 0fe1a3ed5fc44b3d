//! Reads accounts for token checks: in batches, and from memory as long as that is the truth.
//!
//! Callers leave the number of their account; whatever waits when the database is free goes out
//! as one statement. Nothing waits for a batch to fill.
//!
//! **Why this is strict.** A caller gets the account as it was at some moment after the call, and
//! never as it was before a change that had ended by then:
//!
//! 1. Every change of an account, a new one included, raises the epoch in its own transaction and holds the lock on the
//!    epoch's row until it has committed. So epochs become visible in the order of the commits,
//!    each together with its change.
//! 2. The memory belongs to one task and to one epoch: every account in it is what a snapshot at
//!    that epoch says. An account is taken in only from a statement that read the account and
//!    this very epoch in one snapshot ([`Cache::remember`]).
//! 3. The statement that answers a batch starts after all of its calls. When it finds the epoch
//!    of the memory, no change has ended between the two, so the memory is the truth at that
//!    statement's snapshot. When it finds another epoch, all accounts that changed between the
//!    two are thrown out before anything is answered from memory ([`Cache::move_on`]); a history
//!    that cannot be followed without a gap throws out all of them.
//! 4. What is not in memory is read by a statement that starts after the call. A failure is a
//!    failure for the whole batch, never an answer from memory.
//!
//! Instances share nothing but the database, so any number of them is as strict as one. Each
//! statement is right at READ COMMITTED as at SERIALIZABLE: it relies on nothing but that a
//! snapshot holds all that was committed before it.

mod cache;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Histogram;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use self::cache::Cache;
use super::turns::Turns;
use super::{Conn, Lent, PATIENCE, Store, StoreError};
use crate::domain::account::{Account, AccountId};

/// The most accounts in one statement.
const LARGEST_BATCH: usize = 1_000;

/// The most callers that wait; more are told that the database does not keep up.
const LONGEST_QUEUE: usize = 16_384;

/// A connection that nobody has asked for so long goes back to the pool.
const IDLE: Duration = Duration::from_millis(200);

/// What is kept is renewed so often: the memory, in case something went past the triggers, such as
/// an operator who switched them off or a replication that does not fire them; and a connection in
/// constant use, so that the pool can replace it.
const LONGEST_KEPT: Duration = Duration::from_mins(1);

type Found = Option<Arc<Account>>;
type Answer = Result<Found, StoreError>;
type Request = (AccountId, oneshot::Sender<Answer>);
type Queue = Arc<Mutex<mpsc::Receiver<Request>>>;

/// Loads accounts; cheap to clone. Its task ends when the last clone is gone.
#[derive(Debug, Clone)]
pub struct AccountLoader {
    requests: mpsc::Sender<Request>,
}

impl AccountLoader {
    /// Starts the task, which keeps at most `cached` accounts in memory; the sizes of its batches go
    /// into `sizes`.
    #[must_use]
    pub fn start(store: &Store, cached: usize, sizes: Histogram) -> Self {
        let (requests, queue) = mpsc::channel(LONGEST_QUEUE);
        let (store, queue) = (store.clone(), Arc::new(Mutex::new(queue)));
        tokio::spawn(keep_serving(move || {
            let (cache, sizes) = (Cache::new(cached), sizes.clone());
            serve(store.clone(), Arc::clone(&queue), cache, sizes)
        }));
        Self { requests }
    }

    /// The account with this number, as it is at some moment after the call.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn load(&self, id: AccountId) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.requests
            .try_send((id, answer))
            .map_err(|_| StoreError::TimedOut)?;
        // Counted from here: the batches before this one may use up a patience each.
        match timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(StoreError::TimedOut),
        }
    }
}

/// Serves until the last caller is gone. A bug costs one batch and the memory.
async fn keep_serving<F>(serve: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(serve()).await {
        tracing::error!(%error, "the account loader starts again");
    }
}

async fn serve(store: Store, queue: Queue, mut cache: Cache, sizes: Histogram) {
    let mut queue = queue.lock().await;
    let mut begun = Instant::now();
    let mut batch: Vec<Request> = Vec::new();
    // Taken from the pool once for many batches; the pool asks each connection that comes back.
    let mut line: Option<Lent<'_>> = None;
    loop {
        let waiting = tokio::select! {
            waiting = queue.recv_many(&mut batch, LARGEST_BATCH) => waiting,
            () = sleep(IDLE), if line.is_some() => {
                give_back(&mut line).await;
                continue;
            }
        };
        if waiting == 0 {
            return;
        }
        // Every request that is being read at this moment gets in as well; there is no waiting
        // when there is none.
        yield_now().await;
        while batch.len() < LARGEST_BATCH
            && let Ok(request) = queue.try_recv()
        {
            batch.push(request);
        }
        // Whoever gave up while the database was slow is not asked for any more.
        batch.retain(|(_, answer)| !answer.is_closed());
        if batch.is_empty() {
            continue;
        }
        if begun.elapsed() > LONGEST_KEPT {
            give_back(&mut line).await;
            (cache, begun) = (cache.renewed(), Instant::now());
        }
        // A batch has a thousand at most.
        sizes.observe(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
        let ids: Vec<AccountId> = batch.iter().map(|(id, _)| *id).collect();
        let mut turns = Turns::new();
        let found = loop {
            let turn = async {
                let mut lent = match line.take() {
                    Some(lent) => lent,
                    None => store.lend_for_checks().await?,
                };
                let found = look_up(&mut cache, &mut lent.conn(), &ids).await?;
                if store.is_set_apart() {
                    line = lent.keep().await?;
                } else {
                    lent.finish().await?;
                }
                Ok(found)
            };
            if let std::ops::ControlFlow::Break(done) = turns.run(turn).await {
                break done;
            }
        };
        match found {
            // A caller who went away does not listen.
            Ok(found) => batch
                .drain(..)
                .zip(found)
                .for_each(|((_, answer), found)| drop(answer.send(Ok(found)))),
            Err(error) => batch
                .drain(..)
                .for_each(|(_, answer)| drop(answer.send(Err(error.clone())))),
        }
    }
}

async fn give_back(line: &mut Option<Lent<'_>>) {
    if let Some(lent) = line.take() {
        // It is in no transaction: there is nothing to commit that could fail.
        drop(lent.finish().await);
    }
}

/// The accounts with these numbers, in their order, each as of some moment from now on. Dropped
/// half-way it leaves the cache in order.
async fn look_up(
    cache: &mut Cache,
    conn: &mut Conn<'_>,
    ids: &[AccountId],
) -> Result<Vec<Found>, StoreError> {
    let mut known = match cache.epoch() {
        Some(known) => known,
        None => cache.begin(conn.epoch().await?),
    };
    let mut found: Vec<Found> = ids.iter().map(|id| cache.get(*id)).collect();
    let mut read = HashMap::new();
    loop {
        let missing = ids.iter().zip(&found);
        let mut missing: Vec<AccountId> = missing
            .filter(|(id, found)| found.is_none() && !read.contains_key(*id))
            .map(|(id, _)| *id)
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let (epoch, accounts) = conn.accounts(&missing).await?;
        // Who is not there is nobody, and need not be looked for again.
        read.extend(missing.into_iter().map(|id| (id, None)));
        for account in accounts.into_iter().map(Arc::new) {
            cache.remember(epoch, &account);
            read.insert(account.id, Some(account));
        }
        if epoch == known {
            break;
        }
        let (reached, changes) = conn.changes_since(known).await?;
        known = cache.move_on(reached, &changes);
        found = ids.iter().map(|id| cache.get(*id)).collect();
        let all_there =
            |(id, found): (&AccountId, &Found)| found.is_some() || read.contains_key(id);
        if ids.iter().zip(&found).all(all_there) {
            break;
        }
    }
    for (id, found) in ids.iter().zip(&mut found) {
        if found.is_none() {
            *found = read.get(id).cloned().flatten();
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
