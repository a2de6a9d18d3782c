//! What a client has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a client and its clones have done what, since the first of them was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Requests sent, of any kind, further tries included.
    pub calls: u64,
    /// Further tries of queries.
    pub retries: u64,
    /// Answers that said that a rate limit is exceeded.
    pub rate_limited: u64,
    /// Tokens asked for.
    pub logins: u64,
}

/// The counts as they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) rate_limited: AtomicU64,
    pub(crate) logins: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> CallCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CallCounts {
            calls: read(&self.calls),
            retries: read(&self.retries),
            rate_limited: read(&self.rate_limited),
            logins: read(&self.logins),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
