//! Rows as columns, files and text; read back by the readers of the same formats.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod binary;
mod part;
mod samples;
mod store;
mod text;
