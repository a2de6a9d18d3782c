//! How far a verification is.

use std::sync::atomic::{AtomicU64, Ordering};

/// How far a verification is, in bytes of archive, for a progress bar.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Bytes read.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes to read, as far as is known.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn plan(&self, bytes: u64) {
        self.total.fetch_add(bytes, Ordering::Relaxed);
    }
}
