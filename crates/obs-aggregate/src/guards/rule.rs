//! The rules' names.

use std::fmt;

/// A rule that a trade can break. What breaks it, [`GuardSettings`](crate::GuardSettings) says.
///
/// They go back to the Python project's table of rules. Two of it are not here: that no time may be older than a day, which
/// every backfill breaks, and a limit on volume against a five-minute average, which every large trade breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The price is further from the last one of the trading day before than the daily limit allows. G-001 there.
    PriceLimit,
    /// The price is far from the one before it. G-002.
    PriceJump,
    /// The exchange's time is before that of an earlier record. G-004; there equal times were doubtful, too, but the broker tells
    /// whole seconds.
    TimeBackwards,
    /// The exchange's time is ahead of ours. V-005.
    TimeAhead,
    /// The best ask is below the best bid. V-008.
    CrossedQuotes,
    /// More shares than one trade has. V-010.
    Volume,
    /// The day's total is below the trade's own shares.
    Total,
    /// The market is closed. G-005.
    OffSession,
}

/// What a trade is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sound.
    Pass,
    /// Doubtful: to be recorded with a mark.
    Degraded(Rule),
    /// Impossible: to be kept apart.
    Rejected(Rule),
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::PriceLimit,
        Self::PriceJump,
        Self::TimeBackwards,
        Self::TimeAhead,
        Self::CrossedQuotes,
        Self::Volume,
        Self::Total,
        Self::OffSession,
    ];

    /// The name in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PriceLimit => "price_limit",
            Self::PriceJump => "price_jump",
            Self::TimeBackwards => "time_backwards",
            Self::TimeAhead => "time_ahead",
            Self::CrossedQuotes => "crossed_quotes",
            Self::Volume => "volume_absurd",
            Self::Total => "total_below_volume",
            Self::OffSession => "off_session",
        }
    }

    /// What is wrong with a trade that breaks it, in words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::PriceLimit => "the price is beyond the daily limit",
            Self::PriceJump => "the price is far from the one before it",
            Self::TimeBackwards => "the exchange's time runs backwards",
            Self::TimeAhead => "the exchange's time is ahead of ours",
            Self::CrossedQuotes => "the best ask is below the best bid",
            Self::Volume => "no trade has that many shares",
            Self::Total => "the day's total is below the trade's own shares",
            Self::OffSession => "the market is closed",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
