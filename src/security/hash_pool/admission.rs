//! Who may hash next: slots, and places in the queue for them, in the order of arrival.
//!
//! Oldest first also when overloaded. Newest first keeps the answers of some fast, but refuses
//! those who waited longest, and late; here who cannot be served in time is told so on arrival.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// The share of the newest measurement in a mean.
const NEWEST: f64 = 1.0 / 16.0;
/// Nobody is told to come back sooner.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) threads: usize,
    /// Slots in all, and those of one account.
    pub(super) slots: usize,
    pub(super) slots_of_one: usize,
    /// Places in the queue, and those of one account.
    pub(super) places: usize,
    pub(super) places_of_one: usize,
    /// Whoever would have to wait longer is refused.
    pub(super) longest_wait: Duration,
}

/// An account and what it wants, by a hash. Should two have the same, they share a bound.
pub(super) type AccountHash = u64;

pub(super) struct Admission {
    limits: Limits,
    state: Mutex<State>,
    /// The mean of one hash, as the bits of its seconds. Outside of the lock: the hashing threads
    /// have a lower priority, and whoever holds the lock must not be put off.
    hash_time: AtomicU64,
}

/// Never kept locked while something else is waited for.
struct State {
    arrivals: u64,
    slots_taken: usize,
    waiting: usize,
    /// Those whose account's bound allows it, oldest first. Empty while there are free slots.
    next: BTreeMap<u64, Waiter>,
    /// Accounts with a slot or a place, and no others.
    accounts: HashMap<AccountHash, Account>,
    /// The mean time of a slot from taking it to giving it back, in seconds.
    slot_time: f64,
}

#[derive(Default)]
struct Account {
    /// Its slots and its entries in [`State::next`], together at most [`Limits::slots_of_one`].
    active: usize,
    /// Those who wait for one of these, oldest first.
    parked: BTreeMap<u64, Waiter>,
}

struct Waiter {
    account: AccountHash,
    grant: oneshot::Sender<Permit>,
}

/// A place in the queue or already a slot; given back when dropped.
pub(super) enum Entry {
    Granted(Permit),
    Waiting {
        // Whoever goes away may have been given a slot already: it is in `granted`, and is given
        // back with it.
        place: Place,
        granted: oneshot::Receiver<Permit>,
        deadline: Instant,
    },
}

/// A slot, given back when dropped.
pub(super) struct Permit {
    admission: Arc<Admission>,
    account: AccountHash,
    since: Instant,
}

/// A place in the queue, left when dropped.
pub(super) struct Place {
    admission: Arc<Admission>,
    account: AccountHash,
    arrival: u64,
}

/// Come back after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) Duration);

impl Admission {
    /// `hash_time` is what is assumed until one was measured.
    pub(super) fn new(limits: Limits, hash_time: Duration) -> Arc<Self> {
        let state = State {
            arrivals: 0,
            slots_taken: 0,
            waiting: 0,
            next: BTreeMap::new(),
            accounts: HashMap::new(),
            slot_time: 0.0,
        };
        Arc::new(Self {
            limits,
            state: Mutex::new(state),
            hash_time: AtomicU64::new(hash_time.as_secs_f64().to_bits()),
        })
    }

    /// Takes a slot, or a place in the queue, or nothing.
    pub(super) fn enter(self: &Arc<Self>, account: AccountHash) -> Result<Entry, Refused> {
        let now = Instant::now();
        let mut state = self.lock();
        let limits = &self.limits;
        let (active, parked) = state.accounts.get(&account).map_or((0, 0), Account::count);
        let may_run = active < limits.slots_of_one;
        if may_run && state.slots_taken < limits.slots {
            state.slots_taken += 1;
            state.accounts.entry(account).or_default().active += 1;
            return Ok(Entry::Granted(self.permit(account, now)));
        }
        let wait = self.expected_wait(&state, parked);
        if state.waiting >= limits.places
            || parked >= limits.places_of_one
            || wait > limits.longest_wait
        {
            return Err(self.refused(wait));
        }
        let arrival = state.arrivals;
        state.arrivals += 1;
        state.waiting += 1;
        let (grant, granted) = oneshot::channel();
        let waiter = Waiter { account, grant };
        let entry = state.accounts.entry(account).or_default();
        if may_run {
            entry.active += 1;
            state.next.insert(arrival, waiter);
        } else {
            entry.parked.insert(arrival, waiter);
        }
        Ok(Entry::Waiting {
            place: Place {
                admission: Arc::clone(self),
                account,
                arrival,
            },
            granted,
            // For those whose wait was misjudged.
            deadline: now + 2 * limits.longest_wait,
        })
    }

