//! Bars and coverage from stored ticks.
//!
//! The functions of migration 006 make the same bars; they are for those who ask in SQL. Sending the columns that a bar needs
//! costs the server a quarter of what aggregating them does, and `obs-aggregate` keeps up with it.

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Minutes};
use obs_model::{Bar, Coverage, Symbol, minute_of};
use obs_store::{
    TimeRange,
    adapter::{checked, read_all},
};
use sqlx::{PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    error::Failure,
    feeds,
    row::{cell, instant},
    ticks::restrict,
    traded,
    wire::Instant,
};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Ticks of so much time are in memory at once.
const PIECE: TimeDelta = TimeDelta::minutes(10);

pub(crate) async fn aggregate(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let TimeRange { mut from, until } = whole_minutes(range);
    let mut connection = traded::connection(pool).await?;
    let mut bars = Vec::new();
    while let Some(first) = oldest(pool, TimeRange { from, until }, symbol).await? {
        let start = minute_of(first);
        let piece = TimeRange { from: start, until: until.min(start.checked_add_signed(PIECE).unwrap_or(until)) };
        let mut minutes = Minutes::default();
        traded::ticks(&mut connection, piece, symbol).await?.iter().for_each(|tick| minutes.add(tick));
        bars.extend(minutes.take_changed(&Attested::new(feeds::sessions(pool, piece).await?)));
        from = piece.until;
    }
    bars.sort_by_key(|bar| (bar.symbol, bar.bar_time));
    Ok(bars)
}

/// The event time of the oldest tick of a range, of one symbol or of all.
async fn oldest(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Option<DateTime<Utc>>, Failure> {
    let mut query = QueryBuilder::new("SELECT min(event_time) FROM scalp_ticks WHERE ");
    restrict(&mut query, "event_time", range, symbol);
    let oldest: Option<Instant> = query.build_query_scalar().fetch_one(pool).await?;
    Ok(oldest.map(|instant| instant.0))
}

/// From the first minute that starts in a range to the end of the last one.
fn whole_minutes(range: TimeRange) -> TimeRange {
    let up = |instant: DateTime<Utc>| match minute_of(instant) {
        start if start == instant => start,
        start => start.checked_add_signed(MINUTE).unwrap_or(start),
    };
    TimeRange { from: up(range.from), until: up(range.until) }
}

pub(crate) async fn coverage(
    pool: &PgPool,
    range: TimeRange,
    symbol: Symbol,
) -> Result<Vec<(DateTime<Utc>, Coverage)>, Failure> {
    let rows = sqlx::query(
        "SELECT minute, observer_coverage($3, minute) AS coverage \
         FROM generate_series(date_bin('1 minute', $1::timestamptz + INTERVAL '59.999999 s', TIMESTAMPTZ 'epoch'), \
                              $2::timestamptz - INTERVAL '1 microsecond', INTERVAL '1 minute') AS minute \
         ORDER BY minute",
    )
    .bind(Instant::bound(range.from))
    .bind(Instant::bound(range.until))
    .bind(symbol.as_str())
    .fetch_all(pool)
    .await?;
    let key = |row: &PgRow| instant(row, "minute").map_or_else(|_| "?".to_owned(), |minute| format!("{symbol} {minute}"));
    let read = |row: &PgRow| Ok((instant(row, "minute")?, checked("coverage", Coverage::new(cell(row, "coverage")?))?));
    Ok(read_all("observer_coverage", &rows, key, read)?)
}
