//! What a feed sends, and what it counts.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use obs_model::{FeedEvent, Symbol};
use obs_schema::TickRecord;

use crate::FrameError;

/// Something that a feed learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedItem {
    /// A trade.
    Tick(TickRecord),
    /// A change of what the feed attests.
    Feed(FeedEvent),
    /// The broker refused a request.
    Refused(Refusal),
    /// Something that came and gave nothing.
    Rejected(RejectedFrame),
}

/// The broker's refusal of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the broker refused {}: {message} ({code})", symbol.map_or("a request".to_owned(), |symbol| symbol.to_string()))]
pub struct Refusal {
    /// When it reached us, by our clock.
    pub at: DateTime<Utc>,
    /// What it is about, as far as that can be known.
    pub symbol: Option<Symbol>,
    /// What follows from it.
    pub kind: RefusalKind,
    /// The broker's code.
    pub code: String,
    /// The broker's words.
    pub message: String,
}

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The app key has as many registrations as it may have (`OPSP0008`). The symbol is asked for again when one ends; another
    /// app key may have room.
    NoRoom,
    /// The symbol will not be served, and is not asked for again on this connection.
    Symbol,
    /// Something failed inside the broker (`OPSP0007`, `OPSP0009`). The symbol is asked for again.
    Passing,
    /// The connection is of no use: the app key is in use elsewhere (`OPSP8996`), or the login does not hold (`OPSP0010`,
    /// `OPSP0011`). It ends.
    Connection,
}

impl RefusalKind {
    pub(crate) fn of(code: &str) -> Self {
        match code {
            "OPSP0008" => Self::NoRoom,
            "OPSP0007" | "OPSP0009" => Self::Passing,
            "OPSP0010" | "OPSP0011" | "OPSP8996" => Self::Connection,
            _ => Self::Symbol,
        }
    }
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

/// What the feeds of a session have done so far, all together.
///
/// They number the connections too, whose names must differ: the feeds of a session share one of these.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) frames: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) refused: AtomicU64,
    connections: AtomicU32,
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

    /// Frames and records that gave nothing.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Requests that the broker refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Connections opened; all but the first of each feed are reconnects.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Counts a connection and gives its number, from 1.
    pub(crate) fn next_connection(&self) -> u32 {
        self.connections.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
