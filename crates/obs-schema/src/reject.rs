//! Why a line could not be read.

use std::fmt;

use obs_model::{InvalidValue, Problem};

/// Why a line is not a record: a code for counting, and words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Rejection {
    /// The code.
    pub reason: RejectReason,
    /// The words: which field, which value.
    pub detail: String,
}

/// A reason's code, as the reject ledger holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// Longer than [`MAX_LINE`](crate::MAX_LINE).
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    NotJson,
    /// JSON, but not an object.
    NotObject,
    /// The file ends in the middle of this line.
    UnfinishedLine,
    /// An object with keys of no known shape.
    UnknownShape,
    /// Our form, in a version that this program does not know.
    UnsupportedVersion,
    /// A field is absent or null.
    MissingField,
    /// A field has another JSON type than its shape has.
    WrongType,
    /// Not a KRX short code.
    BadSymbol,
    /// Not a price above zero.
    BadPrice,
    /// A price with more than four decimals.
    PriceTooPrecise,
    /// A price of more than eleven digits before the point.
    PriceOutOfRange,
    /// Not a whole number of shares from zero.
    BadQuantity,
    /// Not an ISO 8601 time, or one outside the years 1990 to 2100.
    BadTime,
    /// A time without an offset, and no zone was named for such times.
    NaiveTime,
    /// Open, high, low and close contradict each other.
    BadBar,
    /// Another value outside its list or range.
    BadValue,
}

impl RejectReason {
    /// The code as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::NotObject => "not_object",
            Self::UnfinishedLine => "unfinished_line",
            Self::UnknownShape => "unknown_shape",
            Self::UnsupportedVersion => "unsupported_version",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadSymbol => "bad_symbol",
            Self::BadPrice => "bad_price",
            Self::PriceTooPrecise => "price_too_precise",
            Self::PriceOutOfRange => "price_out_of_range",
            Self::BadQuantity => "bad_quantity",
            Self::BadTime => "bad_time",
            Self::NaiveTime => "naive_time",
            Self::BadBar => "bad_bar",
            Self::BadValue => "bad_value",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Rejection {
    pub(crate) fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::new(RejectReason::MissingField, format!("`{field}` is absent or null"))
    }

    pub(crate) fn of_value(field: &str, error: &InvalidValue) -> Self {
        let reason = match (error.kind(), error.problem()) {
            ("price", Problem::TooManyDecimals { .. }) => RejectReason::PriceTooPrecise,
            // A negative price is not too large a price.
            ("price", Problem::OutOfRange { .. }) if !error.to_string().starts_with("\"-") => RejectReason::PriceOutOfRange,
            ("price", _) => RejectReason::BadPrice,
            ("symbol", _) => RejectReason::BadSymbol,
            ("quantity", _) => RejectReason::BadQuantity,
            ("bar", _) => RejectReason::BadBar,
            _ => RejectReason::BadValue,
        };
        Self::new(reason, format!("`{field}`: {error}"))
    }
}

/// A quoted text, cut to a length that fits a message: a line may hold a million characters.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
