//! One trade as it stands in a record of `H0STCNT0`.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use obs_model::{KST, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_schema::TickRecord;

use crate::{FrameError, error::beginning};

/// Fields of a record in the broker's documents. Records have grown since (47 from 2026-09-14), but none was ever shorter.
pub(crate) const DOCUMENTED_FIELDS: usize = 46;

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
    /// Reads a record's documented fields.
    pub(crate) fn read(fields: &[&str; DOCUMENTED_FIELDS]) -> Result<Self, FrameError> {
        let bad = |field| move |problem| FrameError::BadField { field, problem };
        let event_time = event_time(fields[33], fields[1])
            .ok_or_else(|| FrameError::BadTime { date: beginning(fields[33], 20), time: beginning(fields[1], 20) })?;
        Ok(Self {
            symbol: Symbol::new(fields[0]).map_err(bad("MKSC_SHRN_ISCD"))?,
            event_time,
            price: Price::parse_or_none(fields[2]).map_err(bad("STCK_PRPR"))?.ok_or(FrameError::NoPrice)?,
            ask_price: Price::parse_or_none(fields[10]).map_err(bad("ASKP1"))?,
            bid_price: Price::parse_or_none(fields[11]).map_err(bad("BIDP1"))?,
            volume: Quantity::from_str(fields[12]).map_err(bad("CNTG_VOL"))?,
            cumulative_volume: Quantity::from_str(fields[13]).map_err(bad("ACML_VOL"))?,
            ask_size: Quantity::from_str(fields[36]).map_err(bad("ASKP_RSQN1"))?,
            bid_size: Quantity::from_str(fields[37]).map_err(bad("BIDP_RSQN1"))?,
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

/// The instant of YYYYMMDD and HHMMSS in Korea.
fn event_time(date: &str, time: &str) -> Option<DateTime<Utc>> {
    let [y1, y2, y3, y4, mo1, mo2, d1, d2] = date.as_bytes() else { return None };
    let [h1, h2, m1, m2, s1, s2] = time.as_bytes() else { return None };
    let year = i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[*mo1, *mo2])?, number(&[*d1, *d2])?)?;
    let time = NaiveTime::from_hms_opt(number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?)?;
    Some(date.and_time(time).and_local_timezone(KST).single()?.to_utc())
}

/// The number of a few digits and nothing else.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}
