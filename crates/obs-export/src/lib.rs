//! Rows of the store as Arrow, Parquet, CSV and JSON lines, for analysts and for answers of a service.
//!
//! A [`Dataset`] names a table and says which columns its rows become: their names are the table's, prices are exact decimals
//! of four places, instants are UTC with microseconds. [`Rows`] reads a stretch of it out of a store in pieces, so that a day of
//! ticks never is in memory at once, and a [`Sink`] writes the pieces in a [`Format`]. A [`Part`] is the file of a day, in a
//! folder that DuckDB, Polars and pyarrow recognise as a partition; it has its name only when it is complete.
//!
//! Row numbers are left out: they are a database's own, and differ after loading again.

mod column;
mod dataset;
mod error;
mod format;
mod part;
mod rows;
mod sink;
mod tables;
mod text;

pub use dataset::{Dataset, UnknownDataset};
pub use error::ExportError;
pub use format::{Format, UnknownFormat};
pub use part::{Part, Written, part_path};
pub use rows::Rows;
pub use sink::Sink;
pub use tables::{bars, bars_with_healing, feed_sessions, gap_symbols, gaps, healed_bars, swing_bars, ticks, volume_breaks};
