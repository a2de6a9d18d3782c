//! The program as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod command_line;
mod export;
mod killed;
mod rebuild;
mod support;
mod verify;
