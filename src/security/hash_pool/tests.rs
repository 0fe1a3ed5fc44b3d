//! The hashing threads under load, and when something in them goes wrong.

use super::*;
use crate::domain::email::Email;
use crate::metrics::Metrics;
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const CHEAP: PoolSettings = PoolSettings {
    params: HashParams {
        memory_kib: 64,
        iterations: 1,
    },
    engine: Engine::Fast,
    threads: 1,
    queue: 1_000,
    wait: Duration::from_secs(5),
    nice: 0,
};

/// With one thread, so with two slots for each account.
fn pool() -> HashPool {
    HashPool::start(&CHEAP, Metrics::new().hashes).expect("started")
}

fn key(name: &str) -> EmailKey {
    let email = Email::parse(&format!("{name}@example.com")).expect("an address");
    email.key().clone()
}

async fn soon<T>(something: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(10);
    timeout(patience, something).await.expect("in time")
}

async fn slot_of(pool: &HashPool, name: &str) -> Slot {
    let ticket = pool
        .enter(HashFor::Proof, &key(name))
        .await
        .expect("let in");
    soon(ticket.slot()).await.expect("a slot")
}

fn is_idle(pool: &HashPool) -> bool {
    pool.shared.admission.counts() == (0, 0, 0)
}

/// SECURITY 19 in small: otherwise callers who go away would pile up jobs without end.
#[tokio::test]
async fn the_slot_of_a_caller_who_goes_away_is_taken_until_the_job_is_done() {
    let pool = pool();
    let (let_go, told) = mpsc::channel::<()>();
    let slot = slot_of(&pool, "ann").await;
    let job = slot.run(move |_| Ok(told.recv().is_ok()));
    assert!(
        job.now_or_never().is_none(),
        "the job is under way, and its caller is gone"
    );
    drop(slot);
    let _other = slot_of(&pool, "ann").await;
    let ticket = pool
        .enter(HashFor::Proof, &key("ann"))
        .await
        .expect("let in");
    let mut waiting = Box::pin(ticket.slot());
    assert!(
        waiting.as_mut().now_or_never().is_none(),
        "the slot is not free"
    );
    let_go.send(()).expect("the job listens");
    soon(waiting).await.expect("the job is done");
    assert_eq!(pool.computed(), 1);
}

/// A client that hangs up in the queue costs nothing.
#[tokio::test]
async fn a_caller_who_goes_away_while_waiting_costs_no_hash() {
    let pool = pool();
    let busy = (slot_of(&pool, "ann").await, slot_of(&pool, "ann").await);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let pool = pool.clone();
        callers.spawn(async move {
            let slot = slot_of(&pool, "ann").await;
            slot.run(|_| Ok(())).await
        });
    }
    while pool.waiting() < 50 {
        tokio::task::yield_now().await;
    }
    callers.shutdown().await;
    drop(busy);
    assert!(is_idle(&pool));
    slot_of(&pool, "ann")
        .await
        .run(|_| Ok(()))
        .await
        .expect("done");
    assert_eq!(pool.computed(), 1);
}

/// Each caller holds its slot over statements of 20 ms before and after the hash of 5 ms.
#[tokio::test]
async fn a_slow_database_does_not_keep_the_threads_from_hashing() {
    const CALLERS: u32 = 200;
    let (hash, statement) = (Duration::from_millis(5), Duration::from_millis(20));
    let pool = pool();
    let mut callers = JoinSet::new();
    let begun = Instant::now();
    for number in 0..CALLERS {
        let pool = pool.clone();
        callers.spawn(async move {
            let slot = slot_of(&pool, &format!("user{number}")).await;
            sleep(statement).await;
            let work = move |_: &mut HashMemory| {
                std::thread::sleep(hash);
                Ok(())
            };
            slot.run(work).await.expect("done");
            sleep(2 * statement).await;
        });
    }
    callers.join_all().await;
    let (took, least) = (begun.elapsed(), CALLERS * hash);
    assert!(took < 2 * least, "{took:?} for {least:?} of hashing");
}

