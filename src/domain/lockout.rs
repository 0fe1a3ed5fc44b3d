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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_looks_back_and_a_lock_forward() {
        let policy = LockoutPolicy {
            failures: 5,
            window: Duration::from_mins(10),
            freeze: Duration::from_mins(30),
        };
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(now - policy.count_since(now), TimeDelta::minutes(10));
        assert_eq!(policy.locked_until(now) - now, TimeDelta::minutes(30));
    }

    #[test]
    fn a_lock_is_over_at_its_end_and_has_a_rest_before() {
        let (until, second) = (DateTime::UNIX_EPOCH, TimeDelta::seconds(1));
        let at = |now| remaining(Some(until), now);
        assert_eq!(at(until - second), Some(Duration::from_secs(1)));
        assert_eq!(at(until), None);
        assert_eq!(at(until + second), None);
        assert_eq!(remaining(None, until), None);
    }
}
