//! The hashing threads under load, and when something in them goes wrong.

use super::*;
use futures_util::FutureExt as _;
use std::time::Duration;
use tokio::time::timeout;

const CHEAP: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};

/// With one thread, and so with two slots.
fn pool(longest_queue: usize) -> HashPool {
    HashPool::start(CHEAP, 1, longest_queue).expect("started")
}

async fn soon<T>(something: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(10);
    timeout(patience, something).await.expect("in time")
}

fn is_refused_at_once(pool: &HashPool) -> bool {
    let answer = pool.slot().now_or_never();
    matches!(answer, Some(Err(HashPoolError::Overloaded)))
}

#[tokio::test]
async fn who_finds_the_queue_full_is_refused_at_once() {
    let pool = pool(1);
    let _busy = (
        pool.slot().await.expect("one"),
        pool.slot().await.expect("two"),
    );
    let mut waiting = Box::pin(pool.slot());
    assert!(waiting.as_mut().now_or_never().is_none(), "waits");
    for _ in 0..3 {
        assert!(is_refused_at_once(&pool));
    }
    assert!(waiting.as_mut().now_or_never().is_none(), "still waits");
}

#[tokio::test]
async fn a_waiting_caller_gets_the_slot_that_becomes_free() {
    let pool = pool(1);
    let (one, _two) = (
        pool.slot().await.expect("one"),
        pool.slot().await.expect("two"),
    );
    let mut waiting = Box::pin(pool.slot());
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(one);
    soon(waiting).await.expect("a slot");
    assert_eq!(pool.shared.waiting.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_place_of_a_caller_who_goes_away_is_given_back() {
    let pool = pool(1);
    let _busy = (
        pool.slot().await.expect("one"),
        pool.slot().await.expect("two"),
    );
    for _ in 0..3 {
        let mut waiting = Box::pin(pool.slot());
        assert!(
            waiting.as_mut().now_or_never().is_none(),
            "there is a place"
        );
        assert!(is_refused_at_once(&pool));
    }
    assert_eq!(pool.shared.waiting.load(Ordering::Relaxed), 0);
}

/// SECURITY 19 in small: otherwise callers who go away would pile up jobs without end.
#[tokio::test]
async fn the_slot_of_a_caller_who_goes_away_is_taken_until_the_job_is_done() {
    let pool = pool(1);
    let (let_go, told) = mpsc::channel::<()>();
    let slot = pool.slot().await.expect("a slot");
    let job = slot.run(move |_| Ok(told.recv().is_ok()));
    assert!(
        job.now_or_never().is_none(),
        "the job is under way, and its caller is gone"
    );
    drop(slot);
    assert_eq!(pool.shared.slots.available_permits(), 1);
    let _other = pool.slot().await.expect("the other slot");
    let mut waiting = Box::pin(pool.slot());
    assert!(
        waiting.as_mut().now_or_never().is_none(),
        "the slot is not free"
    );
    let_go.send(()).expect("the job listens");
    soon(waiting).await.expect("the job is done");
    assert_eq!(pool.computed(), 1);
}

/// SECURITY 42 for a thread.
#[tokio::test]
async fn a_job_that_panics_costs_its_own_answer_only() {
    let pool = pool(1);
    for _ in 0..3 {
        let slot = pool.slot().await.expect("a slot");
        let failed = soon(slot.run::<()>(|_| panic!("on purpose"))).await;
        assert!(matches!(failed, Err(HashPoolError::Worker)), "{failed:?}");
        let next = soon(slot.run(|_| Ok(7))).await;
        assert_eq!(next.expect("the thread lives"), 7);
    }
    assert_eq!(pool.shared.slots.available_permits(), 2);
}

#[tokio::test]
async fn what_is_hashed_in_the_pool_is_verified_in_it_and_counted() {
    use crate::domain::password::Preset;
    let policy = Preset::Classic.policy();
    let pool = pool(1);
    let slot = pool.slot().await.expect("a slot");
    let new = policy.check("abc123", None).expect("meets the policy");
    let hash = slot.hash(&new).await.expect("hashed");
    let right = policy.present("abc123").expect("short");
    let wrong = policy.present("abc124").expect("short");
    let verdict = slot.verify(&right, Some(&hash)).await.expect("a verdict");
    assert_eq!(verdict, Verdict::Match { outdated: false });
    let verdict = slot.verify(&wrong, Some(&hash)).await.expect("a verdict");
    assert_eq!(verdict, Verdict::Mismatch);
    let verdict = slot.verify(&right, None).await.expect("a verdict");
    assert_eq!(verdict, Verdict::Mismatch);
    assert_eq!(pool.computed(), 4);
}

#[tokio::test]
async fn the_threads_end_with_the_pool() {
    let pool = pool(1);
    let queue = Arc::downgrade(&pool.shared);
    soon(pool.slot().await.expect("a slot").run(|_| Ok(())))
        .await
        .expect("done");
    drop(pool);
    assert!(queue.upgrade().is_none(), "nothing keeps the pool alive");
}
