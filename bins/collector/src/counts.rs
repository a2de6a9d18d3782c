//! Everything that counts.

use std::sync::Arc;

use obs_ingest_rest::Counters as PollCounters;
use obs_pipeline::{FollowStats, RecorderStats, Recording};

use crate::track_b::TrackCounters;

/// What a collector has done so far. Cloning gives the same counters.
#[derive(Clone)]
pub struct Counts {
    /// Track B's.
    pub track_b: Arc<TrackCounters>,
    /// Track A's.
    pub poll: Arc<PollCounters>,
    /// What reached the archive.
    pub recorder: Arc<RecorderStats>,
    /// What reached the database.
    pub loader: Arc<FollowStats>,
}

impl Counts {
    pub(crate) fn new(recording: &Recording, loader: Arc<FollowStats>) -> Self {
        Self { track_b: Arc::default(), poll: Arc::default(), recorder: Arc::clone(&recording.stats), loader }
    }
}
