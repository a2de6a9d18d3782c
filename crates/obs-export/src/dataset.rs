//! What can be exported.

use std::{fmt, str::FromStr};

use arrow_schema::SchemaRef;

use crate::{column::schema, tables};

/// A table or view whose rows can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dataset {
    /// `scalp_ticks`, by event time and then in order of arrival.
    ScalpTicks,
    /// `scalp_1m_bars`, by time and symbol.
    ScalpBars,
    /// The view `scalp_1m_bars_healed`, by time and symbol.
    ScalpBarsHealed,
    /// `healed_1m_bars`, by symbol and time.
    HealedBars,
    /// `swing_bars_10m`, by time and symbol.
    SwingBars,
    /// `scalp_gaps`, by start.
    Gaps,
    /// `scalp_gap_symbols`, by the gap's start.
    GapSymbols,
    /// `feed_sessions`, by feed, symbol and start.
    FeedSessions,
    /// `volume_breaks`, by the trade behind them and symbol.
    VolumeBreaks,
}

/// A text that names no dataset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of {names}", names = Dataset::ALL.map(Dataset::name).join(", "))]
pub struct UnknownDataset(String);

impl Dataset {
    /// Every dataset, in the order in which summaries list them.
    pub const ALL: [Self; 9] = [
        Self::ScalpTicks,
        Self::ScalpBars,
        Self::ScalpBarsHealed,
        Self::HealedBars,
        Self::SwingBars,
        Self::Gaps,
        Self::GapSymbols,
        Self::FeedSessions,
        Self::VolumeBreaks,
    ];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScalpTicks => "scalp_ticks",
            Self::ScalpBars => "scalp_1m_bars",
            Self::ScalpBarsHealed => "scalp_1m_bars_healed",
            Self::HealedBars => "healed_1m_bars",
            Self::SwingBars => "swing_bars_10m",
            Self::Gaps => "scalp_gaps",
            Self::GapSymbols => "scalp_gap_symbols",
            Self::FeedSessions => "feed_sessions",
            Self::VolumeBreaks => "volume_breaks",
        }
    }

    /// The column that says to which time, and so to which day, a row belongs: where it starts, and of missing shares the trade
    /// that showed them.
    #[must_use]
    pub const fn time_column(self) -> &'static str {
        match self {
            Self::ScalpTicks => "event_time",
            Self::ScalpBars | Self::ScalpBarsHealed | Self::HealedBars | Self::SwingBars => "bar_time",
            Self::Gaps | Self::GapSymbols => "gap_start_ts",
            Self::FeedSessions => "attested_from",
            Self::VolumeBreaks => "before_time",
        }
    }

    /// Names, types and meanings of its columns. Each field has its meaning under the key `description` of its metadata.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::ScalpTicks => schema(&tables::TICKS),
            Self::ScalpBars => schema(&tables::BARS),
            Self::ScalpBarsHealed => schema(&tables::BARS_WITH_HEALING),
            Self::HealedBars => schema(&tables::HEALED_BARS),
            Self::SwingBars => schema(&tables::SWING_BARS),
            Self::Gaps => schema(&tables::GAPS),
            Self::GapSymbols => schema(&tables::GAP_SYMBOLS),
            Self::FeedSessions => schema(&tables::FEED_SESSIONS),
            Self::VolumeBreaks => schema(&tables::VOLUME_BREAKS),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dataset {
    type Err = UnknownDataset;

    fn from_str(name: &str) -> Result<Self, UnknownDataset> {
        let known = Self::ALL.into_iter().find(|dataset| dataset.name() == name);
        known.ok_or_else(|| UnknownDataset(name.chars().take(80).collect()))
    }
}
