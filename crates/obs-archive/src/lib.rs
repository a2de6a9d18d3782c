#![doc = include_str!("../README.md")]

mod durable;
mod ends;
mod error;
mod layout;
mod line;
mod lock;
mod reader;
mod repair;
mod writer;

pub use durable::DurableLengths;
pub use ends::last_line;
pub use error::ArchiveError;
pub use layout::{Segment, segments};
pub use line::{Line, MAX_LINE, SHOWN};
pub use lock::is_being_written;
pub use reader::Reader;
pub use repair::{Fate, Repair};
pub use writer::{ArchiveWriter, WriterSettings};
