//! One trade as it stands in a record of `H0STCNT0`.

use chrono::{DateTime, Utc};
use obs_model::{Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_schema::TickRecord;

use crate::{
    FrameError,
    fields::Field,
    records::{instant, price, quantity, symbol},
};

/// One trade, with the best quotes right after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// What was traded (`MKSC_SHRN_ISCD`).
    pub symbol: Symbol,
    /// When, to the second (`BSOP_DATE` and `STCK_CNTG_HOUR`, Korean time).
    pub event_time: DateTime<Utc>,
    /// Won a share; half ticks occur (`STCK_PRPR`).
    pub price: Price,
    /// Best ask in won, `None` for 0 (`ASKP1`).
    pub ask_price: Option<Price>,
    /// Best bid in won, `None` for 0 (`BIDP1`).
    pub bid_price: Option<Price>,
    /// Shares of this trade (`CNTG_VOL`).
    pub volume: Quantity,
    /// Shares traded since the open, this trade included (`ACML_VOL`).
    pub cumulative_volume: Quantity,
    /// Shares offered at the best ask (`ASKP_RSQN1`).
    pub ask_size: Quantity,
    /// Shares wanted at the best bid (`BIDP_RSQN1`).
    pub bid_size: Quantity,
}

impl Trade {
    /// Fields of a record in the broker's documents. Records have grown since (47 from 2026-09-14), but none was ever shorter.
    pub(crate) const DOCUMENTED_FIELDS: usize = 46;
    /// Which of them are read.
    pub(crate) const FIELDS: [usize; 10] = [0, 1, 2, 10, 11, 12, 13, 33, 36, 37];

    #[inline]
    pub(crate) fn read(
        [code, hour, last, ask, bid, volume, cumulative_volume, date, ask_size, bid_size]: [Field<'_>; 10],
    ) -> Result<Self, FrameError> {
        Ok(Self {
            event_time: instant(date, hour)?,
            symbol: symbol(code, "MKSC_SHRN_ISCD")?,
            price: price(last, "STCK_PRPR")?.ok_or(FrameError::NoPrice)?,
            ask_price: price(ask, "ASKP1")?,
            bid_price: price(bid, "BIDP1")?,
            volume: quantity(volume, "CNTG_VOL")?,
            cumulative_volume: quantity(cumulative_volume, "ACML_VOL")?,
            ask_size: quantity(ask_size, "ASKP_RSQN1")?,
            bid_size: quantity(bid_size, "BIDP_RSQN1")?,
        })
    }

    /// The trade as it is recorded: received then, by that run of the recorder.
    #[must_use]
    pub fn into_record(self, received_at: DateTime<Utc>, session_id: SessionId) -> TickRecord {
        TickRecord {
            received_at,
            cumulative_volume: Some(self.cumulative_volume),
            tick: Tick {
                symbol: self.symbol,
                event_time: self.event_time,
                last_price: Some(self.price),
                volume: Some(self.volume),
                bid_price: self.bid_price,
                ask_price: self.ask_price,
                bid_size: Some(self.bid_size),
                ask_size: Some(self.ask_size),
                session_id,
                mitigation_level: 0,
                quality_flag: QualityFlag::Normal,
            },
        }
    }
}
