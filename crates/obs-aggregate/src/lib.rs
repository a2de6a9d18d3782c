//! Ticks to one-minute bars with coverage, feed events to gaps, running totals to lost shares, and rules for doubtful trades.
//!
//! Everything is pure: ticks, attestations and instants in, bars and gaps out. The same code runs while recording, while
//! loading an archive and while recomputing from stored ticks, and the order in which ticks arrive does not change a bar: open
//! and close go by event time, and by arrival only within the same instant.

mod attested;
mod gap_detector;
mod guards;
mod minute;
mod minutes;
mod shares;
mod silences;

pub use attested::{Attested, Stretch};
pub use gap_detector::GapDetector;
pub use guards::{GuardSettings, Guards, Rule, Verdict};
pub use minute::Minute;
pub use minutes::{MinuteKey, Minutes};
pub use shares::{DayShares, Shares, VolumeBreak};
pub use silences::silences;
