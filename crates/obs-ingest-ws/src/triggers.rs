//! Which stocks become worth listening to: what minutes of trading give away, without any I/O.
//!
//! Minutes come as candles, which Track A fetches for the whole universe, and are made of ticks, for what is listened to already.
//! Both may tell of the same minute. Auctions are left out: the session's first minute holds the opening auction's volume, and
//! its last ten the closing auction.

mod history;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, Price, Quantity, Symbol, Tick, minute_of, trading_day};

use self::history::{History, Minute};
use crate::{Candidate, Priority};

/// One minute of a stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Which stock.
    pub symbol: Symbol,
    /// The start of the minute.
    pub minute: DateTime<Utc>,
    /// First price, in won.
    pub open: Price,
    /// Highest price, in won.
    pub high: Price,
    /// Lowest price, in won.
    pub low: Price,
    /// Last price, in won.
    pub close: Price,
    /// Shares traded in the minute.
    pub volume: Quantity,
}

/// What makes a stock a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A minute's volume against the mean of the minutes before it.
    VolumeSurge,
    /// A minute's range against its low.
    Volatility,
    /// The recorder before this one listened to it when it was killed.
    Resumed,
}

/// When something is a trigger. Durations are market time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerSettings {
    /// A minute's volume that is a surge, in percent of the mean of the ten minutes before. Minutes without trades count as zero.
    pub surge_percent: u32,
    /// Shares a minute below which a mean says nothing: with next to no trade any trade is a surge.
    pub surge_least_mean: Quantity,
    /// What a surge is worth.
    pub surge_priority: Priority,
    /// A minute's high less its low that is volatility, in percent of the low.
    pub volatility_percent: u32,
    /// What volatility is worth.
    pub volatility_priority: Priority,
    /// How long the same trigger of the same stock is not repeated.
    pub quiet_for: Duration,
    /// How long after its end a minute is still worth a trigger. Later it is history only.
    pub judged_within: Duration,
    /// How long a candidate counts as live.
    pub live_for: Duration,
    /// The most stocks that are live at a time. A further one must be worth more than the least of them.
    pub live_limit: usize,
}

impl Default for TriggerSettings {
    /// The Python system's thresholds: five times the mean is worth 0.9, five percent 0.95, once in 300 s, 100 at a time. It kept
    /// fifteen minutes of history.
    fn default() -> Self {
        Self {
            surge_percent: 500,
            surge_least_mean: Quantity::new(10).unwrap_or(Quantity::ZERO),
            surge_priority: Priority::from_thousandths(900),
            volatility_percent: 5,
            volatility_priority: Priority::from_thousandths(950),
            quiet_for: Duration::from_secs(300),
            judged_within: Duration::from_secs(15 * 60),
            live_for: Duration::from_secs(30 * 60),
            live_limit: 100,
        }
    }
}

/// Watches the minutes of many stocks.
#[derive(Clone, Debug)]
pub struct Triggers {
    settings: TriggerSettings,
    calendar: Calendar,
    histories: HashMap<Symbol, History>,
    live: BTreeMap<Symbol, Live>,
    passed_over: u64,
}

/// A candidate that counts against the limit.
#[derive(Clone, Copy, Debug)]
struct Live {
    priority: Priority,
    since: DateTime<Utc>,
}

