//! Track B through its public interface: frames without a socket, feeds against a broker on loopback.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is a failed test, also in its helpers")]

mod broker;
mod decode;
mod duplicates;
mod feed;
mod slots;
mod triggers;
