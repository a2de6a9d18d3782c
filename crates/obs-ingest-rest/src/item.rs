//! What a poller sends, and what it counts.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use obs_kis::MinuteRow;
use obs_model::{Gap, Symbol};
use obs_schema::SwingRecord;

use crate::Window;

/// Something that a poller learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollItem {
    /// A ten-minute bar.
    Bar(SwingRecord),
    /// The minutes of the window that just ended in which a stock was traded, oldest first. All of them are over, and none is
    /// told twice. Those of windows that are caught up later are not told.
    Candles {
        /// The stock.
        symbol: Symbol,
        /// Its minutes.
        rows: Vec<MinuteRow>,
    },
    /// Windows of which nothing could be had.
    Gap(Gap),
    /// An answer that gave nothing, and why.
    Rejected(RejectedAnswer),
}

/// An answer that gave no bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedAnswer {
    /// When, by our clock.
    pub at: DateTime<Utc>,
    /// The stock that was asked for.
    pub symbol: Symbol,
    /// The window that was asked for.
    pub window: Window,
    /// What is wrong with it.
    pub reason: String,
}

/// What a poller has done so far, for a status line.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) polled: AtomicU64,
    pub(crate) bars: AtomicU64,
    pub(crate) caught_up: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) cycle_millis: AtomicU64,
}

impl Counters {
    /// Times that a stock was asked for, retries included.
    #[must_use]
    pub fn polled(&self) -> u64 {
        self.polled.load(Ordering::Relaxed)
    }

    /// Bars sent, those that were caught up included.
    #[must_use]
    pub fn bars(&self) -> u64 {
        self.bars.load(Ordering::Relaxed)
    }

    /// Bars sent of windows that were missed at their time.
    #[must_use]
    pub fn caught_up(&self) -> u64 {
        self.caught_up.load(Ordering::Relaxed)
    }

    /// Times that a stock had to be asked for again.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Windows of a stock that became a gap.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// How long the last window took, from its first poll to its last bar or gap, in market time; zero before there was one.
    #[must_use]
    pub fn last_cycle(&self) -> Duration {
        Duration::from_millis(self.cycle_millis.load(Ordering::Relaxed))
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
