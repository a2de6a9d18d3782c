//! What a line of an archive says.

use chrono::{DateTime, Utc};
use obs_model::{Bar, FeedEvent, Gap, HealedBar, Quantity, SessionId, SlotEntry, SwingBar, Tick, VolumeBreak};

/// A line that carries data, ours or the Python system's.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A trade.
    Tick(TickRecord),
    /// A one-minute bar that came as a record; only the Python system's test data holds such lines.
    Bar(Bar),
    /// A ten-minute bar.
    Swing(SwingRecord),
    /// A hole in the record.
    Gap(Gap),
    /// A change of what a feed attests.
    Feed(FeedEvent),
    /// Shares that are missing.
    Loss(VolumeBreak),
    /// A minute as the broker told it afterwards.
    Healed(HealedBar),
    /// Something that was received and not recorded.
    Rejected(RejectedRecord),
    /// A decision about a subscription. It is for people: no table has it.
    Slot(SlotEntry),
}

/// A trade as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickRecord {
    /// When it reached us, by our clock. Not a column of the table; the archive keeps it.
    pub received_at: DateTime<Utc>,
    /// Shares traded since the open, this trade included. Each trade must raise it by exactly its own volume, which is how loss
    /// shows on a feed without sequence numbers. Where the tick has no volume of its own, loading takes the difference.
    pub cumulative_volume: Option<Quantity>,
    /// The trade.
    pub tick: Tick,
}

/// A ten-minute bar as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwingRecord {
    /// When it was written, by the recorder's clock.
    pub received_at: DateTime<Utc>,
    /// The bar.
    pub bar: SwingBar,
}

/// A frame, an answer or a record that was received and not recorded, because it could not be read or broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRecord {
    /// When it reached us, by our clock.
    pub at: DateTime<Utc>,
    /// What it was, by the broker's name, such as `H0STCNT0`.
    pub source: String,
    /// The rule that it broke, by its short name.
    pub reason: String,
    /// What is wrong with it, in words.
    pub detail: String,
    /// How it begins.
    pub sample: String,
    /// The run of the recorder.
    pub session_id: SessionId,
}

/// The archive's three streams, each a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Gaps, losses, healed minutes, rejects, feed changes and the slot ledger: `events/YYYYMMDD.jsonl`.
    Events,
    /// Ten-minute bars: `swing/YYYYMMDD.jsonl`.
    Swing,
    /// Ticks: `scalp/YYYYMMDD_HH.jsonl`.
    Scalp,
}

impl Stream {
    /// Every stream, in the order in which loading reads them: what attests comes before what it attests.
    pub const ALL: [Self; 3] = [Self::Events, Self::Swing, Self::Scalp];

    /// The folder's name.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Swing => "swing",
            Self::Scalp => "scalp",
        }
    }
}

impl Record {
    /// The stream it belongs to, unless it is a form that only others wrote.
    #[must_use]
    pub const fn stream(&self) -> Option<Stream> {
        match self {
            Self::Tick(_) => Some(Stream::Scalp),
            Self::Swing(_) => Some(Stream::Swing),
            Self::Gap(_) | Self::Feed(_) | Self::Loss(_) | Self::Healed(_) | Self::Rejected(_) | Self::Slot(_) => {
                Some(Stream::Events)
            }
            Self::Bar(_) => None,
        }
    }

    /// When it reached its recorder, or the nearest to it that the record tells: records of a live feed follow each other by it.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Tick(record) => record.received_at,
            Self::Bar(bar) => bar.bar_time,
            Self::Swing(record) => record.received_at,
            Self::Gap(gap) => gap.end(),
            Self::Feed(event) => event.at,
            Self::Loss(loss) => loss.before,
            Self::Healed(bar) => bar.healed_at,
            Self::Rejected(rejected) => rejected.at,
            Self::Slot(entry) => entry.at,
        }
    }
}
