//! Bars and coverage from stored ticks. SQLite has no functions of its own for them, so `obs-aggregate` works them out here.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Minute, Minutes};
use obs_model::{Bar, Coverage, Symbol, minute_of};
use obs_store::TimeRange;
use sqlx::SqlitePool;

use crate::{error::Failure, feeds, ticks};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Ticks of so much time are in memory at once.
const PIECE: TimeDelta = TimeDelta::hours(1);

pub(crate) async fn aggregate(pool: &SqlitePool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let TimeRange { mut from, until } = whole_minutes(range);
    let mut bars = Vec::new();
    while let Some(first) = ticks::oldest(pool, TimeRange { from, until }, symbol).await? {
        let start = minute_of(first);
        let piece = TimeRange { from: start, until: until.min(start + PIECE) };
        let mut minutes = Minutes::default();
        ticks::ticks(pool, piece, symbol).await?.iter().for_each(|tick| minutes.add(tick));
        bars.extend(minutes.take_changed(&Attested::new(feeds::sessions(pool, piece).await?)));
        from = piece.until;
    }
    bars.sort_by_key(|bar| (bar.symbol, bar.bar_time));
    Ok(bars)
}

pub(crate) async fn coverage(
    pool: &SqlitePool,
    range: TimeRange,
    symbol: Symbol,
) -> Result<Vec<(DateTime<Utc>, Coverage)>, Failure> {
    let range = whole_minutes(range);
    let mut minutes: BTreeMap<DateTime<Utc>, Minute> = BTreeMap::new();
    for tick in ticks::ticks(pool, range, Some(symbol)).await? {
        minutes.entry(minute_of(tick.event_time)).or_default().add(&tick);
    }
    let mut stretches = Attested::new(feeds::sessions(pool, range).await?).by_symbol();
    let stretches = stretches.remove(&symbol).unwrap_or_default();
    let mut found = Vec::new();
    let mut minute = range.from;
    while minute < range.until {
        let held = minutes.remove(&minute).unwrap_or_default();
        found.push((minute, held.coverage(minute, &stretches)));
        minute += MINUTE;
    }
    Ok(found)
}

/// From the first minute that starts in a range to the end of the last one.
fn whole_minutes(range: TimeRange) -> TimeRange {
    let up = |instant: DateTime<Utc>| match minute_of(instant) {
        start if start == instant => start,
        start => start.checked_add_signed(MINUTE).unwrap_or(start),
    };
    TimeRange { from: up(range.from), until: up(range.until) }
}
