//! The queue: who is let in, in which order, and that nothing is lost when callers go away.

use super::*;
use futures_util::FutureExt as _;
use rand::RngExt as _;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const LIMITS: Limits = Limits {
    threads: 1,
    slots: 4,
    slots_of_one: 2,
    places: 100,
    places_of_one: 10,
    longest_wait: Duration::from_secs(5),
};
const HASH: Duration = Duration::from_millis(10);
const IDLE: (usize, usize, usize) = (0, 0, 0);

fn admission(limits: Limits) -> Arc<Admission> {
    Admission::new(limits, HASH)
}

async fn soon<T>(something: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(20);
    timeout(patience, something).await.expect("in time")
}

fn enter(admission: &Arc<Admission>, account: AccountHash) -> Entry {
    admission.enter(account).expect("let in")
}

fn take(admission: &Arc<Admission>, account: AccountHash) -> Permit {
    let permit = enter(admission, account).granted().now_or_never();
    permit.expect("at once").expect("granted")
}

fn refused(admission: &Arc<Admission>, account: AccountHash) -> Duration {
    let Err(Refused(after)) = admission.enter(account) else {
        panic!("let in");
    };
    after
}

/// Takes all slots, for accounts 100 and up.
fn take_all(admission: &Arc<Admission>) -> Vec<Permit> {
    (0..LIMITS.slots as u64)
        .map(|n| take(admission, 100 + n))
        .collect()
}

#[tokio::test]
async fn who_arrives_first_is_served_first() {
    let admission = admission(LIMITS);
    let mut busy = take_all(&admission);
    let mut waiting: Vec<_> = (0..3)
        .map(|n| Box::pin(enter(&admission, n).granted()))
        .collect();
    for mut first in waiting.drain(..) {
        assert!(first.as_mut().now_or_never().is_none(), "waits");
        busy.pop();
        busy.push(soon(first).await.expect("granted"));
    }
    drop(busy);
    assert_eq!(admission.counts(), IDLE);
}

#[tokio::test]
async fn an_account_has_its_own_bound_and_does_not_stop_others() {
    let admission = admission(LIMITS);
    let one = take(&admission, 1);
    let _two = take(&admission, 1);
    let mut third = Box::pin(enter(&admission, 1).granted());
    assert!(third.as_mut().now_or_never().is_none(), "at its bound");
    let other = take(&admission, 2);
    drop(other);
    assert!(third.as_mut().now_or_never().is_none(), "not for others");
    drop(one);
    soon(third).await.expect("granted");
}

/// Otherwise fifty logins of one account would go to the end of a long queue again and again.
#[tokio::test]
async fn whoever_waited_for_its_account_has_the_turn_of_its_arrival() {
    let admission = admission(LIMITS);
    let mine = [take(&admission, 1), take(&admission, 1)];
    let _others = [take(&admission, 2), take(&admission, 3)];
    let mut parked = Box::pin(enter(&admission, 1).granted());
    let mut later = Box::pin(enter(&admission, 4).granted());
    let [one, two] = mine;
    drop(one);
    let _parked = soon(parked.as_mut()).await.expect("older");
    assert!(later.as_mut().now_or_never().is_none(), "newer");
    drop(two);
    soon(later).await.expect("its turn");
}

#[tokio::test]
async fn one_account_cannot_fill_the_queue() {
    let admission = admission(LIMITS);
    let _busy = take_all(&admission);
    let _waiting: Vec<_> = (0..12).map(|_| enter(&admission, 1)).collect();
    assert!(refused(&admission, 1) >= SHORTEST_RETRY);
    assert_eq!(
        admission.counts().1,
        12,
        "its bound, and ten that are parked"
    );
    enter(&admission, 2);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let limits = Limits {
        places: 3,
        ..LIMITS
    };
    let admission = admission(limits);
    let busy = take_all(&admission);
    let waiting: Vec<_> = (0..3).map(|n| enter(&admission, n)).collect();
    for account in 3..10 {
        refused(&admission, account);
    }
    drop(waiting);
    drop(enter(&admission, 3));
    drop(busy);
    assert_eq!(admission.counts(), IDLE);
}

