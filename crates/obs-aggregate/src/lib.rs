//! Ticks to one-minute bars with coverage, and feed events to gaps.
//!
//! Everything is pure: ticks, attestations and instants in, bars and gaps out. The same code runs while recording, while
//! loading an archive and while recomputing from stored ticks, and the order in which ticks arrive does not change a bar: open
//! and close go by event time, and by arrival only within the same instant.

mod attested;
mod gap_detector;
mod minute;
mod minutes;

pub use attested::{Attested, Stretch};
pub use gap_detector::GapDetector;
pub use minute::Minute;
pub use minutes::{MinuteKey, Minutes};
