//! What a feed sends, and what it counts.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use obs_model::FeedEvent;
use obs_schema::TickRecord;

use crate::FrameError;

/// Something that a feed learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedItem {
    /// A trade.
    Tick(TickRecord),
    /// A change of what the feed attests.
    Feed(FeedEvent),
    /// Something that came and gave nothing.
    Rejected(RejectedFrame),
}

/// A frame, or a record of one, that gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedFrame {
    /// When it reached us, by our clock.
    pub received_at: DateTime<Utc>,
    /// Why it gave nothing.
    pub reason: FrameError,
    /// Its first 512 characters.
    pub sample: String,
}

impl RejectedFrame {
    /// The most characters of a sample.
    pub const SAMPLE: usize = 512;
}

/// What a feed has done so far, for a status line.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) frames: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) connections: AtomicU64,
}

impl Counters {
    /// Frames received, of any kind.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Trades received.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Frames and records that gave nothing, refused subscriptions included.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Subscriptions that the broker refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Connections opened; all but the first are reconnects.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
