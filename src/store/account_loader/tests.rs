//! What a bug in the loader costs.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use prometheus::HistogramOpts;

use super::*;
use crate::domain::email::Email;
use crate::domain::password::PasswordHash;
use crate::store::{DatabaseUrl, NewAccount, transaction};

const ACCOUNT: AccountId = 1;

/// A store with one account.
async fn store(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::new(&DatabaseUrl::parse(&url).expect("a URL"), 4, true).expect("a store");
    store.migrate().await.expect("migrated");
    let email = Email::parse("ann@example.com").expect("an address");
    let new = NewAccount {
        email: &email,
        password_hash: &PasswordHash::from_phc("no hash".to_owned()),
        confirmed_at: None,
        language: None,
    };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let id = transaction!(store, conn => conn.insert_account(&new, now).await);
    assert_eq!(id.expect("inserted"), Some(ACCOUNT));
    store
}

fn sizes() -> Histogram {
    Histogram::with_opts(HistogramOpts::new("sizes", "of batches")).expect("a histogram")
}

/// What a bug would do, with callers and the queue in hand.
async fn panic_with_a_batch(queue: Queue) {
    let mut queue = queue.lock().await;
    let mut batch = Vec::new();
    queue.recv_many(&mut batch, LARGEST_BATCH).await;
    assert!(batch.is_empty(), "the loader panics");
}

#[tokio::test]
async fn a_panic_costs_the_callers_in_hand_and_nobody_after_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder).await;
    let (requests, queue) = mpsc::channel(LONGEST_QUEUE);
    let queue: Queue = Arc::new(Mutex::new(queue));
    let starts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&starts);
    let serving = tokio::spawn(keep_serving(move || {
        let start = counted.fetch_add(1, Ordering::SeqCst);
        let (store, queue) = (store.clone(), Arc::clone(&queue));
        async move {
            if start < 2 {
                panic_with_a_batch(queue).await;
            } else {
                serve(store, queue, Cache::new(100), sizes()).await;
            }
        }
    }));
    let loader = AccountLoader { requests };
    for _ in 0..2 {
        // Told at once, and never that there is no such account.
        let lost = timeout(PATIENCE / 2, loader.load(ACCOUNT)).await;
        assert!(matches!(lost, Ok(Err(StoreError::TimedOut))), "{lost:?}");
    }
    for _ in 0..2 {
        let found = loader.load(ACCOUNT).await.expect("answered");
        assert_eq!(found.map(|account| account.id), Some(ACCOUNT));
    }
    assert_eq!(starts.load(Ordering::SeqCst), 3);
    drop(loader);
    serving.await.expect("it ends with its last caller");
}
