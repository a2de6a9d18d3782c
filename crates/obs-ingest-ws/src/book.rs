//! The best level of the order book as it stands in a record of `H0STASP0`.

use chrono::NaiveTime;
use obs_model::{Price, Quantity, Symbol};

use crate::{
    FrameError,
    error::beginning,
    fields::Field,
    records::{price, quantity, symbol, time_of_day},
};

/// The best level of the order book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Whose book it is (`MKSC_SHRN_ISCD`).
    pub symbol: Symbol,
    /// When, to the second, Korean time; the broker tells no date (`BSOP_HOUR`).
    pub time: NaiveTime,
    /// Best ask in won, `None` for 0 (`ASKP1`).
    pub ask_price: Option<Price>,
    /// Best bid in won, `None` for 0 (`BIDP1`).
    pub bid_price: Option<Price>,
    /// Shares offered at the best ask (`ASKP_RSQN1`).
    pub ask_size: Quantity,
    /// Shares wanted at the best bid (`BIDP_RSQN1`).
    pub bid_size: Quantity,
}

impl Book {
    /// Fields of a record in the broker's documents; 63 came from 2026-09-14.
    pub(crate) const DOCUMENTED_FIELDS: usize = 59;
    /// Which of them are read.
    pub(crate) const FIELDS: [usize; 6] = [0, 1, 3, 13, 23, 33];

    pub(crate) fn read([code, hour, ask, bid, ask_size, bid_size]: [Field<'_>; 6]) -> Result<Self, FrameError> {
        let bad_time = || FrameError::BadTime { date: String::new(), time: beginning(hour.as_str(), 20) };
        Ok(Self {
            time: time_of_day(hour).ok_or_else(bad_time)?,
            symbol: symbol(code, "MKSC_SHRN_ISCD")?,
            ask_price: price(ask, "ASKP1")?,
            bid_price: price(bid, "BIDP1")?,
            ask_size: quantity(ask_size, "ASKP_RSQN1")?,
            bid_size: quantity(bid_size, "BIDP_RSQN1")?,
        })
    }
}
