//! What is written together, in one transaction.

use chrono::NaiveDate;
use obs_model::{Bar, FeedEvent, Gap, HealedBar, Quantity, SwingBar, Symbol, Tick, VolumeBreak};

use crate::{Position, Reject};

/// Rows and the position behind them. A store commits all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Rows of `scalp_ticks`, in order of arrival; the row numbers keep that order.
    pub ticks: Vec<Tick>,
    /// Bars that aggregation made from ticks. They replace an earlier version of themselves, but never a bar that was loaded
    /// as a record ([`Batch::recorded_bars`]).
    pub bars: Vec<Bar>,
    /// Bars that came as records of an archive. They replace whatever stands at their key, and from then on belong to the
    /// record: aggregation leaves them alone.
    pub recorded_bars: Vec<Bar>,
    /// Rows of `swing_bars_10m`; the last of equal keys wins.
    pub swing_bars: Vec<SwingBar>,
    /// Rows of `scalp_gaps`, and with them their symbols' rows of `scalp_gap_symbols`.
    pub gaps: Vec<Gap>,
    /// Changes to `feed_sessions`, applied in order.
    pub feed_events: Vec<FeedEvent>,
    /// Rows of `volume_breaks`. The shares of those with the same symbol and times add up: within one second, which is as fine
    /// as the broker tells time, there may be several holes.
    pub volume_breaks: Vec<VolumeBreak>,
    /// Rows of `healed_1m_bars`; the last of equal keys wins.
    pub healed_bars: Vec<HealedBar>,
    /// The cumulative day volumes behind this batch; they replace earlier ones.
    pub day_volumes: Vec<DayVolume>,
    /// Rows of the reject ledger.
    pub rejects: Vec<Reject>,
    /// Where loading stands after this batch. `None` for rows that come from no archive file.
    pub advance: Option<Advance>,
}

/// A step of a file's position, which succeeds only from where it says it starts.
///
/// It is what makes loading exactly-once: a second loader of the same file, or the same batch sent twice, finds another
/// position than it expects and fails with [`StoreError::Conflict`](crate::StoreError::Conflict).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The byte offset that the store must hold for the file; `None` if it must not know the file.
    pub from: Option<u64>,
    /// The position afterwards.
    pub to: Position,
}

/// A symbol's cumulative volume on a trading day, as far as it was loaded: a row of `day_volumes`.
///
/// Records of the Python system carry only this running total; the volume of a trade is the difference to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayVolume {
    /// The symbol.
    pub symbol: Symbol,
    /// The Korean trading day.
    pub trading_day: NaiveDate,
    /// Shares traded since the open.
    pub cumulative: Quantity,
}

/// A table that loading writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `scalp_ticks`
    ScalpTicks,
    /// `scalp_1m_bars`
    ScalpBars,
    /// `scalp_gaps`
    ScalpGaps,
    /// `swing_bars_10m`
    SwingBars,
    /// `feed_sessions`
    FeedSessions,
    /// `volume_breaks`
    VolumeBreaks,
    /// `healed_1m_bars`
    HealedBars,
    /// `load_rejects`
    LoadRejects,
}

impl Table {
    /// Every table, in the order in which summaries list them.
    pub const ALL: [Self; 8] = [
        Self::ScalpTicks,
        Self::ScalpBars,
        Self::ScalpGaps,
        Self::SwingBars,
        Self::FeedSessions,
        Self::VolumeBreaks,
        Self::HealedBars,
        Self::LoadRejects,
    ];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScalpTicks => "scalp_ticks",
            Self::ScalpBars => "scalp_1m_bars",
            Self::ScalpGaps => "scalp_gaps",
            Self::SwingBars => "swing_bars_10m",
            Self::FeedSessions => "feed_sessions",
            Self::VolumeBreaks => "volume_breaks",
            Self::HealedBars => "healed_1m_bars",
            Self::LoadRejects => "load_rejects",
        }
    }
}

/// What a commit did to one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableCount {
    /// Rows that were not there before.
    pub inserted: u64,
    /// Rows that were there under the same key and were written again.
    pub updated: u64,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    counts: [TableCount; Table::ALL.len()],
}

impl Committed {
    /// What it did to one table.
    #[must_use]
    pub const fn of(&self, table: Table) -> TableCount {
        self.counts[table as usize]
    }

    /// Counts rows of one table.
    pub const fn add(&mut self, table: Table, inserted: u64, updated: u64) {
        let count = &mut self.counts[table as usize];
        count.inserted += inserted;
        count.updated += updated;
    }

    /// Adds another commit's counts.
    pub fn merge(&mut self, other: &Self) {
        for table in Table::ALL {
            let count = other.of(table);
            self.add(table, count.inserted, count.updated);
        }
    }
}
