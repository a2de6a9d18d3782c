//! Korean market time: zone, trading day, session hours.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// Korean standard time, UTC+09:00 without daylight saving.
pub const KST: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    None => unreachable!(),
};

/// The Korean calendar date of an instant: the trading day it belongs to.
///
/// ```
/// use obs_model::trading_day;
///
/// let instant = "2026-01-21T22:29:31Z".parse::<chrono::DateTime<chrono::Utc>>()?;
/// assert_eq!(trading_day(instant).to_string(), "2026-01-22");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn trading_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&KST).date_naive()
}

/// The start of the minute that holds an instant.
#[must_use]
pub fn minute_of(instant: DateTime<Utc>) -> DateTime<Utc> {
    let into = i64::from(instant.second()) * 1_000_000_000 + i64::from(instant.nanosecond());
    instant - TimeDelta::nanoseconds(into)
}

/// The hours of a trading day. On which days there is trading is a [`Calendar`](crate::Calendar)'s to say.
///
/// KRX's regular session is 09:00 to 15:30 Korean time on weekdays ([`SessionHours::REGULAR`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionHours {
    /// First second of the session, Korean time.
    open: NaiveTime,
    /// First second after it; a time that is not after the opening belongs to the next day, so midnight ends the day.
    close: NaiveTime,
    /// Saturdays and Sundays count too.
    weekends: bool,
}

const fn time(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl SessionHours {
    /// KRX's regular session.
    pub const REGULAR: Self = Self { open: time(9, 0), close: time(15, 30), weekends: false };
    /// A market that never closes, such as the simulated one.
    pub const ALWAYS: Self = Self { open: NaiveTime::MIN, close: NaiveTime::MIN, weekends: true };

    /// Hours from the opening to the first second after the close, Korean time, on weekdays.
    ///
    /// A close that is not after the opening belongs to the next day.
    #[must_use]
    pub const fn new(open: NaiveTime, close: NaiveTime) -> Self {
        Self { open, close, weekends: false }
    }

    /// The hours of a Korean calendar day, unless it is a weekend on which the market is closed.
    pub(crate) fn of_day(&self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.weekends && matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return None;
        }
        self.on(day)
    }

    /// The hours on a Korean calendar day of which something else says that it is open.
    pub(crate) fn on(&self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let instant = |time: NaiveTime| day.and_time(time).and_local_timezone(KST).single().map(|at| at.to_utc());
        let (open, close) = (instant(self.open)?, instant(self.close)?);
        let close = if close > open { close } else { close.checked_add_signed(Duration::days(1))? };
        Some((open, close))
    }
}
