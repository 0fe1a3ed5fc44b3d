//! How a piece of database work is run: within the caller's patience, and again when others
//! get in its way.
//!
//! These are macros because the work borrows from its surroundings and its future has to be
//! `Send`, which closures that return futures cannot express yet.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{PATIENCE, StoreError};

/// How often work is tried when other transactions get in its way.
const ATTEMPTS: u32 = 32;

/// The longest pause between two attempts grows up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// The attempts at one piece of work.
#[derive(Debug)]
pub(crate) struct Turns {
    deadline: Instant,
    taken: u32,
}

impl Turns {
    /// The first turn begins now.
    pub(crate) fn new() -> Self {
        Self::within(PATIENCE)
    }

    /// The same for who does not keep a client waiting.
    pub(crate) fn within(patience: Duration) -> Self {
        Self {
            deadline: Instant::now() + patience,
            taken: 0,
        }
    }

    /// Runs one attempt; `Continue` asks for another.
    pub(crate) async fn run<T>(
        &mut self,
        attempt: impl Future<Output = Result<T, StoreError>>,
    ) -> ControlFlow<Result<T, StoreError>> {
        let done = timeout_at(self.deadline, attempt)
            .await
            .unwrap_or(Err(StoreError::TimedOut));
        self.taken += 1;
        if matches!(done, Err(StoreError::Contended(_))) && self.taken < ATTEMPTS {
            // Up to 8 ms, 16 ms, … in random parts, so that rivals do not meet again.
            let longest = Duration::from_millis(4 << self.taken.min(16)).min(LONGEST_PAUSE);
            sleep(longest.mul_f64(rand::random::<f64>())).await;
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(done)
    }
}

/// Lends a connection of the store for statements that change nothing:
/// `read!(store, conn => conn.account(id).await)` is a `Result<_, StoreError>`.
macro_rules! read {
    ($store:expr, $conn:ident => $work:expr) => {
        $crate::store::turns::run!($store, lend, $conn => $work)
    };
}

/// Runs a transaction: all of the work or nothing. It may be run again, so it must do nothing
/// but statements. An error or an early `return Err(…)` rolls it back.
macro_rules! transaction {
    ($store:expr, $conn:ident => $work:expr) => {
        $crate::store::turns::run!($store, begin, $conn => $work)
    };
}

/// Runs one statement that writes: `write_once!(store, conn => conn.record_event(…).await)`.
macro_rules! write_once {
    ($store:expr, $conn:ident => $work:expr) => {
        $crate::store::turns::run!($store, lend_for_writing, $conn => $work)
    };
}

/// The same for work that nobody waits for with a request in hand.
macro_rules! long_transaction {
    ($patience:expr, $store:expr, $conn:ident => $work:expr) => {
        $crate::store::turns::run!(
            $crate::store::turns::Turns::within($patience), $store, begin, $conn => $work)
    };
}

macro_rules! run {
    ($store:expr, $begin:ident, $conn:ident => $work:expr) => {
        $crate::store::turns::run!(
            $crate::store::turns::Turns::new(), $store, $begin, $conn => $work)
    };
    ($turns:expr, $store:expr, $begin:ident, $conn:ident => $work:expr) => {{
        let mut turns = $turns;
        loop {
            let turn = async {
                let mut lent = $store.$begin().await?;
                let work = async {
                    let mut conn = lent.conn();
                    let $conn = &mut conn;
                    let done: Result<_, $crate::store::StoreError> = $work;
                    done
                };
                let done = work.await?;
                lent.finish().await?;
                Ok::<_, $crate::store::StoreError>(done)
            };
            let turn = ::tracing::Instrument::instrument(turn, $store.span());
            if let ::std::ops::ControlFlow::Break(done) = turns.run(turn).await {
                break done;
            }
        }
    }};
}
pub(crate) use {long_transaction, read, run, transaction, write_once};

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn work_that_others_get_in_the_way_of_is_tried_so_often_and_with_pauses() {
        let (mut turns, begun, mut attempts) = (Turns::new(), Instant::now(), 0);
        loop {
            attempts += 1;
            let contended = StoreError::Contended(Arc::new(sqlx::Error::RowNotFound));
            let turn = turns.run(async { Err::<(), _>(contended) }).await;
            if let ControlFlow::Break(done) = turn {
                assert!(matches!(done, Err(StoreError::Contended(_))));
                break;
            }
        }
        assert_eq!(attempts, ATTEMPTS);
        // About a second, for the pauses are random.
        assert!(begun.elapsed() > 4 * LONGEST_PAUSE);
    }
}
