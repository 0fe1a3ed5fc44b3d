//! Notices when connections are given back in the middle of something: the server may be gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long connections are looked at closely afterwards.
const SUSPICION: Duration = Duration::from_secs(10);

/// When a statement was last given up, timed out or failed.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Option<Instant>>);

impl Trouble {
    /// Whether that was a short while ago.
    pub(super) fn is_recent(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < SUSPICION)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Notes trouble when it is dropped before it is finished.
#[derive(Debug)]
pub(super) struct Unfinished(Option<Arc<Trouble>>);

impl Unfinished {
    pub(super) fn new(trouble: &Arc<Trouble>) -> Self {
        Self(Some(Arc::clone(trouble)))
    }

    pub(super) fn finish(&mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(trouble) = &self.0 {
            trouble.note();
        }
    }
}