    /// What a hash took, from its thread.
    pub(super) fn measured(&self, hash: Duration) {
        let newer = |bits| Some(self.average(f64::from_bits(bits), hash).to_bits());
        // It always gives a newer value.
        let _ = self
            .hash_time
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, newer);
    }

    /// A mean with one more measurement. A machine that was suspended measures nonsense.
    fn average(&self, mean: f64, newest: Duration) -> f64 {
        let newest = newest.min(2 * self.limits.longest_wait);
        mean + (newest.as_secs_f64() - mean) * NEWEST
    }

    /// Come back when what waits now should be done.
    fn refused(&self, wait: Duration) -> Refused {
        let longest = (2 * self.limits.longest_wait).max(SHORTEST_RETRY);
        Refused(wait.clamp(SHORTEST_RETRY, longest))
    }

    /// How long a newcomer would wait: for the threads, for the slots (which a slow database
    /// keeps taken) or for those of its own account, whatever takes longest.
    fn expected_wait(&self, state: &State, parked: usize) -> Duration {
        let turns = |ahead: usize, at_once: usize| {
            let [ahead, at_once] =
                [ahead, at_once].map(|n| f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
            ahead / at_once.max(1.0)
        };
        let limits = &self.limits;
        let hash_time = f64::from_bits(self.hash_time.load(Ordering::Relaxed));
        let seconds = (turns(state.waiting, limits.threads) * hash_time)
            .max(turns(state.waiting, limits.slots) * state.slot_time)
            .max(turns(parked, limits.slots_of_one) * state.slot_time);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    fn permit(self: &Arc<Self>, account: AccountHash, since: Instant) -> Permit {
        Permit {
            admission: Arc::clone(self),
            account,
            since,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Callers waiting.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// Slots taken, callers waiting, accounts known.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (state.slots_taken, state.waiting, state.accounts.len())
    }
}

impl State {
    /// One slot, or one entry in `next`, of the account is gone.
    fn deactivate(&mut self, account: AccountHash) {
        let Some(entry) = self.accounts.get_mut(&account) else {
            return;
        };
        if let Some((arrival, waiter)) = entry.parked.pop_first() {
            // Where it would be if its account had never been at its bound.
            self.next.insert(arrival, waiter);
            return;
        }
        entry.active -= 1;
        if entry.active == 0 {
            self.accounts.remove(&account);
        }
    }

    fn leave(&mut self, account: AccountHash, arrival: u64) {
        if self.next.remove(&arrival).is_some() {
            self.waiting -= 1;
            self.deactivate(account);
        } else if let Some(entry) = self.accounts.get_mut(&account)
            && entry.parked.remove(&arrival).is_some()
        {
            self.waiting -= 1;
        }
    }
}

impl Account {
    fn count(&self) -> (usize, usize) {
        (self.active, self.parked.len())
    }
}

impl Entry {
    /// The slot, when it is this one's turn.
    pub(super) async fn granted(self) -> Result<Permit, Refused> {
        match self {
            Self::Granted(permit) => Ok(permit),
            Self::Waiting {
                place,
                granted,
                deadline,
            } => {
                if let Ok(Ok(permit)) = timeout_at(deadline, granted).await {
                    return Ok(permit);
                }
                let admission = &place.admission;
                let wait = admission.expected_wait(&admission.lock(), 0);
                Err(admission.refused(wait))
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let held = self.since.elapsed();
        let granted = {
            let mut state = self.admission.lock();
            state.slot_time = self.admission.average(state.slot_time, held);
            state.slots_taken -= 1;
            state.deactivate(self.account);
            let next = state.next.pop_first();
            if next.is_some() {
                state.slots_taken += 1;
                state.waiting -= 1;
            }
            next
        };
        if let Some((_, Waiter { account, grant })) = granted {
            // Comes back, and is dropped, when the caller is just going away.
            drop(grant.send(self.admission.permit(account, Instant::now())));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.lock().leave(self.account, self.arrival);
    }
}

#[cfg(test)]
mod tests;
