//! Many requests at one moment.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Starts `count` futures at once; what they gave, in their order.
pub async fn race<F>(count: usize, start: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let mut racers = JoinSet::new();
    for number in 0..count {
        let (barrier, racer) = (Arc::clone(&barrier), start(number));
        racers.spawn(async move {
            barrier.wait().await;
            (number, racer.await)
        });
    }
    let mut finished = racers.join_all().await;
    finished.sort_by_key(|(number, _)| *number);
    finished.into_iter().map(|(_, output)| output).collect()
}
