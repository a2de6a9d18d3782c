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

/// When the market is open: the hours in which silence is a gap.
///
/// KRX trades 09:00 to 15:30 Korean time on weekdays ([`SessionHours::REGULAR`]). Holidays are not known here.
///
/// ```
/// use obs_model::SessionHours;
///
/// let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
/// // Thursday evening to Friday 09:00:30 Korean time: half a minute of it is session time.
/// let parts = SessionHours::REGULAR.within(at("2026-01-22T10:00:00Z"), at("2026-01-23T00:00:30Z"));
/// assert_eq!(parts, [(at("2026-01-23T00:00:00Z"), at("2026-01-23T00:00:30Z"))]);
/// ```
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

    /// The parts of `[from, until)` in which the market is open, in order.
    #[must_use]
    pub fn within(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        if from >= until {
            return Vec::new();
        }
        let days = day_before(from).iter_days().take_while(|day| *day <= trading_day(until));
        let sessions = days.filter_map(|day| self.of_day(day));
        let mut parts: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        for (open, close) in sessions {
            let (start, end) = (open.max(from), close.min(until));
            match parts.last_mut() {
                _ if start >= end => {}
                Some(last) if last.1 == start => last.1 = end,
                _ => parts.push((start, end)),
            }
        }
        parts
    }

    /// Whether the market is open at an instant.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        let days = [trading_day(instant), day_before(instant)];
        days.into_iter().filter_map(|day| self.of_day(day)).any(|(open, close)| open <= instant && instant < close)
    }

    /// The session that opens on a Korean calendar day.
    #[must_use]
    pub fn of_day(&self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.weekends && matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return None;
        }
        let instant = |time: NaiveTime| day.and_time(time).and_local_timezone(KST).single().map(|at| at.to_utc());
        let (open, close) = (instant(self.open)?, instant(self.close)?);
        let close = if close > open { close } else { close.checked_add_signed(Duration::days(1))? };
        Some((open, close))
    }
}

/// The day before an instant's, whose session may reach past midnight.
fn day_before(instant: DateTime<Utc>) -> NaiveDate {
    let day = trading_day(instant);
    day.pred_opt().unwrap_or(day)
}
