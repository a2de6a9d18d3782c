//! The written forms of the record: JSON lines of version 2.0, which we write and read, and every shape of the Python
//! system's archive, which we read.
//!
//! A [`Decoder`] takes a line and says what it is: a [`Record`], something known to carry no data, or a reject with its
//! reason. Lines are recognised by their keys, never by the name of the file they lie in. [`encode`] writes our form.
//!
//! ```
//! use obs_schema::{Decoded, Decoder, Record};
//!
//! let line = br#"{"timestamp":"2026-01-26T10:00:01.25+09:00","symbol":"005930","execution_time":"100001",
//!     "price":{"current":70500},"volume":{"accumulated":1000},"bid_ask":{"bid_price":70400,"ask_price":70500},
//!     "source":"websocket","session_id":"s1"}"#;
//! let Decoded::Record(Record::Tick(record)) = Decoder::default().decode(line) else { panic!("a tick") };
//! assert_eq!(record.tick.event_time.to_rfc3339(), "2026-01-26T01:00:01+00:00");
//! assert_eq!(record.tick.volume, None, "the Python system kept the day's total only");
//! ```
//!
//! No number goes through a float: prices and quantities are read from the text of the JSON number.

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
pub use record::{Record, Stream, SwingRecord, TickRecord};
pub use reject::{RejectReason, Rejection};

/// The version of the lines that [`encode`] writes.
pub const VERSION: &str = "2.0";

/// The longest line that is read, in bytes; a longer one is a reject ([`RejectReason::TooLong`]).
pub const MAX_LINE: usize = 1 << 20;
