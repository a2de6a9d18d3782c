//! What is known to be missing, and what stands in for it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Ohlc, Quantity, SessionId, Symbol};

/// Shares that were traded and not recorded, between two trades that were: a row of `volume_breaks`.
///
/// The broker numbers nothing, but each trade carries the day's cumulative volume, which must rise by exactly its own quantity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct VolumeBreak {
    /// What was traded.
    pub symbol: Symbol,
    /// When the recorded trade before the missing ones happened, by the exchange's clock.
    pub after: DateTime<Utc>,
    /// When the recorded trade behind them happened.
    pub before: DateTime<Utc>,
    /// How many shares are missing.
    pub shares: Quantity,
    /// The run of the recorder that noticed it.
    pub session_id: SessionId,
}

/// One minute of one symbol as the broker's chart tells it afterwards: a row of `healed_1m_bars`.
///
/// It stands beside the observed bar and never replaces it: ticks cannot be had again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct HealedBar {
    /// What was traded.
    pub symbol: Symbol,
    /// The start of the minute.
    pub bar_time: DateTime<Utc>,
    /// Prices of the minute's trades in won.
    pub ohlc: Ohlc,
    /// Shares traded in the minute.
    pub volume: Quantity,
    /// When the broker was asked, by our clock.
    pub healed_at: DateTime<Utc>,
    /// The run of the recorder that asked.
    pub session_id: SessionId,
}
