//! The days on which KRX trades, and their hours.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{SessionHours, trading_day};

mod krx;

/// When the market is open, day by day: the time in which silence is a gap.
///
/// [`Calendar::krx`] knows the holidays of KRX that were announced for 2025 to 2027. What the broker says of a day comes on top
/// of it ([`Calendar::set`]): holidays are decreed at short notice. Cloning is cheap.
///
/// ```
/// use obs_model::Calendar;
///
/// let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
/// // From the Wednesday before Chuseok to the Monday after it, at noon in Korea.
/// let parts = Calendar::krx().within(at("2026-09-23T03:00:00Z"), at("2026-09-28T03:00:00Z"));
/// let hours: Vec<i64> = parts.iter().map(|(open, close)| (*close - *open).num_minutes()).collect();
/// assert_eq!(hours, [3 * 60 + 30, 3 * 60]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    hours: SessionHours,
    days: Arc<BTreeMap<NaiveDate, TradingDay>>,
}

/// What kind of day it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TradingDay {
    /// No trading: a holiday, or a weekend.
    Closed,
    /// The usual hours, also on what would be a holiday.
    Regular,
    /// The first trading day of a year: the opening is an hour later.
    LateOpening,
    /// The day of the college entrance examination: opening and close are an hour later.
    Shifted,
}

impl Calendar {
    /// KRX's regular session, its holidays and its odd days from 2025 to 2027. After that only weekends are known.
    #[must_use]
    pub fn krx() -> Self {
        Self { hours: SessionHours::REGULAR, days: Arc::new(krx::days()) }
    }

    /// A market that never closes, such as the simulated one may be.
    #[must_use]
    pub fn always() -> Self {
        Self { hours: SessionHours::ALWAYS, days: Arc::default() }
    }

    /// The same days with other hours, such as those of the after-market.
    #[must_use]
    pub fn with_hours(self, hours: SessionHours) -> Self {
        Self { hours, ..self }
    }

    /// The last day of which holidays are known. `None` for a market without holidays.
    #[must_use]
    pub fn known_until(&self) -> Option<NaiveDate> {
        self.days.last_key_value().map(|(day, _)| *day)
    }

    /// Says of a day what it is, whatever was known of it.
    pub fn set(&mut self, day: NaiveDate, is: TradingDay) {
        Arc::make_mut(&mut self.days).insert(day, is);
    }

    /// Says of a day whether the market opens at all; an odd opening that is known of it stays.
    pub fn set_open(&mut self, day: NaiveDate, opens: bool) {
        match (opens, self.day(day)) {
            (true, TradingDay::Closed) => self.set(day, TradingDay::Regular),
            (false, TradingDay::Regular | TradingDay::LateOpening | TradingDay::Shifted) => {
                self.set(day, TradingDay::Closed)
            }
            (true, _) | (false, TradingDay::Closed) => {}
        }
    }

    /// What kind of day it is.
    #[must_use]
    pub fn day(&self, day: NaiveDate) -> TradingDay {
        let by_weekday = || if self.hours.of_day(day).is_some() { TradingDay::Regular } else { TradingDay::Closed };
        self.days.get(&day).copied().unwrap_or_else(by_weekday)
    }

    /// The session of a Korean calendar day, from its first instant to the first after it.
    #[must_use]
    pub fn session(&self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let later = TimeDelta::hours(1);
        let is = self.day(day);
        let (open, close) = if is == TradingDay::Closed { None } else { self.hours.on(day) }?;
        match is {
            TradingDay::Closed => None,
            TradingDay::Regular => Some((open, close)),
            TradingDay::LateOpening => Some((open + later, close)),
            TradingDay::Shifted => Some((open + later, close + later)),
        }
    }

    /// The session that is on at an instant, or else the next one, within a month.
    #[must_use]
    pub fn session_at_or_after(&self, instant: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let days = day_before(instant).iter_days().take(32);
        days.filter_map(|day| self.session(day)).find(|(_, close)| *close > instant)
    }

    /// The parts of `[from, until)` in which the market is open, in order.
    #[must_use]
    pub fn within(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        if from >= until {
            return Vec::new();
        }
        let days = day_before(from).iter_days().take_while(|day| *day <= trading_day(until));
        let mut parts: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        for (open, close) in days.filter_map(|day| self.session(day)) {
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
        self.session_at_or_after(instant).is_some_and(|(open, _)| open <= instant)
    }
}

/// The day before an instant's, whose session may reach past midnight.
fn day_before(instant: DateTime<Utc>) -> NaiveDate {
    let day = trading_day(instant);
    day.pred_opt().unwrap_or(day)
}
