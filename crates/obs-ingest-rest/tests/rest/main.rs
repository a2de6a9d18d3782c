//! Track A, through its public API.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

mod bars;
mod broker;
mod lists;
mod poller;
mod running;
mod universe;
mod windows;
