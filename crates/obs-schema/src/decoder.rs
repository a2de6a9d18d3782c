//! From a line to what it says.

use std::fmt;

use chrono_tz::Tz;
use obs_model::SessionId;

use crate::{
    MAX_LINE, Record, RejectReason, Rejection, canonical, legacy, ours,
    shape::{Fields, Shape},
    token::Token,
};

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Data.
    Record(Record),
    /// Known to carry none.
    NonData(NonData),
    /// Neither; the line belongs in the reject ledger.
    Reject(Rejection),
}

/// A line that is in order and carries no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NonData {
    /// An empty line.
    Blank,
    /// A symbol asked for a subscription.
    Trigger,
    /// A symbol asked for a subscription and found no slot.
    Overflow,
    /// A snapshot of the Python system's analysis path, which never carried market data.
    PatternRecord,
    /// A decision of the Python system's pipeline.
    Decision,
    /// A decision about a subscription, of our own slot ledger.
    Slot,
}

impl NonData {
    /// A name for summaries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blank => "blank line",
            Self::Trigger => "trigger event",
            Self::Overflow => "overflow entry",
            Self::PatternRecord => "pattern record",
            Self::Decision => "decision",
            Self::Slot => "slot ledger entry",
        }
    }
}

impl fmt::Display for NonData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads lines. It keeps nothing from one line to the next but the last session's name, to share it instead of copying it.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    assume_tz: Option<Tz>,
    last_session: Option<SessionId>,
}

impl Decoder {
    /// A decoder that takes times without an offset as local times of a zone, instead of rejecting them.
    #[must_use]
    pub const fn assuming(zone: Tz) -> Self {
        Self { assume_tz: Some(zone), last_session: None }
    }

    /// Reads a line, given without its line feed.
    pub fn decode(&mut self, line: &[u8]) -> Decoded {
        self.read(line).unwrap_or_else(Decoded::Reject)
    }

    fn read(&mut self, line: &[u8]) -> Result<Decoded, Rejection> {
        if line.len() > MAX_LINE {
            return Err(Rejection::new(RejectReason::TooLong, format!("it is longer than {MAX_LINE} bytes")));
        }
        let text = str::from_utf8(line)
            .map_err(|error| Rejection::new(RejectReason::NotUtf8, format!("after byte {}", error.valid_up_to())))?
            .trim_ascii();
        if text.is_empty() {
            return Ok(Decoded::NonData(NonData::Blank));
        }
        if let Some(Ok(tick)) = canonical::tick(text).map(|tokens| ours::tick_of(&tokens, self)) {
            return Ok(Decoded::Record(Record::Tick(tick)));
        }
        // An array would be taken for the fields in order.
        if !text.starts_with('{') {
            return Err(not_object(text));
        }
        let fields: Fields<'_> =
            serde_json::from_str(text).map_err(|error| Rejection::new(RejectReason::NotJson, error.to_string()))?;
        let record = match fields.shape()? {
            Shape::Ours => ours::read(&fields, self)?,
            Shape::SwingSnapshot => Record::Swing(legacy::swing_snapshot(&fields, self)?),
            Shape::ScalpTick => Record::Tick(legacy::scalp_tick(&fields, self)?),
            Shape::FlatTick => Record::Tick(legacy::flat_tick(&fields, self)?),
            Shape::FlatSwing => Record::Swing(legacy::flat_swing(&fields, self)?),
            Shape::TableTick => Record::Tick(legacy::table_tick(&fields, self)?),
            Shape::TableBar => Record::Bar(legacy::table_bar(&fields, self)?),
            Shape::TableSwing => Record::Swing(legacy::table_swing(&fields, self)?),
            Shape::LegacyGap => Record::Gap(legacy::gap(&fields, self)?),
            Shape::Trigger => return Ok(Decoded::NonData(NonData::Trigger)),
            Shape::Overflow => return Ok(Decoded::NonData(NonData::Overflow)),
            Shape::PatternRecord => return Ok(Decoded::NonData(NonData::PatternRecord)),
            Shape::Decision => return Ok(Decoded::NonData(NonData::Decision)),
        };
        Ok(Decoded::Record(record))
    }

    pub(crate) const fn assume_tz(&self) -> Option<Tz> {
        self.assume_tz
    }

    /// The session in a field.
    pub(crate) fn session(&mut self, token: Token<'_>) -> Result<SessionId, Rejection> {
        let name = token.text()?;
        if let Some(last) = self.last_session.as_ref().filter(|last| last.as_str() == name) {
            return Ok(last.clone());
        }
        let session: SessionId = token.parse()?;
        Ok(self.last_session.insert(session).clone())
    }

    /// The session in a field, or a name for the records of a shape that has none.
    pub(crate) fn session_or(&mut self, token: Token<'_>, default: &str) -> Result<SessionId, Rejection> {
        if token.is_present() && !token.text()?.is_empty() {
            return self.session(token);
        }
        SessionId::new(default).map_err(|error| Rejection::of_value("session_id", &error))
    }
}

/// Why a text that does not begin as an object is none.
fn not_object(text: &str) -> Rejection {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Rejection::new(RejectReason::NotObject, "it is JSON, but no object"),
        Err(error) => Rejection::new(RejectReason::NotJson, error.to_string()),
    }
}
