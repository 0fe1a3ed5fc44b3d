//! The lockout: how many wrong passwords in which time lock an address, and for how long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// OWASP ASVS 5.0 6.3.1: brute force is slowed down, and the owner is not locked out for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// The failure with this number in one count locks.
    pub failures: i32,
    /// A failure later than this after the one before it starts a new count.
    pub window: Duration,
    /// How long the lock stays.
    pub freeze: Duration,
}

impl LockoutPolicy {
    /// A failure at `now` goes on with a count whose last failure was at or after this moment.
    #[must_use]
    pub fn count_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - delta(self.window)
    }

    /// When a lock set at `now` ends.
    #[must_use]
    pub fn locked_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + delta(self.freeze)
    }
}

/// How much longer a lock that ends at `until` stays; `None` when it has ended.
#[must_use]
pub fn remaining(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    let left = (until? - now).to_std().ok()?;
    (!left.is_zero()).then_some(left)
}

/// A configured duration as a difference of times; configured durations fit by far.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
