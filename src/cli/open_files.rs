//! Thousands of connections are normal, and each is an open file; the usual limit is 1,024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most that we ask for. The hard limit can be a billion, and each connection costs memory.
const ENOUGH: u64 = 16_384;

/// What the soft limit can become: `None` for no limit.
pub(super) fn attainable(current: Option<u64>, maximum: Option<u64>) -> Option<u64> {
    let target = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    current.map(|current| current.max(target))
}

/// Raises the soft limit as far as the hard one allows, which only an administrator can raise.
pub(super) fn allow_many() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let target = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if current.is_none_or(|current| current >= target) {
        return;
    }
    let raised = Rlimit {
        current: Some(target),
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(from = current, to = target, "more files may be open"),
        Err(error) => tracing::warn!(%error, "no more files than usual may be open"),
    }
}