/// SECURITY 10 in small, and no matter how many others wait.
#[tokio::test]
async fn fifty_callers_of_one_account_are_all_served() {
    let pool = pool();
    let mut callers = JoinSet::new();
    for number in 0..500 {
        let (pool, mine) = (pool.clone(), number % 10 == 0);
        callers.spawn(async move {
            let name = if mine {
                "ann".to_owned()
            } else {
                format!("user{number}")
            };
            slot_of(&pool, &name)
                .await
                .run(|_| Ok(()))
                .await
                .expect("done");
        });
    }
    callers.join_all().await;
    assert_eq!(pool.computed(), 500);
    assert!(is_idle(&pool));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_told_when_to_come_back() {
    let pool = HashPool::start(&PoolSettings { queue: 1, ..CHEAP }, Metrics::new().hashes)
        .expect("started");
    let mut busy = Vec::new();
    for number in 0..SLOTS_PER_THREAD {
        busy.push(slot_of(&pool, &format!("user{number}")).await);
    }
    let _waiting = pool
        .enter(HashFor::Proof, &key("ann"))
        .await
        .expect("one place");
    let refused = soon(pool.enter(HashFor::Proof, &key("bob"))).await;
    let Err(HashPoolError::Overloaded(after)) = refused else {
        panic!("let in");
    };
    assert_eq!(after, Duration::from_secs(1));
}

/// SECURITY 42 for a thread.
#[tokio::test]
async fn a_job_that_panics_costs_its_own_answer_only() {
    let pool = pool();
    for _ in 0..3 {
        let slot = slot_of(&pool, "ann").await;
        let failed = soon(slot.run::<()>(|_| panic!("on purpose"))).await;
        assert!(matches!(failed, Err(HashPoolError::Worker)), "{failed:?}");
        let next = soon(slot.run(|_| Ok(7))).await;
        assert_eq!(next.expect("the thread lives"), 7);
    }
    assert!(is_idle(&pool));
}

#[tokio::test]
async fn what_is_hashed_in_the_pool_is_verified_in_it_and_counted() {
    use crate::domain::password::Preset;
    let policy = Preset::Classic.policy();
    let pool = pool();
    let slot = slot_of(&pool, "ann").await;
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_the_hashing_threads_step_back() {
    use rustix::process::getpriority_process;
    let settings = PoolSettings { nice: 7, ..CHEAP };
    let own = getpriority_process(None).expect("known");
    let pool = HashPool::start(&settings, Metrics::new().hashes).expect("started");
    let slot = slot_of(&pool, "ann").await;
    let theirs = slot.run(|_| Ok(getpriority_process(None).expect("known")));
    assert_eq!(soon(theirs).await.expect("done"), (own + 7).min(19));
    assert_eq!(getpriority_process(None).expect("known"), own);
}

#[tokio::test]
async fn the_threads_end_with_the_pool() {
    let pool = pool();
    // Each thread has it as well.
    let admission = Arc::downgrade(&pool.shared.admission);
    let slot = slot_of(&pool, "ann").await;
    soon(slot.run(|_| Ok(()))).await.expect("done");
    drop((slot, pool));
    let gone = async {
        while admission.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
}

/// SECURITY 13: whoever floods an address with guesses keeps its owner neither from a reset nor
/// from anything else that is not a guess.
#[tokio::test]
async fn guesses_at_an_account_take_no_place_from_its_reset() {
    let settings = PoolSettings {
        threads: 1,
        queue: 300,
        ..CHEAP
    };
    let pool = HashPool::start(&settings, Metrics::new().hashes).expect("started");
    let mut guesses = Vec::new();
    while let Ok(ticket) = soon(pool.enter(HashFor::Proof, &key("ann"))).await {
        guesses.push(ticket);
    }
    assert!(guesses.len() >= FEWEST_PLACES_OF_ONE, "{}", guesses.len());
    let reset = pool.enter(HashFor::Reset, &key("ann")).await;
    soon(reset.expect("let in").slot()).await.expect("its turn");
}

/// With one place in two for an account at most, others are let in as well.
#[tokio::test]
async fn one_account_never_fills_a_small_queue() {
    let settings = PoolSettings {
        threads: 1,
        queue: 10,
        ..CHEAP
    };
    let pool = HashPool::start(&settings, Metrics::new().hashes).expect("started");
    let mut guesses = Vec::new();
    while let Ok(ticket) = soon(pool.enter(HashFor::Proof, &key("ann"))).await {
        guesses.push(ticket);
    }
    // Two slots and half of the places.
    assert_eq!(guesses.len(), 2 + 5);
    let other = soon(pool.enter(HashFor::Proof, &key("bob"))).await;
    drop(other.expect("let in"));
}

/// A slot waits for a thread a quarter of the longest wait at most.
#[test]
fn expensive_hashes_have_fewer_slots() {
    let slots = |memory_kib, iterations| {
        let params = HashParams {
            memory_kib,
            iterations,
        };
        let wait = Duration::from_secs(1);
        PoolSettings {
            params,
            wait,
            ..CHEAP
        }
        .slots_per_thread()
    };
    assert_eq!(slots(64, 1), SLOTS_PER_THREAD);
    // 32.768 ms each, in 250 ms.
    assert_eq!(slots(65_536, 2), 7);
    assert_eq!(slots(1_048_576, 2), 2);
}

#[tokio::test]
async fn one_account_takes_a_sixteenth_of_a_long_queue() {
    let settings = PoolSettings {
        queue: 1_600,
        ..CHEAP
    };
    let pool = HashPool::start(&settings, Metrics::new().hashes).expect("started");
    let mut guesses = Vec::new();
    while let Ok(ticket) = soon(pool.enter(HashFor::Proof, &key("ann"))).await {
        guesses.push(ticket);
    }
    assert_eq!(guesses.len(), 2 + 100);
}

#[tokio::test]
async fn nothing_of_the_pool_shows_in_debug_output() {
    let pool = pool();
    assert_eq!(format!("{pool:?}"), "HashPool { computed: 0, .. }");
    let ticket = pool.enter(HashFor::Proof, &key("ann")).await;
    let ticket = ticket.expect("let in");
    assert_eq!(format!("{ticket:?}"), "Ticket");
    assert!(!ticket.waits());
    let slot = ticket.slot().await.expect("a slot");
    assert_eq!(format!("{slot:?}"), "Slot");
    let _second = slot_of(&pool, "ann").await;
    let third = pool.enter(HashFor::Proof, &key("ann")).await;
    assert!(third.expect("let in").waits());
}
