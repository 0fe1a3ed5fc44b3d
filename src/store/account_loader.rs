//! Reads accounts for token checks in batches.
//!
//! Callers leave the number of their account; whenever one of a few query slots is free,
//! everything that waits goes out as one statement. Nothing waits for a batch to fill, and no
//! caller gets a row that was read before it asked.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use super::{PATIENCE, Store, StoreError, read};
use crate::domain::account::{Account, AccountId};

/// Statements under way at once. One more than one: the next batch is on its way while the
/// answer to the one before it comes back.
const SLOTS: usize = 2;

/// The most accounts in one statement.
const LARGEST_BATCH: usize = 1_000;

/// The most callers that wait; more are told that the database does not keep up.
const LONGEST_QUEUE: usize = 16_384;

type Answer = Result<Option<Account>, StoreError>;
type Request = (AccountId, oneshot::Sender<Answer>);

/// Loads accounts; cheap to clone. Its tasks end when the last clone is gone.
#[derive(Debug, Clone)]
pub struct AccountLoader {
    requests: mpsc::Sender<Request>,
}

impl AccountLoader {
    /// Starts the query slots.
    #[must_use]
    pub fn start(store: &Store) -> Self {
        let (requests, queue) = mpsc::channel(LONGEST_QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..SLOTS {
            tokio::spawn(serve(store.clone(), Arc::clone(&queue)));
        }
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

async fn serve(store: Store, queue: Arc<Mutex<mpsc::Receiver<Request>>>) {
    let mut batch: Vec<Request> = Vec::new();
    // The lock is held while waiting for the first request, never while asking the database.
    while queue
        .lock()
        .await
        .recv_many(&mut batch, LARGEST_BATCH)
        .await
        > 0
    {
        // Whoever gave up while the database was slow is not asked for any more.
        batch.retain(|(_, answer)| !answer.is_closed());
        let mut ids: Vec<AccountId> = batch.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let read = read!(store, conn => conn.accounts(&ids).await);
        let read = read.map(|accounts| -> HashMap<AccountId, Account> {
            accounts
                .into_iter()
                .map(|account| (account.id, account))
                .collect()
        });
        for (id, answer) in batch.drain(..) {
            let found = match &read {
                Ok(accounts) => Ok(accounts.get(&id).cloned()),
                Err(error) => Err(error.clone()),
            };
            // A caller who went away does not listen.
            drop(answer.send(found));
        }
    }
}
