//! How often something may be done: `60/1m` is 60 times at once, and 60 times in each minute from
//! then on.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// A burst, and the time in which it grows back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: NonZeroU32,
    pub per: Duration,
}

/// The text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate")]
pub struct InvalidRate;

impl Rate {
    /// So many times as often.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        let factor = NonZeroU32::new(factor).unwrap_or(NonZeroU32::MIN);
        Self {
            burst: self.burst.saturating_mul(factor),
            per: self.per,
        }
    }

    /// The time in which one more is allowed; never zero.
    #[must_use]
    pub fn interval(&self) -> Duration {
        (self.per / self.burst.get()).max(Duration::from_nanos(1))
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Parses `number/duration`: 1 to 1,000,000 times in a second to a day.
    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (burst, per) = text.split_once('/').ok_or(InvalidRate)?;
        let burst: NonZeroU32 = burst.parse().map_err(|_| InvalidRate)?;
        let per = humantime::parse_duration(per).map_err(|_| InvalidRate)?;
        let usable = burst.get() <= 1_000_000
            && (Duration::from_secs(1)..=Duration::from_hours(24)).contains(&per);
        usable.then_some(Self { burst, per }).ok_or(InvalidRate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_duration() {
        let rate: Rate = "60/1m".parse().expect("a rate");
        assert_eq!((rate.burst.get(), rate.per), (60, Duration::from_mins(1)));
        assert_eq!(rate.interval(), Duration::from_secs(1));
        let fast: Rate = "1000000/1s".parse().expect("a rate");
        assert_eq!(fast.interval(), Duration::from_micros(1));
        assert!("1/24h".parse::<Rate>().is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "60",
            "/1m",
            "60/",
            "0/1m",
            "-1/1m",
            "1.5/1m",
            "60/0s",
            "60/500ms",
            "60/2d",
            "1000001/1m",
            "60/1m/1m",
            "60 per minute",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
        }
    }
}
