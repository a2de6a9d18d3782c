//! Frames of the WebSocket: text in, trades, books or control messages out.

use crate::{
    Ack, BOOKS, Book, FrameError, TRADES, Trade, control,
    error::beginning,
    records::{Records, RejectedRecord},
};

/// What a frame says.
#[derive(Clone, Debug)]
pub enum Frame<'a> {
    /// Trades, one or several (`H0STCNT0`).
    Trades(Trades<'a>),
    /// The order book's best level, normally once (`H0STASP0`).
    Books(Books<'a>),
    /// The answer to a subscription.
    Control(Ack),
    /// A question whether we are still there, to be answered with the same text.
    PingPong,
    /// Data under a key that we never took.
    Encrypted {
        /// The broker's name for the stream.
        tr_id: &'a str,
    },
    /// Data of another stream.
    Other {
        /// The broker's name for the stream.
        tr_id: &'a str,
        /// How many records it holds.
        records: usize,
    },
}

/// The trades of a frame, in the order of the frame. A record that cannot be read does not end it.
#[derive(Clone, Debug)]
pub struct Trades<'a>(Records<'a>);

/// The books of a frame, in the order of the frame. A record that cannot be read does not end it.
#[derive(Clone, Debug)]
pub struct Books<'a>(Records<'a>);

/// Reads one text frame.
///
/// A data frame is `encrypted?|stream|count|fields`. Its records follow each other without any mark between them, and their
/// width grows without notice, so it is computed from the count.
///
/// # Errors
/// [`FrameError`] if the text is no frame, or if its fields do not make the records that it announces.
pub fn decode_frame(text: &str) -> Result<Frame<'_>, FrameError> {
    if text.starts_with('{') {
        return control::decode(text);
    }
    let (encrypted, rest) = before_bar(text)?;
    let (tr_id, rest) = before_bar(rest)?;
    let (count, fields) = before_bar(rest)?;
    match encrypted {
        "0" => {}
        "1" => return Ok(Frame::Encrypted { tr_id }),
        _ => return Err(FrameError::NotAFrame),
    }
    let records = record_count(count).ok_or_else(|| FrameError::BadCount { count: beginning(count, 20) })?;
    match tr_id {
        TRADES => Records::new(fields, records, Trade::DOCUMENTED_FIELDS).map(|records| Frame::Trades(Trades(records))),
        BOOKS => Records::new(fields, records, Book::DOCUMENTED_FIELDS).map(|records| Frame::Books(Books(records))),
        _ => Ok(Frame::Other { tr_id, records }),
    }
}

/// What stands before the first bar, and what behind it. The bar is a few bytes away: nothing finds it faster than looking.
fn before_bar(text: &str) -> Result<(&str, &str), FrameError> {
    let bar = text.bytes().position(|byte| byte == b'|').ok_or(FrameError::NotAFrame)?;
    Ok((&text[..bar], &text[bar + 1..]))
}

/// Three digits on the wire; more or fewer would do no harm.
fn record_count(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|count| digits && *count > 0)
}

impl<'a> Iterator for Trades<'a> {
    type Item = Result<Trade, RejectedRecord<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Trade::FIELDS, Trade::read)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left(), Some(self.0.left()))
    }
}

impl ExactSizeIterator for Trades<'_> {}

impl<'a> Iterator for Books<'a> {
    type Item = Result<Book, RejectedRecord<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Book::FIELDS, Book::read)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left(), Some(self.0.left()))
    }
}

impl ExactSizeIterator for Books<'_> {}
