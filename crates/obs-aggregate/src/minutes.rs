//! The minutes that are being worked on.

use std::collections::{BTreeMap, BTreeSet};

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
    open: BTreeMap<MinuteKey, Minute>,
    changed: BTreeSet<MinuteKey>,
}

impl Minutes {
    /// The key of a tick's minute.
    #[must_use]
    pub fn key_of(tick: &Tick) -> MinuteKey {
        (minute_of(tick.event_time), tick.symbol)
    }

    /// Whether the minute is being worked on. For one that is not, earlier ticks may have to be added first.
    #[must_use]
    pub fn contains(&self, key: &MinuteKey) -> bool {
        self.open.contains_key(key)
    }

    /// Adds a tick, in order of arrival.
    pub fn add(&mut self, tick: &Tick) {
        let key = Self::key_of(tick);
        self.open.entry(key).or_default().add(tick);
        self.changed.insert(key);
    }

    /// Marks the minutes that a stretch of time touches as changed: their coverage may have grown.
    pub fn touch(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) {
        let touched = self.open.keys().skip_while(|(minute, _)| *minute < minute_of(from));
        self.changed.extend(touched.take_while(|(minute, _)| *minute < until).copied());
    }

    /// The time from the first changed minute to the last one's start.
    #[must_use]
    pub fn changed_range(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        Some((self.changed.first()?.0, self.changed.last()?.0))
    }

    /// The bars of all minutes that changed since the last call.
    pub fn take_changed(&mut self, attested: &Attested) -> Vec<Bar> {
        let stretches = attested.by_symbol();
        let none = Vec::new();
        std::mem::take(&mut self.changed)
            .into_iter()
            .filter_map(|key| {
                let of_symbol = stretches.get(&key.1).unwrap_or(&none);
                self.open.get(&key)?.bar(key.1, key.0, of_symbol)
            })
            .collect()
    }

    /// Forgets the minutes that start before an instant, unless they changed since their bars were taken.
    pub fn forget_before(&mut self, instant: DateTime<Utc>) {
        let changed = &self.changed;
        self.open.retain(|key, _| key.0 >= instant || changed.contains(key));
    }
}
