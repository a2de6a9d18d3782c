//! What can go wrong with the simulated broker.

mod board;
mod effects;
mod text;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::Symbol;

pub use board::ActiveFault;
pub(crate) use board::FaultBoard;
pub use text::InvalidFault;

/// A way in which the simulated broker misbehaves.
///
/// Some strike once, others last ([`Fault::lasts`]). Each has a text form, the same on the command line, in a file of faults
/// and at the control endpoint: a name, and for some a value behind a colon.
///
/// ```
/// use obs_sim::Fault;
///
/// assert_eq!("drop".parse(), Ok(Fault::Drop));
/// assert_eq!("withhold:5".parse(), Ok(Fault::Withhold { records: 5 }));
/// assert_eq!(Fault::Delist { symbol: "005930".parse()? }.to_string(), "delist:005930");
/// assert!("earthquake".parse::<Fault>().is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Once: ends all WebSocket connections without the closing handshake. Text: `drop`.
    Drop,
    /// Lasts: WebSocket connections stay open on TCP and nothing is read, sent or answered, as behind a lost route. `silence`.
    Silence,
    /// Lasts: hangs up on every new WebSocket connection before its handshake. `refuse`.
    Refuse,
    /// Lasts: neither host can be reached. Open connections end, new ones are hung up on. `network-gone`.
    NetworkGone,
    /// Once: sends a text that means nothing to every connection. `garbage`, or `garbage:TEXT`.
    Garbage {
        /// What is sent.
        text: String,
    },
    /// Once: the next data frames are cut off in the middle; their records are lost. `truncate:FRAMES`.
    Truncate {
        /// How many frames.
        frames: u64,
    },
    /// Once: sends one text message of this size to every connection. `oversize:BYTES`.
    Oversize {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Once: the next records are sent twice. `duplicate:RECORDS`.
    Duplicate {
        /// How many records.
        records: u64,
    },
    /// Once: the next records are sent only after the one that follows them in their symbol. `reorder:RECORDS`.
    Reorder {
        /// How many records.
        records: u64,
    },
    /// Once: the next records are sent to nobody; they count in the day's figures of later ones. `withhold:RECORDS`.
    Withhold {
        /// How many records.
        records: u64,
    },
    /// Lasts: the WebSocket server reads nothing that clients send. `stop-reading`.
    StopReading,
    /// Lasts: it pauses before each message that it sends. `slow:MILLISECONDS`, in market time.
    Slow {
        /// How long.
        pause: Duration,
    },
    /// Lasts: every call is answered with HTTP 500 and a routing error (EGW00202). `http-500`.
    HttpError,
    /// Lasts: calls are taken and not answered, nor carried out. `http-hang`.
    HttpHang,
    /// Lasts: calls are carried out and not answered: the case in which an order may or may not exist. `lose-answers`.
    LoseAnswers,
    /// Once: the next orders are refused for want of cash, as the broker says it. `refuse-orders:COUNT`.
    RefuseOrders {
        /// How many orders.
        count: u64,
    },
    /// Once: no access token is valid any more. `revoke-tokens`.
    RevokeTokens,
    /// Lasts: every call comes too fast (EGW00201). `rate-limit`.
    RateLimit,
    /// Lasts: the broker's clock is wrong by so much, in trades, PINGPONG, `Date` headers and all else. `clock-skew:SECONDS`.
    ClockSkew {
        /// Positive when the broker is ahead of the world.
        by: TimeDelta,
    },
    /// Lasts: a stock is gone: its quote is 0, orders and subscriptions are refused, its trades are told to nobody.
    /// `delist:SYMBOL`.
    Delist {
        /// The stock.
        symbol: Symbol,
    },
}

/// A fault that is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// When it begins, in market time.
    pub at: DateTime<Utc>,
    /// What happens.
    pub fault: Fault,
    /// How long, in market time; of no meaning to faults that strike once. Zero lasts until it is cleared.
    pub lasting: Duration,
}

impl Fault {
    /// Whether it goes on until its time is over, rather than strike once.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        !matches!(
            self,
            Self::Drop
                | Self::Garbage { .. }
                | Self::Truncate { .. }
                | Self::Oversize { .. }
                | Self::Duplicate { .. }
                | Self::Reorder { .. }
                | Self::Withhold { .. }
                | Self::RefuseOrders { .. }
                | Self::RevokeTokens
        )
    }
}
