//! What happens without a request: mails leave, and what is over is removed.

pub mod janitor;
pub mod outbox;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// The pause before a worker that panicked is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a worker until `stop`; a panic costs what it had in hand, not the worker.
pub async fn keep_running<F>(
    name: &str,
    stop: CancellationToken,
    start: impl Fn(CancellationToken) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(start(stop.clone())).await {
        tracing::error!(worker = name, %error, "a worker panicked and is started again");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_panics_is_started_again() {
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        keep_running("test", CancellationToken::new(), move |_| {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(start >= 2, "this worker panics twice") }
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
    }
}
