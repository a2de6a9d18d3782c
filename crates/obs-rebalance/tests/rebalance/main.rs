//! Executing plans against the simulated broker over real sockets, and on paper, with a record in SQLite. The judge is the
//! simulator's own order book.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test, also in its helpers")]

mod crashes;
mod guards;
mod orders;
mod paper;
mod prices;
mod support;
mod unknown;
