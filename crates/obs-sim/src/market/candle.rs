//! What trades add up to: minutes and days.

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::minute_of;

use super::trade::DayFigures;

/// One minute of a stock in which it was traded. Prices are whole won, quantities shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// When the minute begins.
    pub minute: DateTime<Utc>,
    /// The first price.
    pub open: i64,
    /// The highest price.
    pub high: i64,
    /// The lowest price.
    pub low: i64,
    /// The last price.
    pub close: i64,
    /// Shares traded in the minute.
    pub volume: i64,
    /// Won turned over from the beginning of the day to the end of the minute.
    pub cumulative_value: i64,
}

/// One day of a stock. Prices are whole won, quantities shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyBar {
    /// The Korean calendar day.
    pub date: NaiveDate,
    /// The first price.
    pub open: i64,
    /// The highest price.
    pub high: i64,
    /// The lowest price.
    pub low: i64,
    /// The last price.
    pub close: i64,
    /// Shares traded.
    pub volume: i64,
    /// Won turned over.
    pub value: i64,
}

impl Candle {
    /// Takes a trade into the last minute of a day, or begins the next one.
    pub(super) fn add(candles: &mut Vec<Self>, at: DateTime<Utc>, price: i64, volume: i64, cumulative_value: i64) {
        // Seconds are cheaper to compare than dates, and most trades fall into the last minute.
        match candles.last_mut().filter(|last| (0..60).contains(&(at.timestamp() - last.minute.timestamp()))) {
            Some(last) => {
                last.high = last.high.max(price);
                last.low = last.low.min(price);
                last.close = price;
                last.volume += volume;
                last.cumulative_value = cumulative_value;
            }
            None => {
                let minute = minute_of(at);
                candles.push(Self { minute, open: price, high: price, low: price, close: price, volume, cumulative_value })
            }
        }
    }
}

impl DailyBar {
    pub(super) fn of(day: &DayFigures, close: i64) -> Self {
        let DayFigures { date, open, high, low, volume, value, .. } = *day;
        Self { date, open: open.price, high: high.price, low: low.price, close, volume, value }
    }

    /// A day without a trade.
    pub(super) fn unmoved(date: NaiveDate, price: i64) -> Self {
        Self { date, open: price, high: price, low: price, close: price, volume: 0, value: 0 }
    }
}
