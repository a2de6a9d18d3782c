//! Is the record sound? Archive and store are compared line by row, bars are computed again, and every second of a subscription
//! and every share of a day is accounted for.
//!
//! [`verify`] reads an archive and a store through their traits, one trading day at a time, and makes a [`Report`] of
//! [`Section`]s. A [`Finding`] names what is wrong and where: the table and key of a row, or the file and number of a line. The
//! record is sound when no finding is an [error](Severity::Error). What is compared is pure and lies in a module of its own per
//! subject; only [`verify`] and the reading of files do I/O. Nothing is ever written.

mod archive;
mod bars;
mod code;
mod day;
mod files;
mod gaps;
mod healed;
mod html;
mod incoming;
mod live;
mod progress;
mod queries;
mod report;
mod request;
mod returns;
mod sanity;
mod seconds;
mod shares;
mod stretches;
mod swing;
mod ticks;
mod verify;

pub use code::{Code, Severity};
pub use html::html;
pub use progress::Progress;
pub use queries::{QueryTime, measure};
pub use report::{Account, CoverageBand, Fact, Finding, HeatCell, Report, Seconds, Section, Shares, Subject, TimelineGap};
pub use request::Request;
pub use verify::{VerifyError, verify};
