//! The interface over real sockets, on a database in a file.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic in a test is a failed test")]

mod dashboard;
mod document;
mod events;
mod guard;
mod lists;
mod market;
mod program;
mod support;
mod udf;