/// 10 ms a hash and one thread: a second's work is 100 hashes.
#[tokio::test]
async fn who_would_wait_too_long_is_refused_on_arrival_and_told_when_to_come_back() {
    let limits = Limits {
        places: 10_000,
        longest_wait: Duration::from_secs(3),
        ..LIMITS
    };
    let admission = admission(limits);
    let _busy = take_all(&admission);
    let waiting: Vec<_> = (0..301).map(|n| enter(&admission, 1_000 + n)).collect();
    let after = refused(&admission, 1);
    assert!((3.0..3.1).contains(&after.as_secs_f64()), "{after:?}");
    // Hashes turn out to take twice as long, so the queue is too long by half.
    for _ in 0..200 {
        admission.measured(2 * HASH);
    }
    let after = refused(&admission, 1);
    assert!((5.9..6.1).contains(&after.as_secs_f64()), "{after:?}");
    let mut waiting = waiting;
    waiting.truncate(150);
    enter(&admission, 1);
}

/// What keeps the slots counts too: here a database, and not the hashes.
#[tokio::test(start_paused = true)]
async fn slow_slots_lengthen_the_expected_wait() {
    let admission = admission(LIMITS);
    for _ in 0..100 {
        let slot = take(&admission, 1);
        sleep(Duration::from_secs(1)).await;
        drop(slot);
    }
    let _busy = take_all(&admission);
    // Four slots of a second each: 4 callers a second, and 5 s are allowed.
    let waiting: Vec<_> = (0..21).map(|n| enter(&admission, 1_000 + n)).collect();
    assert_eq!(waiting.len(), 21);
    refused(&admission, 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_twice_the_longest_wait() {
    let admission = admission(LIMITS);
    let busy = take_all(&admission);
    let before = Instant::now();
    let waiting = enter(&admission, 1).granted();
    assert!(waiting.await.is_err());
    assert_eq!(before.elapsed(), 2 * LIMITS.longest_wait);
    assert_eq!(admission.counts(), (4, 0, 4));
    drop(busy);
    assert_eq!(admission.counts(), IDLE);
}

#[tokio::test]
async fn what_was_given_to_a_caller_who_goes_away_goes_on_to_the_next() {
    let admission = admission(LIMITS);
    let mut busy = take_all(&admission);
    let gone = enter(&admission, 1);
    let mut next = Box::pin(enter(&admission, 2).granted());
    busy.pop();
    assert!(next.as_mut().now_or_never().is_none(), "not its turn yet");
    drop(gone);
    soon(next).await.expect("its turn");
    drop(busy);
    assert_eq!(admission.counts(), IDLE);
}

/// Callers of few accounts come and go away at any moment: before, while and after they get a
/// slot. In the end nothing is taken, and everything still works.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_however_callers_go_away() {
    for round in 0..30 {
        let admission = admission(LIMITS);
        let mut callers = JoinSet::new();
        for _ in 0..300 {
            let admission = Arc::clone(&admission);
            let [account, patience, work] = [5, 2_000, 300].map(|n| rand::rng().random_range(0..n));
            callers.spawn(async move {
                let Ok(entry) = admission.enter(account) else {
                    return false;
                };
                if patience < 100 {
                    tokio::task::yield_now().await;
                    return false;
                }
                let slot = timeout(Duration::from_micros(patience), entry.granted()).await;
                let Ok(Ok(slot)) = slot else { return false };
                assert!(admission.counts().0 <= LIMITS.slots);
                sleep(Duration::from_micros(work)).await;
                drop(slot);
                true
            });
            if round % 3 == 0 {
                tokio::task::yield_now().await;
            }
        }
        if round % 2 == 0 {
            sleep(Duration::from_millis(2)).await;
            callers.abort_all();
        }
        while let Some(caller) = soon(callers.join_next()).await {
            assert!(caller.is_ok() || caller.is_err_and(|error| error.is_cancelled()));
        }
        assert_eq!(admission.counts(), IDLE, "round {round}");
        drop(take_all(&admission));
        assert_eq!(admission.counts(), IDLE);
    }
}

/// No wake-up is lost either: who is patient is served, whoever else goes away.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_stays_is_served() {
    let limits = Limits {
        places: 10_000,
        places_of_one: 10_000,
        longest_wait: Duration::from_secs(1_000),
        ..LIMITS
    };
    for _ in 0..10 {
        let admission = admission(limits);
        let mut callers = JoinSet::new();
        for number in 0..600_u64 {
            let admission = Arc::clone(&admission);
            callers.spawn(async move {
                let entry = enter(&admission, number % 7);
                if number % 3 == 0 {
                    let patience = Duration::from_micros(rand::rng().random_range(0..3_000));
                    drop(timeout(patience, entry.granted()).await);
                } else {
                    drop(entry.granted().await.expect("its turn"));
                }
            });
        }
        while let Some(done) = soon(callers.join_next()).await {
            done.expect("served");
        }
        assert_eq!(admission.counts(), IDLE);
    }
}
