//! What to verify, and when that was.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, Symbol};
use obs_schema::Decoder;
use obs_store::TimeRange;

/// What to verify.
#[derive(Clone, Debug)]
pub struct Request {
    /// The archive's files, in the order of loading.
    pub files: Vec<PathBuf>,
    /// Reads their lines, as the one that loaded them did.
    pub decoder: Decoder,
    /// When there were sessions.
    pub calendar: Calendar,
    /// The first trading day to look at; `None` for all.
    pub from: Option<NaiveDate>,
    /// The last trading day to look at.
    pub to: Option<NaiveDate>,
    /// The one symbol to look at; `None` for all.
    pub symbol: Option<Symbol>,
}

impl Request {
    pub(crate) fn is_wanted(&self, day: NaiveDate, symbol: Symbol) -> bool {
        self.has_day(day) && self.symbol.is_none_or(|wanted| wanted == symbol)
    }

    pub(crate) fn has_day(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    pub(crate) fn is_of_all(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.symbol.is_none()
    }

    /// The time of the days to look at.
    pub(crate) fn range(&self) -> TimeRange {
        let (ever, forever) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        TimeRange {
            from: self.from.map_or(ever, |day| TimeRange::of_day(day).from),
            until: self.to.map_or(forever, |day| TimeRange::of_day(day).until),
        }
    }
}

/// The part of a range that lies before an instant.
pub(crate) fn until(range: TimeRange, instant: DateTime<Utc>) -> TimeRange {
    TimeRange { from: range.from, until: range.until.min(instant).max(range.from) }
}

/// The windows of a day whose rows are in memory at once, one after the other. They hold whole minutes.
pub(crate) fn windows_of(range: TimeRange) -> impl Iterator<Item = TimeRange> {
    let length = TimeDelta::minutes(10);
    let windows =
        (0..144).map(move |nth| TimeRange { from: range.from + length * nth, until: range.from + length * (nth + 1) });
    windows.take_while(move |window| window.from < range.until).map(move |window| until(window, range.until))
}
