//! The minutes that are being worked on.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use obs_model::{Bar, Symbol, Tick, minute_of};

use crate::{Attested, Minute};

/// A minute's start and a symbol.
pub type MinuteKey = (DateTime<Utc>, Symbol);

/// Minutes in the making, of many symbols, and which of them changed since their bars were last taken.
///
/// A bar that is taken before its minute is over is the bar so far; it is taken again when something changes. So what a store
/// holds is at every commit exactly what its ticks add up to, and there is no state to lose in a crash.
#[derive(Clone, Debug, Default)]
pub struct Minutes {
    rows: BTreeMap<DateTime<Utc>, Row>,
    /// Minutes of single symbols in all rows.
    len: usize,
    /// How often changed bars were taken: a row's age is counted in it.
    turn: u64,
}

/// All symbols of one minute.
#[derive(Clone, Debug, Default)]
struct Row {
    symbols: HashMap<Symbol, Held>,
    /// Some symbol's minute changed.
    changed: bool,
    /// When it last changed.
    turn: u64,
}

#[derive(Clone, Debug, Default)]
struct Held {
    minute: Minute,
    changed: bool,
}

impl Minutes {
    /// The key of a tick's minute.
    #[must_use]
    pub fn key_of(tick: &Tick) -> MinuteKey {
        (minute_of(tick.event_time), tick.symbol)
    }

    /// Whether the minute is being worked on. For one that is not, earlier ticks may have to be added first.
    #[must_use]
    pub fn contains(&self, (minute, symbol): &MinuteKey) -> bool {
        self.rows.get(minute).is_some_and(|row| row.symbols.contains_key(symbol))
    }

    /// How many minutes of single symbols are being worked on.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a tick, in order of arrival.
    pub fn add(&mut self, tick: &Tick) {
        let (minute, symbol) = Self::key_of(tick);
        // Most ticks belong to the newest minute, which needs no search.
        let row = match self.rows.last_entry() {
            Some(newest) if *newest.key() == minute => newest.into_mut(),
            _ => self.rows.entry(minute).or_default(),
        };
        let held = row.symbols.entry(symbol).or_insert_with(|| {
            self.len += 1;
            Held::default()
        });
        held.minute.add(tick);
        held.changed = true;
        row.changed = true;
        row.turn = self.turn;
    }

    /// Marks the minutes that a stretch of time touches as changed: their coverage may have grown.
    pub fn touch(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) {
        let first = minute_of(from);
        if first >= until {
            return;
        }
        for row in self.rows.range_mut(first..until).map(|(_, row)| row) {
            row.symbols.values_mut().for_each(|held| held.changed = true);
            row.changed = true;
            row.turn = self.turn;
        }
    }

    /// The time from the first changed minute to the last one's start.
    #[must_use]
    pub fn changed_range(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let mut changed = self.rows.iter().filter(|(_, row)| row.changed).map(|(minute, _)| *minute);
        let first = changed.next()?;
        Some((first, changed.next_back().unwrap_or(first)))
    }

    /// The bars of all minutes that changed since the last call, by time and symbol.
    pub fn take_changed(&mut self, attested: &Attested) -> Vec<Bar> {
        self.turn += 1;
        let stretches = attested.by_symbol();
        let mut bars = Vec::new();
        for (minute, row) in self.rows.iter_mut().filter(|(_, row)| row.changed) {
            row.changed = false;
            let first = bars.len();
            for (symbol, held) in row.symbols.iter_mut().filter(|(_, held)| held.changed) {
                held.changed = false;
                let of_symbol = stretches.get(symbol).map_or(&[][..], Vec::as_slice);
                bars.extend(held.minute.bar(*symbol, *minute, of_symbol));
            }
            // In one order always: two writers of the same rows must not wait for each other in a circle.
            bars[first..].sort_unstable_by_key(|bar| bar.symbol);
        }
        bars
    }

    /// If more than `most` minutes are being worked on, forgets those that did not change for longest, down to about half of
    /// it, and returns the start of the latest one that was forgotten. Minutes that changed since their bars were taken stay.
    pub fn shrink(&mut self, most: usize) -> Option<DateTime<Utc>> {
        if self.len <= most {
            return None;
        }
        let unchanged = self.rows.iter().filter(|(_, row)| !row.changed);
        let mut by_age: Vec<_> = unchanged.map(|(minute, row)| (row.turn, *minute)).collect();
        by_age.sort_unstable();
        let mut latest = None;
        for (_, minute) in by_age {
            if self.len <= most / 2 {
                break;
            }
            self.len -= self.rows.remove(&minute).map_or(0, |row| row.symbols.len());
            latest = latest.max(Some(minute));
        }
        latest
    }
}
