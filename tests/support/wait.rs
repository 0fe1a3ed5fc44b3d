//! Waits for a condition, with a deadline, where real time is involved.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything that is waited for takes on a busy machine, a browser included.
const DEADLINE: Duration = Duration::from_mins(2);

/// Waits until `holds` says yes; panics with `what` when that takes too long.
pub async fn eventually<F>(what: &str, mut holds: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited too long: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
