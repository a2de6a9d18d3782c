//! What Track B counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// What Track B has done so far, over all app keys, besides what its feeds count.
#[derive(Debug, Default)]
pub struct TrackCounters {
    pub(super) duplicates: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) overflows: AtomicU64,
    pub(super) connected: AtomicU64,
    pub(super) subscribed: AtomicU64,
}

impl TrackCounters {
    /// Trades that came a second time, and were recorded once.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates.load(Ordering::Relaxed)
    }

    /// Connections that ended before they were told to.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Times that a symbol was worth a subscription and found none.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    #[must_use]
    pub fn connected(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    /// Subscriptions that the broker has acknowledged and that hold now.
    #[must_use]
    pub fn subscribed(&self) -> u64 {
        self.subscribed.load(Ordering::Relaxed)
    }

    /// Notes what holds now.
    pub(super) fn set(&self, connected: usize, subscribed: usize) {
        self.connected.store(connected as u64, Ordering::Relaxed);
        self.subscribed.store(subscribed as u64, Ordering::Relaxed);
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
