//! Everything that counts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use obs_ingest_rest::Counters as PollCounters;
use obs_ingest_ws::Counters as FeedCounters;
use obs_kis::{CallCounts, KisClient};
use obs_pipeline::{FollowStats, RecorderStats, Recording};

use crate::track_b::TrackCounters;

/// What a collector has done so far. Cloning gives the same counters.
#[derive(Clone)]
pub struct Counts {
    /// Track B's feeds.
    pub feeds: Arc<FeedCounters>,
    /// What Track B made of what they brought.
    pub track_b: Arc<TrackCounters>,
    /// Track A's.
    pub poll: Arc<PollCounters>,
    /// What reached the archive.
    pub recorder: Arc<RecorderStats>,
    /// What reached the database.
    pub loader: Arc<FollowStats>,
    /// Members of Track A's universe.
    pub(crate) members: Arc<AtomicUsize>,
    clients: Vec<KisClient>,
}

impl Counts {
    pub(crate) fn new(clients: &[KisClient], recording: &Recording, loader: Arc<FollowStats>) -> Self {
        let recorder = Arc::clone(&recording.stats);
        let clients = clients.to_vec();
        Self {
            feeds: Arc::default(),
            track_b: Arc::default(),
            poll: Arc::default(),
            recorder,
            loader,
            members: Arc::default(),
            clients,
        }
    }

    /// Symbols whose ten-minute bars are collected; none until the universe is loaded.
    #[must_use]
    pub fn universe(&self) -> usize {
        self.members.load(Ordering::Relaxed)
    }

    /// Pairs of keys, each with a connection and its subscriptions.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.clients.len()
    }

    /// Our clock minus the broker's, as far as the first pair of keys has heard of it.
    #[must_use]
    pub fn clock_skew(&self) -> Option<TimeDelta> {
        self.clients.first().and_then(KisClient::clock_skew)
    }

    /// Calls to the broker, of all app keys.
    #[must_use]
    pub fn calls(&self) -> CallCounts {
        self.clients.iter().map(KisClient::counts).fold(CallCounts::default(), |sum, of| CallCounts {
            calls: sum.calls + of.calls,
            retries: sum.retries + of.retries,
            rate_limited: sum.rate_limited + of.rate_limited,
            logins: sum.logins + of.logins,
        })
    }
}
