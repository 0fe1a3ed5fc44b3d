//! Whether the database answers, for whoever asks and however often.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{PATIENCE, Store, StoreError, run};

#[derive(Debug, Clone, Default)]
pub(super) struct LastPing(Arc<Mutex<Option<Answer>>>);

/// When it was asked for, and what it was.
type Answer = (Instant, Result<(), StoreError>);

impl Store {
    /// Whether the database answers from its tables. Anybody may ask for readiness, and there is
    /// one connection for it: a statement answers everybody who asked before it began, so that a
    /// load balancer's probe does not wait behind the others.
    ///
    /// # Errors
    /// [`StoreError`] when it does not, or not in time.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // Counted from here: the statement before this one may use up a patience, too.
        let answer = timeout(PATIENCE, self.shared_ping()).await;
        answer.unwrap_or(Err(StoreError::TimedOut))
    }

    async fn shared_ping(&self) -> Result<(), StoreError> {
        let arrived = Instant::now();
        let mut last = self.last_ping.0.lock().await;
        if let Some((asked, answer)) = &*last
            && *asked >= arrived
        {
            return answer.clone();
        }
        let asked = Instant::now();
        let answer = run!(self, lend_for_ping, conn => conn.epoch().await.map(drop));
        *last = Some((asked, answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::store_in;
    use futures_util::future::join_all;

    #[tokio::test]
    async fn one_statement_answers_all_who_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 4);
        store.migrate().await.expect("migrated");
        let asked = async || store.last_ping.0.lock().await.as_ref().map(|last| last.0);
        let mut moments = Vec::new();
        let pings = (0..1_000).map(|_| async {
            let answer = store.ping().await;
            (answer, asked().await)
        });
        for (answer, moment) in join_all(pings).await {
            answer.expect("the database answers");
            moments.push(moment);
        }
        moments.dedup();
        assert!(moments.len() <= 2, "{} statements", moments.len());
        // What comes later is asked for later.
        store.ping().await.expect("the database answers");
        assert!(asked().await > moments.pop().flatten());
        store.close().await;
        store.ping().await.expect_err("closed");
    }

    /// A database that says nothing keeps the one who asks it, and nobody else for any longer.
    #[tokio::test]
    async fn who_waits_for_another_to_ask_is_told_in_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_in(&folder, 4);
        let _asking = store.last_ping.0.lock().await;
        tokio::time::pause();
        let answer = timeout(2 * PATIENCE, store.ping()).await;
        assert!(
            matches!(answer, Ok(Err(StoreError::TimedOut))),
            "{answer:?}"
        );
    }
}
