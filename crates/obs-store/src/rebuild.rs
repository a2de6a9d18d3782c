//! Making derived rows again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use obs_model::{Bar, Gap, Symbol};

use crate::{
    TimeRange,
    adapter::{GapRow, gaps_of},
};

/// Derived rows of some time, as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// The time in which bars and gaps start.
    pub range: TimeRange,
    /// Of which symbol the bars are; `None` for all.
    pub symbol: Option<Symbol>,
    /// All one-minute bars, but for those that came as records.
    pub bars: Vec<Bar>,
    /// All gaps; `None` if nothing is known about them.
    pub gaps: Option<Vec<Gap>>,
}

/// What making rows again did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// One-minute bars.
    pub bars: Rewritten,
    /// Gaps. One that differs is taken away and written.
    pub gaps: Rewritten,
}

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Rows that were not there, or not like that.
    pub written: u64,
    /// Rows that were as they should be.
    pub unchanged: u64,
    /// Rows that should not be there.
    pub removed: u64,
}

impl Rebuilt {
    /// Adds what was done elsewhere.
    pub const fn merge(&mut self, other: &Self) {
        self.bars.merge(other.bars);
        self.gaps.merge(other.gaps);
    }
}

impl Rewritten {
    const fn merge(&mut self, other: Self) {
        self.written += other.written;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
    }
}

/// A row of `scalp_1m_bars`, as far as it can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBar {
    /// Its symbol, which may be none that exists.
    pub symbol: String,
    /// Its time, which may be no minute's start.
    pub bar_time: DateTime<Utc>,
    /// It came as a record, so that aggregation keeps off it.
    pub recorded: bool,
    /// What it says; `None` if its values make no bar.
    pub bar: Option<Bar>,
}

/// What an adapter has to do about bars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChanges {
    /// Bars to write over whatever stands at their key.
    pub write: Vec<Bar>,
    /// Keys to remove.
    pub remove: Vec<(String, DateTime<Utc>)>,
    unchanged: u64,
}

/// What an adapter has to do about gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GapChanges {
    /// Gaps to write.
    pub write: Vec<Gap>,
    /// Row numbers to remove.
    pub remove: Vec<i64>,
    unchanged: u64,
}

impl Derived {
    /// What is to be done about the stored bars of the range and the symbol.
    #[must_use]
    pub fn bar_changes(&self, stored: &[StoredBar]) -> BarChanges {
        let mut wanted: HashMap<_, _> = self.bars.iter().map(|bar| ((bar.symbol.as_str(), bar.bar_time), bar)).collect();
        let mut changes = BarChanges::default();
        let mut right = HashSet::new();
        for row in stored {
            let key = (row.symbol.as_str(), row.bar_time);
            match wanted.get(&key) {
                _ if row.recorded => drop(wanted.remove(&key)),
                Some(bar) if row.bar.as_ref() == Some(bar) => drop(right.insert((bar.symbol, bar.bar_time))),
                Some(_) => {}
                None => changes.remove.push((row.symbol.clone(), row.bar_time)),
            }
        }
        changes.unchanged = right.len() as u64;
        // In the order of the bars, in which all writers write.
        let is_wanted = |bar: &&Bar| {
            wanted.contains_key(&(bar.symbol.as_str(), bar.bar_time)) && !right.contains(&(bar.symbol, bar.bar_time))
        };
        changes.write = self.bars.iter().filter(is_wanted).cloned().collect();
        changes
    }

    /// What is to be done about the stored gaps that touch the range; of rows that start before it, nothing.
    #[must_use]
    pub fn gap_changes(&self, stored: &[GapRow]) -> GapChanges {
        let mut changes = GapChanges::default();
        let Some(gaps) = &self.gaps else { return changes };
        let mut wanted: HashMap<Gap, u64> = HashMap::new();
        for gap in gaps {
            *wanted.entry(as_stored(gap)).or_default() += 1;
        }
        for rows in stored.chunk_by(|one, next| one.id == next.id).filter(|rows| rows[0].gap.start() >= self.range.from) {
            let found = gaps_of(rows).first().and_then(|gap| wanted.get_mut(gap)).filter(|waiting| **waiting > 0);
            match found {
                Some(waiting) => {
                    *waiting -= 1;
                    changes.unchanged += 1;
                }
                None => changes.remove.push(rows[0].id),
            }
        }
        // In the order in which they were told.
        for gap in gaps {
            if let Some(waiting) = wanted.get_mut(&as_stored(gap)).filter(|waiting| **waiting > 0) {
                *waiting -= 1;
                changes.write.push(gap.clone());
            }
        }
        changes
    }
}

impl BarChanges {
    /// How many they are.
    #[must_use]
    pub const fn counts(&self) -> Rewritten {
        Rewritten { written: self.write.len() as u64, unchanged: self.unchanged, removed: self.remove.len() as u64 }
    }
}

impl GapChanges {
    /// How many they are.
    #[must_use]
    pub const fn counts(&self) -> Rewritten {
        Rewritten { written: self.write.len() as u64, unchanged: self.unchanged, removed: self.remove.len() as u64 }
    }
}

/// A gap with its symbols as tables hold them: in order, each once.
fn as_stored(gap: &Gap) -> Gap {
    let mut stored = gap.clone();
    stored.symbols.sort_unstable();
    stored.symbols.dedup();
    stored
}
