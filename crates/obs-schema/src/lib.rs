#![doc = include_str!("../README.md")]

mod canonical;
mod decoder;
mod encode;
mod legacy;
mod ours;
mod record;
mod reject;
mod shape;
mod token;

pub use decoder::{Decoded, Decoder, NonData};
pub use encode::encode;
pub use record::{Record, RejectedRecord, Stream, SwingRecord, TickRecord};
pub use reject::{RejectReason, Rejection};

/// The version of the lines that [`encode`] writes.
pub const VERSION: &str = "2.0";

/// The longest line that is read, in bytes; a longer one is a reject ([`RejectReason::TooLong`]).
pub const MAX_LINE: usize = 1 << 20;
