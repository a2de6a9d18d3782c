//! What verification can find, by name.

use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a finding is; the greater, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Odd, and explained or harmless. The record is sound.
    Warning,
    /// The record is not sound.
    Error,
}

/// What was found. Names are stable: scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A stored value that its table does not promise; the rows around it could not be read.
    CorruptRow,
    /// An archive file of which the store knows nothing.
    FileNotLoaded,
    /// Lines behind the loading position of a file.
    FileBehind,
    /// A recorder is writing a folder of the archive, and its last lines are on their way into the store.
    FileGrowing,
    /// A file differs from what was loaded of it.
    FileChanged,
    /// A file was loaded and is not there any more.
    FileAbsent,
    /// Two files begin alike and differ behind it.
    FileDiverged,
    /// The lines of a file are not what its position says they were.
    FileCounts,
    /// A line of a tick without its row.
    TickMissing,
    /// A row of a tick without its line.
    TickExtra,
    /// A line of a tick with more rows than one.
    TickDoubled,
    /// A row that differs from its line.
    TickChanged,
    /// Rows on days or of symbols of which the archive knows nothing.
    TickOutside,
    /// A minute with stored ticks and without its bar.
    BarMissing,
    /// A bar without ticks.
    BarExtra,
    /// A bar that is not what its ticks add up to.
    BarChanged,
    /// A ten-minute bar's line without its row.
    SwingMissing,
    /// A ten-minute bar without its line.
    SwingExtra,
    /// A ten-minute bar that differs from its line.
    SwingChanged,
    /// Session time in which the Python system asked for no symbol, and no gap tells why.
    SwingSilence,
    /// A gap's line without its row.
    GapMissing,
    /// A gap's row without its line.
    GapExtra,
    /// A gap's row that differs from its line.
    GapChanged,
    /// Attested time of the archive that the store does not have.
    FeedMissing,
    /// Attested time of the store that the archive does not have.
    FeedExtra,
    /// Session time of a subscribed symbol that is neither observed nor a gap.
    TimeUnexplained,
    /// Session time that is observed and a gap, or two gaps, at once.
    TimeTwice,
    /// The record ends while a session is on.
    TimeOpenEnd,
    /// The clock was set back, so that the same time was recorded twice.
    ClockSetBack,
    /// Shares that no record accounts for, and no loss or gap either.
    SharesUnexplained,
    /// Shares that no record accounts for inside a gap or between lines of the Python system, without a line of their own.
    SharesUnrecorded,
    /// The stored volumes of a day are not what the running totals of their lines add up to.
    SharesChanged,
    /// Stored volumes fall short of the running totals, because lines were not loaded in the order of time.
    SharesUnknown,
    /// A loss that the ticks do not show; a late record may have filled it.
    LossUnfounded,
    /// A loss's line without its row.
    LossMissing,
    /// A loss's row without its line.
    LossExtra,
    /// A loss's row that differs from its line.
    LossChanged,
    /// A healed minute's line without its row.
    HealedMissing,
    /// A healed minute's row without its line.
    HealedExtra,
    /// A healed minute's row that differs from its line.
    HealedChanged,
    /// Rejected lines that nobody has acknowledged.
    RejectWaiting,
    /// The reject ledger has another number of entries than the archive has rejected lines.
    RejectCount,
    /// Time ran backwards by a minute or more between two records of a symbol.
    TimeBackwards,
    /// The first record behind a gap does not say so.
    FlagMissing,
    /// The same trade was recorded twice.
    RecordRepeated,
    /// A bid above its ask in a row that is flagged normal.
    QuotesCrossed,
    /// A price that lies outside its quotes by more than a tenth, or jumped by more than a tenth, in a row flagged normal.
    PriceJump,
    /// A ten-minute bar whose open, high, low and close contradict each other.
    BarContradicts,
}

impl Code {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.entry().1
    }

    const fn entry(self) -> (&'static str, Severity) {
        use Severity::{Error, Note, Warning};
        match self {
            Self::CorruptRow => ("corrupt_row", Error),
            Self::FileNotLoaded => ("file_not_loaded", Error),
            Self::FileBehind => ("file_behind", Error),
            Self::FileGrowing => ("file_growing", Note),
            Self::FileChanged => ("file_changed", Error),
            Self::FileAbsent => ("file_absent", Error),
            Self::FileDiverged => ("file_diverged", Error),
            Self::FileCounts => ("file_counts", Error),
            Self::TickMissing => ("tick_missing", Error),
            Self::TickExtra => ("tick_extra", Error),
            Self::TickDoubled => ("tick_doubled", Error),
            Self::TickChanged => ("tick_changed", Error),
            Self::TickOutside => ("tick_outside", Error),
            Self::BarMissing => ("bar_missing", Error),
            Self::BarExtra => ("bar_extra", Error),
            Self::BarChanged => ("bar_changed", Error),
            Self::SwingMissing => ("swing_missing", Error),
            Self::SwingExtra => ("swing_extra", Error),
            Self::SwingChanged => ("swing_changed", Error),
            Self::SwingSilence => ("swing_silence", Warning),
            Self::GapMissing => ("gap_missing", Error),
            Self::GapExtra => ("gap_extra", Error),
            Self::GapChanged => ("gap_changed", Error),
            Self::FeedMissing => ("feed_missing", Error),
            Self::FeedExtra => ("feed_extra", Error),
            Self::TimeUnexplained => ("time_unexplained", Error),
            Self::TimeTwice => ("time_twice", Error),
            Self::ClockSetBack => ("clock_set_back", Warning),
            Self::TimeOpenEnd => ("time_open_end", Note),
            Self::SharesUnexplained => ("shares_unexplained", Error),
            Self::SharesUnrecorded => ("shares_unrecorded", Warning),
            Self::SharesChanged => ("shares_changed", Error),
            Self::SharesUnknown => ("shares_unknown", Warning),
            Self::LossUnfounded => ("loss_unfounded", Warning),
            Self::LossMissing => ("loss_missing", Error),
            Self::LossExtra => ("loss_extra", Error),
            Self::LossChanged => ("loss_changed", Error),
            Self::HealedMissing => ("healed_missing", Error),
            Self::HealedExtra => ("healed_extra", Error),
            Self::HealedChanged => ("healed_changed", Error),
            Self::RejectWaiting => ("reject_waiting", Error),
            Self::RejectCount => ("reject_count", Error),
            Self::TimeBackwards => ("time_backwards", Warning),
            Self::FlagMissing => ("flag_missing", Warning),
            Self::RecordRepeated => ("record_repeated", Warning),
            Self::QuotesCrossed => ("quotes_crossed", Warning),
            Self::PriceJump => ("price_jump", Warning),
            Self::BarContradicts => ("bar_contradicts", Warning),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
