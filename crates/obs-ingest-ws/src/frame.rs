//! Frames of the WebSocket: text in, trades or control messages out.

use crate::{Ack, FrameError, TRADES, Trade, control, error::beginning, trade::DOCUMENTED_FIELDS};

/// What a frame says.
#[derive(Clone, Debug)]
pub enum Frame<'a> {
    /// Trades, one or several.
    Trades(Trades<'a>),
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
pub struct Trades<'a> {
    /// The fields of the records that are left.
    rest: &'a str,
    /// Fields of one record.
    width: usize,
    /// Records that are left.
    left: usize,
}

/// A record that could not be read, among others that could.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RejectedRecord<'a> {
    /// The record's fields.
    pub text: &'a str,
    /// What is wrong with it.
    pub reason: FrameError,
}

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
    let mut parts = text.splitn(4, '|');
    let (Some(encrypted), Some(tr_id), Some(count), Some(fields)) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(FrameError::NotAFrame);
    };
    match encrypted {
        "0" => {}
        "1" => return Ok(Frame::Encrypted { tr_id }),
        _ => return Err(FrameError::NotAFrame),
    }
    let records = record_count(count).ok_or_else(|| FrameError::BadCount { count: beginning(count, 20) })?;
    if tr_id != TRADES {
        return Ok(Frame::Other { tr_id, records });
    }
    Trades::new(fields, records).map(Frame::Trades)
}

/// Three digits on the wire; more or fewer would do no harm.
fn record_count(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|count| digits && *count > 0)
}

impl<'a> Trades<'a> {
    fn new(text: &'a str, records: usize) -> Result<Self, FrameError> {
        let fields = text.bytes().filter(|byte| *byte == b'^').count() + 1;
        let width = fields / records;
        if fields % records != 0 || width < DOCUMENTED_FIELDS {
            return Err(FrameError::BadWidth { fields, records });
        }
        Ok(Self { rest: text, width, left: records })
    }
}

impl<'a> Iterator for Trades<'a> {
    type Item = Result<Trade, RejectedRecord<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut fields = [""; DOCUMENTED_FIELDS];
        let (mut field, mut start, mut end) = (0, 0, self.rest.len());
        // The carets are ASCII, so every cut is between characters.
        for (at, _) in self.rest.bytes().enumerate().filter(|(_, byte)| *byte == b'^') {
            if let Some(slot) = fields.get_mut(field) {
                *slot = &self.rest[start..at];
            }
            (field, start) = (field + 1, at + 1);
            if field == self.width {
                end = at;
                break;
            }
        }
        // No caret follows the last field of the frame.
        if field < self.width
            && let Some(slot) = fields.get_mut(field)
        {
            *slot = &self.rest[start..];
        }
        let text = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(Trade::read(&fields).map_err(|reason| RejectedRecord { text, reason }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Trades<'_> {}
