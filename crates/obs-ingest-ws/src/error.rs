//! Why a feed stopped, and why a frame gave nothing.

use obs_kis::KisError;
use obs_model::InvalidValue;

/// Why a feed stopped for good. Nothing but a person's doing makes another run succeed; everything else is retried inside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// It was given something that cannot work.
    #[error("the feed cannot start: {reason}")]
    Setup {
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The broker refused the login.
    #[error(transparent)]
    Login(#[from] KisError),
    /// The login succeeded, and the WebSocket host still refused to serve it.
    #[error(
        "the WebSocket refused the login: {message} ({code}); check that the app key is not expired, and that the REST and \
         the WebSocket host are both live or both paper"
    )]
    KeyRefused {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
}

/// Why a frame, or one record of it, gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It begins neither like data nor like a control message.
    #[error("it is neither `0|…`, `1|…` nor JSON")]
    NotAFrame,
    /// It begins like a control message and is none.
    #[error("it is no control message: {reason}")]
    BadControl {
        /// What is wrong with it.
        reason: String,
    },
    /// Its record count is no whole number above zero.
    #[error("{count:?} is not a record count")]
    BadCount {
        /// What stands there.
        count: String,
    },
    /// Its fields do not make that many records of at least the documented width.
    #[error("{fields} fields do not make {records} records of at least {documented} fields")]
    BadWidth {
        /// How many fields there are.
        fields: usize,
        /// How many records there should be.
        records: usize,
        /// How many fields a record has in the broker's documents.
        documented: usize,
    },
    /// A field of a record is not the value it should be.
    #[error("{field}: {problem}")]
    BadField {
        /// The field's name in the broker's documents.
        field: &'static str,
        /// What is wrong with it.
        problem: InvalidValue,
    },
    /// A record's date and time are none.
    #[error("{date:?} and {time:?} are not a date and a time")]
    BadTime {
        /// What should be YYYYMMDD.
        date: String,
        /// What should be HHMMSS.
        time: String,
    },
    /// A trade at price 0.
    #[error("a trade without a price")]
    NoPrice,
    /// The broker sent something that nobody subscribed to.
    #[error("nobody asked for {what}")]
    Unasked {
        /// What came.
        what: String,
    },
}

impl FrameError {
    /// A short name for counting.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAFrame => "not_a_frame",
            Self::BadControl { .. } => "bad_control",
            Self::BadCount { .. } => "bad_count",
            Self::BadWidth { .. } => "bad_width",
            Self::BadField { .. } => "bad_field",
            Self::BadTime { .. } => "bad_time",
            Self::NoPrice => "no_price",
            Self::Unasked { .. } => "unasked",
        }
    }
}

/// The beginning of a text from outside, for messages.
pub(crate) fn beginning(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
