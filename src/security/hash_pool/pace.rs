//! Refusals. Slows those down who ask again at once after each: it costs little, but thousands of
//! clients that do nothing else would take the processor from the hashes. For the same reason the
//! log has their number once a second, and no line for each.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Refusals that leave at once in a second; when there are more, each waits for a turn at this
/// rate...
const PER_SECOND: u32 = 500;
/// ...but no longer than this, so that the rate is not kept when there are very many.
const LONGEST: Duration = Duration::from_millis(200);
/// They leave together, so that the threads that hash are interrupted as seldom as can be.
const BATCH: Duration = Duration::from_millis(25);
/// Between two lines in the log.
const REPORT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the next refusal may leave.
    next: Option<Instant>,
    /// The batches are counted from here.
    since: Option<Instant>,
    reported: Option<Instant>,
    /// Refusals since then.
    unreported: u64,
}

impl Pace {
    /// Returns at once unless refusals come fast.
    pub(super) async fn turn(&self) {
        let now = Instant::now();
        let turn = self.next(now);
        if turn > now {
            sleep_until(turn).await;
        }
    }

    /// Counts one that leaves late enough as it is.
    pub(super) fn count(&self) {
        self.lock().count(Instant::now());
    }

    fn next(&self, now: Instant) -> Instant {
        let mut state = self.lock();
        state.count(now);
        let turn = state.next.unwrap_or(now).clamp(now, now + LONGEST);
        state.next = Some(turn + Duration::from_secs(1) / PER_SECOND);
        if turn == now {
            return now;
        }
        let since = *state.since.get_or_insert(now);
        let over = (turn - since).as_nanos() % BATCH.as_nanos();
        turn - Duration::from_nanos(u64::try_from(over).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, now: Instant) {
        self.unreported += 1;
        if self.reported.is_none_or(|last| now - last >= REPORT) {
            let refused = self.unreported;
            tracing::warn!(refused, "overloaded: too many passwords wait to be hashed");
            (self.reported, self.unreported) = (Some(now), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_refusals_leave_at_once() {
        let (pace, mut now) = (Pace::default(), Instant::now());
        for _ in 0..1_000 {
            assert_eq!(pace.next(now), now);
            now += Duration::from_secs(1) / PER_SECOND;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fast_refusals_leave_at_the_rate() {
        let (pace, before) = (Pace::default(), Instant::now());
        for _ in 0..2 * PER_SECOND {
            pace.turn().await;
        }
        let took = before.elapsed();
        assert!((1.9..2.1).contains(&took.as_secs_f64()), "{took:?}");
    }

    /// How many wait for the next line in the log.
    #[tokio::test(start_paused = true)]
    async fn the_log_has_their_number_once_a_second() {
        let pace = Pace::default();
        let unreported = || pace.lock().unreported;
        pace.count();
        assert_eq!(unreported(), 0, "the first one is reported at once");
        pace.count();
        pace.count();
        assert_eq!(unreported(), 2);
        tokio::time::advance(REPORT).await;
        pace.count();
        assert_eq!(unreported(), 0);
    }

    #[test]
    fn many_take_turns_and_none_waits_long() {
        let (pace, now) = (Pace::default(), Instant::now());
        let mut before = now;
        for number in 0..10_000 {
            let turn = pace.next(now);
            assert!(turn >= before || turn < now, "{number}");
            assert!(turn <= now + LONGEST, "{number}");
            before = turn;
        }
        assert_eq!(before, now + LONGEST);
        let later = now + Duration::from_secs(1);
        assert_eq!(pace.next(later), later, "a pause, and all is forgotten");
    }
}
