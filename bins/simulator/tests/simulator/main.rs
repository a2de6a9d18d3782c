//! The simulator as a program, and Observer's own client of the broker against it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod client;
mod program;
