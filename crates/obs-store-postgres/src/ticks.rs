//! Reading ticks. They are written in `copy`.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use obs_model::{Symbol, Tick};
use obs_store::{TimeRange, adapter::read_one};
use sqlx::{PgPool, Postgres, QueryBuilder, postgres::PgRow};

use crate::{
    error::Failure,
    row::{BadCell, cell, instant, level, parsed, price_or_none, quantity_or_none},
    wire::Instant,
};

pub(crate) async fn ticks(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT id, symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id, \
         mitigation_level, quality_flag FROM scalp_ticks WHERE ",
    );
    restrict(&mut query, "event_time", range, symbol);
    query.push(" ORDER BY event_time, id");
    // While the server is still sending: an hour of a symbol has thousands of rows.
    let mut rows = query.build().fetch(pool);
    let mut ticks = Vec::new();
    while let Some(row) = rows.try_next().await? {
        ticks.push(read_one("scalp_ticks", &row, key, read)?);
    }
    Ok(ticks)
}

pub(crate) async fn newest(pool: &PgPool) -> Result<Option<DateTime<Utc>>, Failure> {
    let newest: Option<Instant> = sqlx::query_scalar("SELECT max(event_time) FROM scalp_ticks").fetch_one(pool).await?;
    Ok(newest.map(|instant| instant.0))
}

/// Adds the conditions of a range of time and, if there is one, of a symbol.
///
/// One statement for both would be planned once, without knowing whether the symbol restricts it.
pub(crate) fn restrict(query: &mut QueryBuilder<Postgres>, column: &'static str, range: TimeRange, symbol: Option<Symbol>) {
    query.push(column).push(" >= ").push_bind(Instant::bound(range.from));
    query.push(" AND ").push(column).push(" < ").push_bind(Instant::bound(range.until));
    if let Some(symbol) = symbol {
        query.push(" AND symbol = ").push_bind(symbol.as_str());
    }
}

/// A row's number, for an error.
pub(crate) fn key(row: &PgRow) -> String {
    cell::<i64>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string())
}

pub(crate) fn read(row: &PgRow) -> Result<Tick, BadCell> {
    Ok(Tick {
        symbol: parsed(row, "symbol")?,
        event_time: instant(row, "event_time")?,
        last_price: price_or_none(row, "last_price")?,
        volume: quantity_or_none(row, "volume")?,
        bid_price: price_or_none(row, "bid_price")?,
        ask_price: price_or_none(row, "ask_price")?,
        bid_size: quantity_or_none(row, "bid_size")?,
        ask_size: quantity_or_none(row, "ask_size")?,
        session_id: parsed(row, "session_id")?,
        mitigation_level: level(row, "mitigation_level")?,
        quality_flag: parsed(row, "quality_flag")?,
    })
}
