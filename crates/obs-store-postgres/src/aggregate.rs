//! Bars and coverage from stored ticks.
//!
//! The functions of migration 006 make the same bars; they are for those who ask in SQL. Sending the columns that a bar needs
//! costs the server a quarter of what aggregating them does, and `obs-aggregate` keeps up with it.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use obs_aggregate::{Attested, Minutes};
use obs_model::{Bar, Coverage, QualityFlag, SessionId, Symbol, Tick, minute_of};
use obs_store::{
    TimeRange,
    adapter::{BadCell, checked, read_all, read_one},
};
use sqlx::{PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    error::Failure,
    feeds,
    row::{cell, instant, parsed, price_or_none, quantity_or_none},
    ticks::{key, restrict},
    wire::Instant,
};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Ticks of one statement. Of so much time the server reads them in the order of an index, and sorts a second at once.
const PIECE: TimeDelta = TimeDelta::hours(1);

pub(crate) async fn aggregate(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let TimeRange { mut from, until } = whole_minutes(range);
    let mut bars = Vec::new();
    while let Some(first) = oldest(pool, TimeRange { from, until }, symbol).await? {
        let start = minute_of(first);
        let piece = TimeRange { from: start, until: until.min(start.checked_add_signed(PIECE).unwrap_or(until)) };
        let mut minutes = Minutes::default();
        add_ticks(pool, piece, symbol, &mut minutes).await?;
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

/// Adds the ticks of a range by time and arrival, while the server sends them.
async fn add_ticks(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>, minutes: &mut Minutes) -> Result<(), Failure> {
    let mut query =
        QueryBuilder::new("SELECT id, symbol, event_time, last_price, volume, session_id FROM scalp_ticks WHERE ");
    restrict(&mut query, "event_time", range, symbol);
    query.push(" ORDER BY event_time, id");
    let mut rows = query.build().fetch(pool);
    let mut session: Option<SessionId> = None;
    while let Some(row) = rows.try_next().await? {
        let tick = read_one("scalp_ticks", &row, key, |row| read(row, session.as_ref()))?;
        minutes.add(&tick);
        session = Some(tick.session_id);
    }
    Ok(())
}

/// What a bar needs of a tick. Most are of the same session as the one before, whose name is shared then.
fn read(row: &PgRow, last_session: Option<&SessionId>) -> Result<Tick, BadCell> {
    let name = cell::<&str>(row, "session_id")?;
    let session_id = match last_session {
        Some(last) if last.as_str() == name => last.clone(),
        _ => checked("session_id", name.parse())?,
    };
    Ok(Tick {
        symbol: parsed(row, "symbol")?,
        event_time: instant(row, "event_time")?,
        last_price: price_or_none(row, "last_price")?,
        volume: quantity_or_none(row, "volume")?,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
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
