//! The client against a broker on loopback that answers as each test says.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test, also in its helpers")]

mod account;
mod approval;
mod broker;
#[cfg(unix)]
mod cache;
mod calls;
mod odd;
mod orders;
mod quotes;
mod token;
