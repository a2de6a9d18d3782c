//! One symbol's count of one day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::DayShares;

/// When a trade happened, by the exchange's clock, and when it reached us, by ours.
type Moment = (DateTime<Utc>, DateTime<Utc>);

/// A trade that accounts for the shares between two totals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) received_at: DateTime<Utc>,
}

impl Trade {
    const fn moment(&self) -> Moment {
        (self.at, self.received_at)
    }
}

/// A count from its first recorded trade on.
#[derive(Clone, Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Where the first recorded trade begins, and when it happened.
    first: (i64, Moment),
    /// The highest total so far, and when the trade that reached it happened.
    top: (i64, Moment),
    /// Unaccounted stretches by their start, all between the first and the top.
    pub(super) holes: BTreeMap<i64, Hole>,
    /// The day's counts before this one.
    pub(super) earlier: DayShares,
    /// The next trade is the first of another run of the recorder.
    pub(super) is_of_another_run: bool,
    /// A trade that may be the first of a new count.
    suspect: Option<Trade>,
    /// The last trade became the suspect.
    suspended: bool,
}

/// Shares between two totals that nothing accounts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    pub(super) end: i64,
    pub(super) after: Moment,
    pub(super) before: Moment,
    /// By our clock.
    pub(super) noticed: DateTime<Utc>,
    /// Whether it was told. It stays, because it still counts as missing.
    pub(super) told: bool,
}

impl Day {
    pub(super) const fn new(date: NaiveDate, trade: &Trade) -> Self {
        Self {
            date,
            first: (trade.from, trade.moment()),
            top: (trade.until, trade.moment()),
            holes: BTreeMap::new(),
            earlier: DayShares { recorded: 0, before: 0, missing: 0 },
            is_of_another_run: false,
            suspect: None,
            suspended: false,
        }
    }

    /// The first trade of a new count, if this one shows that there is one. Otherwise [`Self::is_suspended`] says whether this
    /// one may be the first.
    pub(super) fn starts_again(&mut self, trade: &Trade) -> Option<Trade> {
        let is_first_of_run = std::mem::take(&mut self.is_of_another_run);
        self.suspended = false;
        if trade.from >= self.top.0 {
            self.suspect = None;
            return None;
        }
        if let Some(first) = self.suspect.filter(|first| trade.from >= first.until && trade.until < self.top.0) {
            return Some(first);
        }
        // A late record is no later than the highest total; it may be as late, because the exchange tells whole seconds.
        if trade.until < self.top.0 && (is_first_of_run || trade.at > self.top.1.0) {
            self.suspect = Some(*trade);
            self.suspended = true;
        }
        None
    }

    /// Whether the last trade that was asked about waits for another one to confirm it.
    pub(super) const fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Takes a trade of this count, and says whether it leaves a new hole.
    pub(super) fn take(&mut self, trade: &Trade) -> bool {
        let hole = |end, after, before| Hole { end, after, before, noticed: trade.received_at, told: false };
        if trade.from >= self.top.0 {
            let leaves = trade.from > self.top.0;
            if leaves {
                self.holes.insert(self.top.0, hole(trade.from, self.top.1, trade.moment()));
            }
            self.top = (trade.until, trade.moment());
            leaves
        } else if trade.until <= self.first.0 {
            // Earlier than everything so far: what lies between is as unknown as what lies before.
            let leaves = trade.until < self.first.0;
            if leaves {
                self.holes.insert(trade.until, hole(self.first.0, trade.moment(), self.first.1));
            }
            self.first = (trade.from, trade.moment());
            leaves
        } else {
            self.fill(trade);
            // One that reaches over an end moves it.
            if trade.until > self.top.0 {
                self.top = (trade.until, trade.moment());
            }
            if trade.from < self.first.0 {
                self.first = (trade.from, trade.moment());
            }
            false
        }
    }

    /// Goes on to a total, or back to one from before the first, without a hole in between.
    pub(super) fn reach(&mut self, trade: &Trade) {
        if trade.until > self.top.0 {
            self.top = (trade.until, trade.moment());
        } else if trade.until < self.first.0 {
            self.first = (trade.until, trade.moment());
        }
    }

    /// Takes the shares of a trade out of the holes.
    fn fill(&mut self, trade: &Trade) {
        let touched: Vec<i64> = self
            .holes
            .range(..trade.until)
            .rev()
            .take_while(|(_, hole)| hole.end > trade.from)
            .map(|(start, _)| *start)
            .collect();
        for start in touched {
            let Some(hole) = self.holes.remove(&start) else { continue };
            if start < trade.from {
                self.holes.insert(start, Hole { end: trade.from, before: trade.moment(), ..hole });
            }
            if trade.until < hole.end {
                self.holes.insert(trade.until, Hole { after: trade.moment(), ..hole });
            }
        }
    }

    /// Whether the shares between two totals lie in a hole.
    pub(super) fn misses(&self, from: i64, until: i64) -> bool {
        self.holes.range(..=from).next_back().is_some_and(|(_, hole)| until <= hole.end)
    }

    /// The holes that nobody was told of, by their start.
    pub(super) fn untold(&self) -> impl Iterator<Item = (i64, Hole)> + '_ {
        self.holes.iter().filter(|(_, hole)| !hole.told).map(|(start, hole)| (*start, *hole))
    }

    /// All counts of the day together.
    pub(super) fn shares(&self) -> DayShares {
        let missing: i64 = self.holes.iter().map(|(start, hole)| hole.end - start).sum();
        let recorded = self.top.0 - self.first.0 - missing;
        DayShares {
            recorded: self.earlier.recorded.saturating_add(recorded),
            before: self.earlier.before.saturating_add(self.first.0),
            missing: self.earlier.missing.saturating_add(missing),
        }
    }
}
