//! What every adapter needs and no engine has a part in.

use std::{collections::HashMap, fmt::Display, hash::Hash};

use chrono::{DateTime, Utc};
use obs_model::{FeedChange, FeedEvent, Gap, Symbol};

use crate::StoreError;

pub mod portfolio;

/// A cell that does not hold what its table promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCell {
    /// The column.
    pub column: &'static str,
    /// What is wrong with the value.
    pub reason: String,
}

/// A cell that is refused for this reason.
pub fn bad(column: &'static str, reason: impl Display) -> BadCell {
    BadCell { column, reason: reason.to_string() }
}

/// A cell that somebody else checked.
///
/// # Errors
/// [`BadCell`] with the reason, if it was refused.
pub fn checked<T>(column: &'static str, value: Result<T, impl Display>) -> Result<T, BadCell> {
    value.map_err(|error| bad(column, error))
}

/// Reads all rows of a table; `key` names one in an error.
///
/// # Errors
/// [`StoreError::CorruptRow`] for the first row that cannot be read.
pub fn read_all<R, T>(
    table: &'static str,
    rows: &[R],
    key: impl Fn(&R) -> String,
    read: impl Fn(&R) -> Result<T, BadCell>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read_one(table, row, &key, &read)).collect()
}

/// Reads a row of a table; `key` names it in an error.
///
/// # Errors
/// [`StoreError::CorruptRow`] if it cannot be read.
pub fn read_one<R, T>(
    table: &'static str,
    row: &R,
    key: impl Fn(&R) -> String,
    read: impl Fn(&R) -> Result<T, BadCell>,
) -> Result<T, StoreError> {
    read(row).map_err(|BadCell { column, reason }| StoreError::CorruptRow { table, column, row: key(row), reason })
}

/// A count as a column holds it. No file and no line count comes near the limit.
#[must_use]
pub fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The last of the rows with each key, in the order of the keys' first rows: a row is written, and counted, once a batch.
pub fn last_of_each<T, K: Eq + Hash>(rows: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut last = Vec::with_capacity(rows.len());
    let mut places = HashMap::with_capacity(rows.len());
    for row in rows {
        let place = *places.entry(key(row)).or_insert(last.len());
        if place == last.len() {
            last.push(row);
        } else {
            last[place] = row;
        }
    }
    last
}

/// The events that have to be applied, in their order: of many signs of life of a feed in a row the latest says it all.
pub fn telling(events: &[FeedEvent]) -> impl Iterator<Item = &FeedEvent> {
    let next = events.iter().skip(1).map(Some).chain([None]);
    events.iter().zip(next).filter(|(event, next)| !is_overtaken(event, *next)).map(|(event, _)| event)
}

/// Whether the next event is a sign of life of the same feed, and not an older one.
fn is_overtaken(event: &FeedEvent, next: Option<&FeedEvent>) -> bool {
    event.change == FeedChange::Alive
        && next.is_some_and(|next| next.change == FeedChange::Alive && next.feed_id == event.feed_id && next.at >= event.at)
}

/// A gap and one of its symbols: a row of both tables, joined.
#[derive(Clone, Debug, PartialEq)]
pub struct GapRow {
    /// The gap's row number.
    pub id: i64,
    /// The gap, without symbols.
    pub gap: Gap,
    /// The symbol, and when it was back. `None` for a gap of all symbols.
    pub symbol: Option<(Symbol, DateTime<Utc>)>,
}

/// The gaps of some rows, each with all its symbols. Rows of the same gap lie together, in the order of their symbols.
#[must_use]
pub fn gaps_of(rows: &[GapRow]) -> Vec<Gap> {
    rows.chunk_by(|one, next| one.id == next.id).filter_map(gap_of).collect()
}

fn gap_of(rows: &[GapRow]) -> Option<Gap> {
    let mut gap = rows.first()?.gap.clone();
    let touched = || rows.iter().filter_map(|row| row.symbol);
    gap.symbols = touched().map(|(symbol, _)| symbol).collect();
    let end = gap.end();
    Some(gap.with_returns(touched().filter(|(_, back)| *back < end)))
}

#[cfg(test)]
mod tests {
    use obs_model::{FeedId, GapReason, GapScope, SessionId};

    use super::*;

    fn at(second: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(1_769_040_000 + i64::from(second), 0).unwrap()
    }

    #[test]
    fn of_equal_keys_the_last_row_stands_where_the_first_stood() {
        assert_eq!(last_of_each(&[(1, 'a'), (2, 'b'), (1, 'c')], |row| row.0), [&(1, 'c'), &(2, 'b')]);
    }

    #[test]
    fn of_signs_of_life_in_a_row_the_latest_tells() {
        let event = |feed: &str, second, change| FeedEvent {
            feed_id: FeedId::new(feed).unwrap(),
            session_id: SessionId::new("observer-1").unwrap(),
            at: at(second),
            change,
        };
        let alive = |feed, second| event(feed, second, FeedChange::Alive);
        let subscribed = event("a", 2, FeedChange::Subscribed { symbol: "005930".parse().unwrap() });
        // The clock was set back between the last two.
        let events = [alive("a", 1), alive("a", 2), subscribed.clone(), alive("a", 3), alive("b", 4), alive("b", 3)];
        let left = [alive("a", 2), subscribed, alive("a", 3), alive("b", 4), alive("b", 3)];
        assert_eq!(telling(&events).cloned().collect::<Vec<_>>(), left);
    }

    #[test]
    fn a_gap_has_the_symbols_of_its_rows_and_when_those_were_back_before_its_end() {
        let ends = (at(0), at(10));
        let session = SessionId::new("observer-1").unwrap();
        let of = |symbols| Gap::new(ends, GapScope::Scalp, GapReason::WsDisconnect, symbols, session.clone()).unwrap();
        let [early, late]: [Symbol; 2] = ["000660", "005930"].map(|code| code.parse().unwrap());
        let row = |id, symbol| GapRow { id, gap: of(Vec::new()), symbol };
        let rows = [row(1, Some((early, at(4)))), row(1, Some((late, at(10)))), row(2, None), row(3, Some((late, at(10))))];
        let expected = [of(vec![early, late]).with_returns([(early, at(4))]), of(Vec::new()), of(vec![late])];
        assert_eq!(gaps_of(&rows), expected);
    }
}
