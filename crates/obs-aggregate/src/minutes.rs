//! The minutes that are being worked on.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Bar, Symbol, Tick, minute_of};
use rustc_hash::FxBuildHasher;

use crate::{Attested, Minute};

/// A minute's start and a symbol.
pub type MinuteKey = (DateTime<Utc>, Symbol);

/// Minutes in the making, of many symbols, and which of them changed since their bars were last taken.
///
/// A bar that is taken before its minute is over is the bar so far; it is taken again when something changes. So what a store
/// holds is at every commit exactly what its ticks add up to, and there is no state to lose in a crash.
#[derive(Clone, Debug, Default)]
pub struct Minutes {
    /// By time.
    rows: Vec<Row>,
    /// Minutes of single symbols in all rows.
    len: usize,
    /// How often changed bars were taken: a row's age is counted in it.
    turn: u64,
}

/// All symbols of one minute.
#[derive(Clone, Debug)]
struct Row {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// Where a symbol is among those that are held. Codes come from an exchange and not from an adversary, so the hash is a quick
    /// one.
    places: HashMap<Symbol, usize, FxBuildHasher>,
    held: Vec<Held>,
    /// Some symbol's minute changed.
    changed: bool,
    /// When it last changed.
    turn: u64,
}

#[derive(Clone, Debug)]
struct Held {
    symbol: Symbol,
    changed: bool,
    minute: Minute,
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
        let row = self.rows.get(self.place_of(*minute)).filter(|row| row.start == *minute);
        row.is_some_and(|row| row.places.contains_key(symbol))
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
    #[inline]
    pub fn add(&mut self, tick: &Tick) {
        // Nearly all ticks belong to the newest minute, which needs no search.
        let place = match self.rows.last() {
            Some(newest) if newest.start <= tick.event_time && tick.event_time < newest.end => self.rows.len() - 1,
            _ => self.row_of(minute_of(tick.event_time)),
        };
        let row = &mut self.rows[place];
        row.changed = true;
        row.turn = self.turn;
        let held = match row.places.get(&tick.symbol) {
            Some(place) => &mut row.held[*place],
            None => {
                self.len += 1;
                row.hold(tick.symbol)
            }
        };
        held.changed = true;
        held.minute.add(tick);
    }

    /// Marks the minutes that a stretch of time touches as changed: their coverage may have grown.
    pub fn touch(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) {
        let first = self.place_of(minute_of(from));
        for row in self.rows[first..].iter_mut().take_while(|row| row.start < until) {
            row.held.iter_mut().for_each(|held| held.changed = true);
            row.changed = true;
            row.turn = self.turn;
        }
    }

    /// The time from the first changed minute to the last one's start.
    #[must_use]
    pub fn changed_range(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let mut changed = self.rows.iter().filter(|row| row.changed).map(|row| row.start);
        let first = changed.next()?;
        Some((first, changed.next_back().unwrap_or(first)))
    }

    /// The bars of all minutes that changed since the last call, by time and symbol.
    pub fn take_changed(&mut self, attested: &Attested) -> Vec<Bar> {
        self.turn += 1;
        let stretches = attested.by_symbol();
        let changed = || self.rows.iter().filter(|row| row.changed);
        let mut bars = Vec::with_capacity(changed().map(|row| row.held.len()).sum());
        let mut sorted = Vec::new();
        for row in self.rows.iter_mut().filter(|row| row.changed) {
            row.changed = false;
            let changed = row.held.iter().enumerate().filter(|(_, held)| held.changed);
            sorted.extend(changed.map(|(place, held)| (held.symbol, place)));
            // In one order always: two writers of the same rows must not wait for each other in a circle.
            sorted.sort_unstable();
            for (symbol, place) in sorted.drain(..) {
                let of_symbol = stretches.get(&symbol).map_or(&[][..], Vec::as_slice);
                let held = &mut row.held[place];
                held.changed = false;
                bars.extend(held.minute.bar(symbol, row.start, of_symbol));
            }
        }
        bars
    }

    /// If more than `most` minutes are being worked on, forgets those that did not change for longest, down to about half of
    /// it, and returns the start of the latest one that was forgotten. Minutes that changed since their bars were taken stay.
    pub fn shrink(&mut self, most: usize) -> Option<DateTime<Utc>> {
        if self.len <= most {
            return None;
        }
        let unchanged = self.rows.iter().filter(|row| !row.changed);
        let mut by_age: Vec<_> = unchanged.map(|row| (row.turn, row.start, row.held.len())).collect();
        by_age.sort_unstable();
        let mut kept = self.len;
        let enough = by_age.iter().position(|(.., symbols)| {
            let is_enough = kept <= most / 2;
            kept -= if is_enough { 0 } else { *symbols };
            is_enough
        });
        by_age.truncate(enough.unwrap_or(by_age.len()));
        self.len = kept;
        let oldest = by_age.last().map(|(turn, start, _)| (*turn, *start))?;
        self.rows.retain(|row| row.changed || (row.turn, row.start) > oldest);
        by_age.iter().map(|(_, start, _)| *start).max()
    }

    /// Where the first row is that does not start before a minute.
    fn place_of(&self, minute: DateTime<Utc>) -> usize {
        self.rows.partition_point(|row| row.start < minute)
    }

    /// Where the row of a minute is; there is one then.
    fn row_of(&mut self, minute: DateTime<Utc>) -> usize {
        let place = self.place_of(minute);
        if self.rows.get(place).is_none_or(|row| row.start != minute) {
            // Of a minute that follows, as many symbols will be traded.
            let symbols = if place == self.rows.len() { self.rows.last().map_or(0, |row| row.held.len()) } else { 0 };
            self.rows.insert(place, Row::new(minute, symbols));
        }
        place
    }
}

impl Row {
    fn new(start: DateTime<Utc>, symbols: usize) -> Self {
        Self {
            start,
            end: start.checked_add_signed(TimeDelta::minutes(1)).unwrap_or(start),
            places: HashMap::with_capacity_and_hasher(symbols, FxBuildHasher),
            held: Vec::with_capacity(symbols),
            changed: false,
            turn: 0,
        }
    }

    /// Takes a symbol in.
    fn hold(&mut self, symbol: Symbol) -> &mut Held {
        let place = self.held.len();
        self.places.insert(symbol, place);
        self.held.push(Held { symbol, changed: false, minute: Minute::default() });
        &mut self.held[place]
    }
}
