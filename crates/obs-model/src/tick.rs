//! One trade as the exchange reported it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Price, QualityFlag, Quantity, SessionId, Symbol};

/// One trade, with the best quotes that came with it: a row of `scalp_ticks`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tick {
    /// What was traded.
    pub symbol: Symbol,
    /// When, by the exchange's clock. KIS tells whole seconds; order within a second is the order of arrival.
    pub event_time: DateTime<Utc>,
    /// Won a share. `None` where the source gave none.
    pub last_price: Option<Price>,
    /// Shares of this trade alone, never the day's total. `None` where it cannot be known.
    pub volume: Option<Quantity>,
    /// Best bid in won. `None` for an empty side of the book; the table, which admits no NULL here, holds 0.
    pub bid_price: Option<Price>,
    /// Best ask in won; as `bid_price`.
    pub ask_price: Option<Price>,
    /// Shares wanted at the best bid.
    pub bid_size: Option<Quantity>,
    /// Shares offered at the best ask.
    pub ask_size: Option<Quantity>,
    /// The run of the recorder that saw it.
    pub session_id: SessionId,
    /// The Python system's sampling level; 0, every trade, in everything it ever wrote and in all that we write.
    pub mitigation_level: u8,
    /// How far it can be trusted.
    pub quality_flag: QualityFlag,
}
