//! A client that sends requests without waiting for their answers takes turns with the others:
//! hyper would answer many of them before it looks at another connection. For 300 clients who read
//! nothing that is ten times the work, too.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether a connection has had a request since it was its turn; its requests and itself are
/// always looked at by the same task.
#[derive(Clone, Default)]
pub struct Turn(Arc<AtomicBool>);

impl Turn {
    /// Waits for the connection's next turn if it has had a request in this one.
    pub async fn taken(&self) {
        if self.0.swap(true, Relaxed) {
            tokio::task::yield_now().await;
            self.0.store(true, Relaxed);
        }
    }

    /// The connection; each time that it is looked at is a turn.
    pub async fn each<C: Future>(self, connection: C) -> C::Output {
        let mut connection = pin!(connection);
        poll_fn(|context| {
            self.0.store(false, Relaxed);
            connection.as_mut().poll(context)
        })
        .await
    }
}
