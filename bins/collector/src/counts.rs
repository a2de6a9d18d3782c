//! Everything that counts.

use std::sync::Arc;

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
    clients: Vec<KisClient>,
}

impl Counts {
    pub(crate) fn new(clients: &[KisClient], recording: &Recording, loader: Arc<FollowStats>) -> Self {
        let recorder = Arc::clone(&recording.stats);
        let clients = clients.to_vec();
        Self { feeds: Arc::default(), track_b: Arc::default(), poll: Arc::default(), recorder, loader, clients }
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
