//! Which stocks Track A asks for.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use chrono::NaiveDate;
use obs_kis::Market;
use obs_model::{Price, Symbol};

mod error;
mod file;
mod last_good;
mod load;
mod master;

pub use error::UniverseError;
pub use file::read_list;
pub use last_good::LAST_GOOD;
pub use load::{LoadSettings, Loaded, UniverseSource, Warning, load};
pub use master::read_master;

/// The stocks of one day, in the order of their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Universe {
    /// The trading day whose close the rule used.
    pub date: NaiveDate,
    /// The stocks, each once.
    pub members: Vec<Member>,
    /// Where the list came from.
    pub source: Source,
    /// How many entries of it are no members, by reason.
    pub dropped: BTreeMap<Dropped, usize>,
}

/// A stock that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its code.
    pub symbol: Symbol,
    /// Its Korean name, where the list tells it.
    pub name: Option<String>,
    /// Its close on the universe's date in won, adjusted for splits and the like; `None` where nobody told it.
    pub previous_close: Option<Price>,
    /// The market it is listed on, where the list tells it.
    pub market: Option<Market>,
}

/// Where a universe came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of the user's.
    File(PathBuf),
    /// The broker's master files.
    Broker,
    /// The last good one, because its source failed.
    LastGood,
}

/// Why an entry of a list is no member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// Its previous close is below the minimum.
    BelowMinimum,
    /// It is no stock: a fund, a warrant, a trust, a depositary receipt.
    NotAStock,
    /// It stood in the list before.
    Duplicate,
    /// Its line cannot be read.
    Unreadable,
}

impl Dropped {
    /// A short name for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BelowMinimum => "below_minimum",
            Self::NotAStock => "not_a_stock",
            Self::Duplicate => "duplicate",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Broker => f.write_str("the broker's master files"),
            Self::LastGood => f.write_str("the last good universe"),
        }
    }
}

/// A list as it was read, before any rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What could be read, each symbol once, in the order of the list.
    pub members: Vec<Member>,
    /// What could not, in the order of the list.
    pub problems: Vec<LineProblem>,
    /// How many entries are left out, by reason.
    pub dropped: BTreeMap<Dropped, usize>,
}

/// A line that gave no member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl Listing {
    fn add(&mut self, line: u64, member: Member, known: &mut BTreeMap<Symbol, u64>) {
        if let Some(first) = known.get(&member.symbol) {
            self.leave_out(line, Dropped::Duplicate, format!("{} stands in line {first} already", member.symbol));
            return;
        }
        known.insert(member.symbol, line);
        self.members.push(member);
    }

    fn leave_out(&mut self, line: u64, reason: Dropped, problem: String) {
        self.count(reason);
        self.problems.push(LineProblem { line, problem });
    }

    fn count(&mut self, reason: Dropped) {
        *self.dropped.entry(reason).or_default() += 1;
    }

    /// The universe of those whose previous close, on `date`, is at least `minimum` won. Without a minimum all of them stay, and
    /// so do those whose close nobody knows: a list names them on purpose, and a stock that is asked for in vain only costs
    /// calls.
    #[must_use]
    pub fn into_universe(mut self, date: NaiveDate, minimum: Option<Price>, source: Source) -> Universe {
        let is_below =
            |member: &Member| minimum.is_some_and(|minimum| member.previous_close.is_some_and(|close| close < minimum));
        let (dropped, mut members): (Vec<_>, Vec<_>) = self.members.into_iter().partition(is_below);
        if !dropped.is_empty() {
            self.dropped.insert(Dropped::BelowMinimum, dropped.len());
        }
        members.sort_by_key(|member| member.symbol);
        Universe { date, members, source, dropped: self.dropped }
    }
}

impl Universe {
    /// The symbols, in order.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = Symbol> + '_ {
        self.members.iter().map(|member| member.symbol)
    }
}
