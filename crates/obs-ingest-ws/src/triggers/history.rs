//! The last minutes of one stock.

use std::{cmp::Ordering, collections::VecDeque, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Price, Quantity, trading_day};

use crate::Trigger;

/// Minutes that a surge is measured against.
const BEFORE: i64 = 10;
/// Minutes that are kept: those that may still be judged, and those before them.
const KEPT: usize = 32;

/// The last minutes of a stock on one day.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The first minute of the day that is known. Before it the stock may have traded.
    since: DateTime<Utc>,
    /// In order; a minute without trades has no entry.
    minutes: VecDeque<Minute>,
    /// What fired last: the minute, and when that was.
    fired: [Option<(DateTime<Utc>, DateTime<Utc>)>; 3],
}

/// What is known of a minute. A candle and the ticks both tell of it, and both may miss some of it, so the larger counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minute {
    start: DateTime<Utc>,
    range: Option<(Price, Price)>,
    ticks: Quantity,
    candle: Quantity,
}

impl Minute {
    const fn new(start: DateTime<Utc>) -> Self {
        Self { start, range: None, ticks: Quantity::ZERO, candle: Quantity::ZERO }
    }

    pub(super) fn candle(&mut self, high: Price, low: Price, volume: Quantity) {
        self.candle = self.candle.max(volume);
        self.stretch(low, high);
    }

    pub(super) fn trade(&mut self, price: Price, volume: Quantity) {
        self.ticks = self.ticks.saturating_add(volume);
        self.stretch(price, price);
    }

    fn stretch(&mut self, low: Price, high: Price) {
        let (lowest, highest) = self.range.unwrap_or((low, high));
        self.range = Some((lowest.min(low), highest.max(high)));
    }

    fn volume(&self) -> i128 {
        i128::from(self.ticks.max(self.candle).shares())
    }
}

impl History {
    pub(super) const fn new(since: DateTime<Utc>) -> Self {
        Self { since, minutes: VecDeque::new(), fired: [None; 3] }
    }

    /// The entry of a minute, made if there is none, unless it is too long ago. The first minute of another day starts anew.
    pub(super) fn minute(&mut self, start: DateTime<Utc>) -> Option<&mut Minute> {
        match trading_day(start).cmp(&trading_day(self.since)) {
            Ordering::Less => return None,
            Ordering::Equal => self.since = self.since.min(start),
            Ordering::Greater => *self = Self::new(start),
        }
        let mut place = self.minutes.partition_point(|minute| minute.start < start);
        if self.minutes.get(place).is_none_or(|minute| minute.start != start) {
            if self.minutes.len() >= KEPT {
                place = place.checked_sub(1)?;
                self.minutes.pop_front();
            }
            self.minutes.insert(place, Minute::new(start));
        }
        self.minutes.get_mut(place)
    }

    fn find(&self, start: DateTime<Utc>) -> Option<&Minute> {
        self.minutes.iter().rev().find(|minute| minute.start == start)
    }

    /// Whether a minute's volume reaches so many percent of the mean of the ten minutes before, all of which must be known.
    pub(super) fn is_surge(&self, start: DateTime<Utc>, percent: u32, least_mean: Quantity) -> bool {
        let from = start - TimeDelta::minutes(BEFORE);
        let Some(minute) = self.find(start).filter(|_| self.since <= from) else { return false };
        let before: i128 =
            self.minutes.iter().filter(|minute| from <= minute.start && minute.start < start).map(Minute::volume).sum();
        let tells = before > 0 && before >= i128::from(least_mean.shares()) * i128::from(BEFORE);
        tells && minute.volume() * i128::from(BEFORE) * 100 >= before * i128::from(percent)
    }

    /// Whether a minute's range reaches so many percent of its low.
    pub(super) fn is_volatile(&self, start: DateTime<Utc>, percent: u32) -> bool {
        let range = self.find(start).and_then(|minute| minute.range);
        range.is_some_and(|(low, high)| {
            let [low, high] = [low, high].map(|price| i128::from(price.ten_thousandths()));
            (high - low) * 100 >= low * i128::from(percent)
        })
    }

    /// Whether a trigger fired for this minute, a later one, or so short a time ago.
    pub(super) fn has_fired(
        &self,
        trigger: Trigger,
        minute: DateTime<Utc>,
        now: DateTime<Utc>,
        quiet_for: Duration,
    ) -> bool {
        self.fired[index(trigger)]
            .is_some_and(|(last, at)| minute <= last || (now - at).to_std().unwrap_or_default() < quiet_for)
    }

    pub(super) fn fired(&mut self, trigger: Trigger, minute: DateTime<Utc>, now: DateTime<Utc>) {
        self.fired[index(trigger)] = Some((minute, now));
    }
}

const fn index(trigger: Trigger) -> usize {
    match trigger {
        Trigger::VolumeSurge => 0,
        Trigger::Volatility => 1,
        Trigger::Resumed => 2,
    }
}
