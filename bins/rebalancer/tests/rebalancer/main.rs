//! The program as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod cycle;
mod guards;
mod killed;
mod page;
mod paper;
mod policies;
mod snapshots;
mod support;
