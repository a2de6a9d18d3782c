//! The wire form of the market: frames of trades and of order books.

mod book;
pub(crate) mod text;
mod trade;

pub use book::{BOOK_TR_ID, BookWidth, encode_book};
pub use trade::{MAX_RECORDS, RecordWidth, TRADE_TR_ID, encode};