impl Trigger {
    /// The name by which it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VolumeSurge => "volume_surge",
            Self::Volatility => "volatility_spike",
            Self::Resumed => "resumed",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Triggers {
    /// Minutes outside the calendar's sessions are ignored.
    #[must_use]
    pub fn new(settings: TriggerSettings, calendar: Calendar) -> Self {
        Self { settings, calendar, histories: HashMap::new(), live: BTreeMap::new(), passed_over: 0 }
    }

    /// Replaces the calendar.
    pub fn set_calendar(&mut self, calendar: Calendar) {
        self.calendar = calendar;
    }

    /// Candidates that were passed over because too many were live.
    #[must_use]
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Takes complete minutes, in any order, and tells who became a candidate by them.
    pub fn candles(&mut self, candles: &[Candle], now: DateTime<Utc>) -> Vec<Candidate> {
        // All first, so that the order does not matter.
        let mut minutes: Vec<(DateTime<Utc>, Symbol)> = Vec::new();
        for Candle { symbol, minute, high, low, volume, .. } in candles.iter().copied() {
            if let Some(entry) = self.minute(symbol, minute) {
                entry.candle(high, low, volume);
                minutes.push((minute, symbol));
            }
        }
        minutes.sort_unstable();
        minutes.dedup();
        minutes.into_iter().flat_map(|(minute, symbol)| self.judge(symbol, minute, now)).collect()
    }

    /// Takes a trade, and tells whether its minute makes the stock a candidate already. A minute's volume and range only grow, so
    /// nothing that is said before its end needs to be taken back.
    pub fn tick(&mut self, tick: &Tick, now: DateTime<Utc>) -> Vec<Candidate> {
        let minute = minute_of(tick.event_time);
        let Some((entry, price)) = self.minute(tick.symbol, minute).zip(tick.last_price) else { return Vec::new() };
        entry.trade(price, tick.volume.unwrap_or(Quantity::ZERO));
        self.judge(tick.symbol, minute, now)
    }

    /// The entry of a minute in which there is continuous trading.
    fn minute(&mut self, symbol: Symbol, minute: DateTime<Utc>) -> Option<&mut Minute> {
        let is_continuous = self.is_continuous(minute);
        let history = is_continuous.then(|| self.histories.entry(symbol).or_insert_with(|| History::new(minute)));
        history.and_then(|history| history.minute(minute))
    }

    /// Whether there is continuous trading in a minute, and nothing else.
    fn is_continuous(&self, minute: DateTime<Utc>) -> bool {
        self.calendar
            .session(trading_day(minute))
            .is_some_and(|(open, close)| open + TimeDelta::minutes(1) <= minute && minute < close - TimeDelta::minutes(10))
    }

    fn judge(&mut self, symbol: Symbol, minute: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Candidate> {
        let settings = &self.settings;
        let age = (now - minute - TimeDelta::minutes(1)).to_std().unwrap_or_default();
        let Some(history) = self.histories.get(&symbol).filter(|_| age <= settings.judged_within) else { return Vec::new() };
        let surge = history.is_surge(minute, settings.surge_percent, settings.surge_least_mean);
        let volatile = history.is_volatile(minute, settings.volatility_percent);
        let found = [
            (surge, Trigger::VolumeSurge, settings.surge_priority),
            (volatile, Trigger::Volatility, settings.volatility_priority),
        ];
        let found = found.into_iter().filter(|(is, ..)| *is);
        found
            .filter_map(|(_, reason, priority)| self.fire(Candidate { symbol, priority, reason, at: now }, minute))
            .collect()
    }

    /// A candidate, unless it was one by this trigger just now, or by this minute, or too many are.
    fn fire(&mut self, candidate: Candidate, minute: DateTime<Utc>) -> Option<Candidate> {
        let Candidate { symbol, priority, reason, at } = candidate;
        let history = self.histories.get_mut(&symbol)?;
        if history.has_fired(reason, minute, at, self.settings.quiet_for) {
            return None;
        }
        let live_for = self.settings.live_for;
        self.live.retain(|_, live| (at - live.since).to_std().unwrap_or_default() < live_for);
        if !self.live.contains_key(&symbol) && self.live.len() >= self.settings.live_limit {
            let least = self.live.iter().min_by_key(|(_, live)| (live.priority, live.since));
            let gives_way = least.filter(|(_, live)| live.priority < priority).map(|(least, _)| *least);
            let Some(gives_way) = gives_way else {
                self.passed_over += 1;
                return None;
            };
            self.live.remove(&gives_way);
        }
        let live = self.live.entry(symbol).or_insert(Live { priority, since: at });
        *live = Live { priority: live.priority.max(priority), since: at };
        history.fired(reason, minute, at);
        Some(candidate)
    }
}
