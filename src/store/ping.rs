//! Whether the database answers, for whoever asks and however often.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Store, StoreError, run};

/// An answer is good for so long.
const FRESH: Duration = Duration::from_millis(250);

/// The last answer, and when it came.
#[derive(Debug, Clone, Default)]
pub(super) struct LastPing(Arc<Mutex<Option<(Instant, Result<(), StoreError>)>>>);

impl Store {
    /// Whether the database answers from its tables. Anybody may ask for readiness, and there is one connection
    /// for it: one statement at a time answers all who wait, so that a load balancer's probe does
    /// not wait behind the others.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut last = self.last_ping.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return answer.clone();
        }
        let answer = run!(self, lend_for_ping, conn => conn.epoch().await.map(drop));
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
