//! The written forms of the record: JSON lines of version 2.0, which we write and read, and every shape of the Python
//! system's archive, which we read.

mod record;

pub use record::{Record, Stream, SwingRecord, TickRecord};
