//! What is kept and for how long, how large a batch gets, and what a bug in the loader costs.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use futures_util::future::{join, join_all};
use prometheus::HistogramOpts;

use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::email::Email;
use crate::domain::password::PasswordHash;
use crate::store::scratch::store_in;
use crate::store::{NewAccount, execute, transaction};

const ACCOUNT: AccountId = 1;
/// With as many, one is set apart for token checks.
const CONNECTIONS: u32 = 4;

/// A store with one account.
async fn store(folder: &tempfile::TempDir, connections: u32) -> Store {
    let store = store_in(folder, connections);
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

async fn version(loader: &AccountLoader) -> i64 {
    let found = loader.load(ACCOUNT).await.expect("answered");
    found.expect("an account").token_version
}

/// Lets time go by, with no statement in hand: its thread would not hear of it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// SECURITY 25: the memory is the truth as long as the triggers are there; and where something
/// went past them, no longer than a minute.
#[tokio::test]
async fn what_went_past_the_triggers_is_seen_after_a_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder, CONNECTIONS).await;
    let loader = AccountLoader::start(&store, 100, sizes());
    assert_eq!(version(&loader).await, 1);
    let past = transaction!(store, conn => {
        execute!(conn, "DROP TRIGGER users_updated")?;
        execute!(conn, "UPDATE users SET token_version = 9")
    });
    past.expect("changed");
    assert_eq!(version(&loader).await, 1);
    pass(LONGEST_KEPT / 2).await;
    assert_eq!(version(&loader).await, 1);
    pass(LONGEST_KEPT / 2).await;
    assert_eq!(version(&loader).await, 9);
}

/// Waits until no connection is in use.
async fn given_back(store: &Store) {
    // The machine's clock: tokio's may stand still.
    let patience = SystemClock.monotonic() + PATIENCE;
    while store.connections().used > 0 {
        assert!(SystemClock.monotonic() < patience, "a connection is kept");
        yield_now().await;
    }
}

#[tokio::test]
async fn the_connection_that_is_set_apart_is_kept_between_batches() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder, CONNECTIONS).await;
    let loader = AccountLoader::start(&store, 100, sizes());
    version(&loader).await;
    // As long as a connection may take to get back into the pool; the loader waits longer.
    tokio::time::pause();
    let settled = SystemClock.monotonic() + Duration::from_millis(100);
    while SystemClock.monotonic() < settled {
        assert_eq!(store.connections().used, 1, "it is kept");
        yield_now().await;
    }
    tokio::time::resume();
    version(&loader).await;
    pass(2 * IDLE).await;
    given_back(&store).await;
    assert!(store.connections().idle > 0);
}

#[tokio::test]
async fn a_connection_that_others_need_is_given_back_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder, CONNECTIONS - 1).await;
    let loader = AccountLoader::start(&store, 100, sizes());
    version(&loader).await;
    // It does not wait for anything.
    tokio::time::pause();
    given_back(&store).await;
}

#[tokio::test]
async fn a_batch_has_a_thousand_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, sizes) = (store(&folder, CONNECTIONS).await, sizes());
    let loader = AccountLoader::start(&store, 100, sizes.clone());
    let all = join_all((0..2_001).map(|_| loader.load(ACCOUNT))).await;
    assert!(all.into_iter().all(|found| found.is_ok()));
    assert_eq!(sizes.get_sample_count(), 3);
}

/// The second call comes when the loader has the first one in hand.
#[tokio::test]
async fn who_is_being_read_at_the_moment_gets_into_the_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, sizes) = (store(&folder, CONNECTIONS).await, sizes());
    let loader = AccountLoader::start(&store, 100, sizes.clone());
    let second = async {
        yield_now().await;
        loader.load(ACCOUNT).await
    };
    let (first, second) = join(loader.load(ACCOUNT), second).await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(sizes.get_sample_count(), 1);
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
    let store = store(&folder, CONNECTIONS).await;
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
