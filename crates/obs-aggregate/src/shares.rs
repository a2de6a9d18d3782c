//! Accounting in shares: what the broker's running total says was traded, against what was recorded.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{Symbol, trading_day};

use crate::Stretch;

mod day;

use day::{Day, Hole, Trade};

/// Shares that were traded and not recorded, between two trades that were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeBreak {
    /// What was traded.
    pub symbol: Symbol,
    /// When the recorded trade before the missing ones happened.
    pub after: DateTime<Utc>,
    /// When the recorded trade behind them happened.
    pub before: DateTime<Utc>,
    /// When these two reached us, by our clock, the earlier time first: what gaps of feeds compare with.
    pub received: Stretch,
    /// How many shares are missing.
    pub shares: i64,
}

/// A symbol's day in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayShares {
    /// Shares of recorded trades, each counted once.
    pub recorded: i64,
    /// Shares traded before the first recorded trade: nobody listened yet.
    pub before: i64,
    /// Shares missing between recorded trades.
    pub missing: i64,
}

impl DayShares {
    /// Shares traded, as far as the last recorded trade tells.
    #[must_use]
    pub const fn traded(&self) -> i64 {
        self.recorded.saturating_add(self.before).saturating_add(self.missing)
    }
}

/// Follows each symbol's running total of a day. A trade of `volume` shares that raises it to `total` accounts for the shares
/// from `total - volume` to `total`; shares that no trade accounts for were lost, exactly that many, whether or not the
/// connection looked well.
///
/// Records may come late or twice: a late one fills its hole, a repeated one changes nothing. A total that falls while time goes
/// on belongs to a new count, as of a simulated exchange that starts anew. One such record may be wrong, so the count begins
/// with the first when a second one continues it; then nothing between the two counts is missing.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    symbols: HashMap<Symbol, Day>,
    /// Holes that nobody was told of when their count ended.
    over: Vec<(Symbol, i64, Hole)>,
    /// No hole that is not told yet was noticed before.
    waiting: Option<DateTime<Utc>>,
}

impl Shares {
    /// Takes a trade, in order of arrival: when it happened, when it reached us, its shares and the day's total behind it.
    pub fn add(&mut self, symbol: Symbol, at: DateTime<Utc>, received_at: DateTime<Utc>, volume: i64, total: i64) {
        let Some(from) = total.checked_sub(volume).filter(|from| volume > 0 && *from >= 0) else { return };
        let trade = Trade { from, until: total, at, received_at };
        let Some(day) = day_of(&mut self.symbols, &mut self.over, symbol, &trade) else { return };
        let noticed = if let Some(first) = day.starts_again(&trade) {
            let date = day.date;
            let over = std::mem::replace(day, Day::new(date, &first));
            day.earlier = over.shares();
            self.over.extend(over.untold().map(|(start, hole)| (symbol, start, hole)));
            day.take(&trade)
        } else if day.is_suspended() {
            false
        } else {
            day.take(&trade)
        };
        if noticed {
            self.waiting = Some(self.waiting.map_or(received_at, |waiting| waiting.min(received_at)));
        }
    }

    /// Takes a record that tells the day's total and no shares of its own, as those of the Python system: it stands for all that
    /// was traded since the total before it, which is what loading makes of it. The first of a day stands for nothing.
    pub fn add_total(&mut self, symbol: Symbol, at: DateTime<Utc>, received_at: DateTime<Utc>, total: i64) {
        let trade = Trade { from: total, until: total, at, received_at };
        if let Some(day) = day_of(&mut self.symbols, &mut self.over, symbol, &trade) {
            day.reach(&trade);
        }
    }

    /// Says that from now on another run of a recorder brings the trades. None of them is a late one of before, so a total that
    /// is below the last one belongs to a new count even if time did not go on.
    pub fn another_run(&mut self) {
        self.symbols.values_mut().for_each(|day| day.is_of_another_run = true);
    }

