//! The allowances behind the limits (GCRA, from the crate governor) in memory of a fixed size.

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use lru::LruCache;

use crate::clock::Clock;
use crate::domain::rate::Rate;

/// Hash of a limiter and a caller. With a random key of our own, so that nobody can choose to be
/// counted together with somebody else.
type Key = u64;

/// When somebody's allowance is whole again; whoever asked longest ago is forgotten first.
/// Somebody who is forgotten has a whole allowance: an attacker with more sources than fit would
/// not be slowed down by a limit for each source anyway, and nobody else is kept out.
#[derive(Clone)]
pub(super) struct Buckets {
    full_at: Arc<Mutex<LruCache<Key, Nanos>>>,
    hasher: RandomState,
    clock: Monotonic,
}

/// One limit with an allowance for each caller.
pub(super) struct Limiter {
    number: u64,
    hasher: RandomState,
    clock: Monotonic,
    take: Governor,
    look: Governor,
    owe: Governor,
}

type Governor = RateLimiter<Key, View, Monotonic, NoOpMiddleware<Duration>>;

/// The buckets as one limiter sees them.
struct View {
    full_at: Arc<Mutex<LruCache<Key, Nanos>>>,
    asking: Asking,
    /// In which one of the allowance grows back.
    interval: Nanos,
}

/// What asking does to the allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Nothing.
    Look,
    /// Takes one, if it is there.
    Take,
    /// Takes one that is perhaps not there yet.
    Owe,
}

/// Our clock for governor.
#[derive(Debug, Clone)]
struct Monotonic(Arc<dyn Clock>);

impl governor::clock::Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

impl Buckets {
    /// Room for so many callers, about 100 bytes each.
    pub(super) fn new(capacity: usize, clock: &Arc<dyn Clock>) -> Self {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self {
            full_at: Arc::new(Mutex::new(LruCache::new(capacity))),
            hasher: RandomState::new(),
            clock: Monotonic(Arc::clone(clock)),
        }
    }

    /// Callers that are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.full_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// A limit of its own among these.
    pub(super) fn limiter(&self, rate: Rate) -> Limiter {
        // Never `None`: an interval is not zero.
        let quota = Quota::with_period(rate.interval())
            .unwrap_or_else(|| Quota::per_second(rate.burst))
            .allow_burst(rate.burst);
        let governor = |asking| {
            let view = View {
                full_at: Arc::clone(&self.full_at),
                asking,
                interval: rate.interval().into(),
            };
            RateLimiter::new(quota, view, self.clock.clone())
        };
        Limiter {
            number: rand::random(),
            hasher: self.hasher.clone(),
            clock: self.clock.clone(),
            take: governor(Asking::Take),
            look: governor(Asking::Look),
            owe: governor(Asking::Owe),
        }
    }
}

impl Limiter {
    /// Takes one; how long to wait when there is none.
    pub(super) fn take(&self, caller: &impl Hash) -> Result<(), Duration> {
        self.ask(&self.take, caller)
    }

    /// The same without taking it.
    pub(super) fn look(&self, caller: &impl Hash) -> Result<(), Duration> {
        self.ask(&self.look, caller)
    }

    /// Takes one for what was done already, even when there is none: who was let in together with
    /// others waits for all of them later.
    pub(super) fn owe(&self, caller: &impl Hash) {
        // Nobody is refused now.
        let _ = self.ask(&self.owe, caller);
    }

    fn ask(&self, governor: &Governor, caller: &impl Hash) -> Result<(), Duration> {
        let key = self.hasher.hash_one((self.number, caller));
        let now = governor::clock::Clock::now(&self.clock);
        governor
            .check_key(&key)
            .map_err(|until| until.wait_time_from(now))
    }
}

impl StateStore for View {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let before = full_at.get(key).copied();
        let decided = decide(before);
        let after = match &decided {
            Ok((_, next)) => *next,
            Err(_) => before.unwrap_or_default() + self.interval,
        };
        if self.asking == Asking::Owe || self.asking == Asking::Take && decided.is_ok() {
            full_at.put(*key, after);
        }
        decided.map(|(decision, _)| decision)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limiter")
    }
}