    /// The holes that were noticed before `noticed_before` and are still there, each told once. Waiting some seconds gives late
    /// records time to come.
    pub fn take_breaks(&mut self, noticed_before: DateTime<Utc>) -> Vec<VolumeBreak> {
        if self.waiting.is_none_or(|waiting| waiting >= noticed_before) {
            return Vec::new();
        }
        let mut breaks: Vec<VolumeBreak> = self
            .over
            .extract_if(.., |over| over.2.noticed < noticed_before)
            .map(|over| found(over.0, over.1, &over.2))
            .collect();
        let mut waiting = self.over.iter().map(|over| over.2.noticed).min();
        for (symbol, day) in &mut self.symbols {
            for (start, hole) in day.holes.iter_mut().filter(|(_, hole)| !hole.told) {
                if hole.noticed < noticed_before {
                    hole.told = true;
                    breaks.push(found(*symbol, *start, hole));
                } else {
                    waiting = Some(waiting.map_or(hole.noticed, |waiting| waiting.min(hole.noticed)));
                }
            }
        }
        self.waiting = waiting;
        // Stable: of holes within a second, the earlier total comes first.
        breaks.sort_by_key(|found| (found.before, found.symbol));
        breaks
    }

    /// The time before which no hole was noticed that is not told yet; `None` if none waits.
    #[must_use]
    pub const fn waiting(&self) -> Option<DateTime<Utc>> {
        self.waiting
    }

    /// Says that a break was told before, by a recorder that is gone. One hole that is exactly that is not told again.
    pub fn was_told(&mut self, told: &obs_model::VolumeBreak) {
        let Some(day) = self.symbols.get_mut(&told.symbol) else { return };
        let is_it = |start: i64, hole: &Hole| {
            let ends = (hole.after.0.min(hole.before.0), hole.after.0.max(hole.before.0));
            !hole.told && ends == (told.after, told.before) && hole.end - start == told.shares.shares()
        };
        if let Some((_, hole)) = day.holes.iter_mut().find(|(start, hole)| is_it(**start, hole)) {
            hole.told = true;
        }
    }

    /// Whether all shares of a trade are missing so far: then it is a late one, however late it is.
    #[must_use]
    pub fn misses(&self, symbol: Symbol, volume: i64, total: i64) -> bool {
        let from = total.checked_sub(volume).filter(|_| volume > 0);
        self.symbols.get(&symbol).zip(from).is_some_and(|(day, from)| day.misses(from, total))
    }

    /// Whether any trade of a symbol was taken.
    #[must_use]
    pub fn knows(&self, symbol: Symbol) -> bool {
        self.symbols.contains_key(&symbol)
    }

    /// The newest day of each symbol, in shares; the sum of its counts if there were several.
    pub fn days(&self) -> impl Iterator<Item = (Symbol, NaiveDate, DayShares)> + '_ {
        self.symbols.iter().map(|(symbol, day)| (*symbol, day.date, day.shares()))
    }
}

/// The day of a trade; `None` if the trade begins it, or if it is a straggler of a day that is closed.
fn day_of<'a>(
    symbols: &'a mut HashMap<Symbol, Day>,
    over: &mut Vec<(Symbol, i64, Hole)>,
    symbol: Symbol,
    trade: &Trade,
) -> Option<&'a mut Day> {
    let date = trading_day(trade.at);
    let day = match symbols.entry(symbol) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            new.insert(Day::new(date, trade));
            return None;
        }
    };
    if date > day.date {
        let before = std::mem::replace(day, Day::new(date, trade));
        over.extend(before.untold().map(|(start, hole)| (symbol, start, hole)));
        return None;
    }
    (date == day.date).then_some(day)
}

fn found(symbol: Symbol, start: i64, hole: &Hole) -> VolumeBreak {
    let (after, before) = (hole.after, hole.before);
    VolumeBreak {
        symbol,
        after: after.0.min(before.0),
        before: after.0.max(before.0),
        received: (after.1.min(before.1), after.1.max(before.1)),
        shares: hole.end - start,
    }
}
