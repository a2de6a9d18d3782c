//! Bars and coverage that the database works out itself, by the functions of migration 006.

use chrono::{DateTime, Utc};
use obs_model::{Bar, Coverage, Symbol};
use obs_store::TimeRange;
use sqlx::{PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    bars,
    error::Failure,
    row::{cell, checked, instant, read_all, symbol_and},
    wire::Instant,
};

pub(crate) async fn aggregate(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag \
         FROM observer_aggregate_1m(",
    );
    query.push_bind(Instant::bound(range.from)).push(", ").push_bind(Instant::bound(range.until)).push(")");
    if let Some(symbol) = symbol {
        query.push(" WHERE symbol = ").push_bind(symbol.as_str());
    }
    query.push(" ORDER BY symbol COLLATE \"C\", bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("observer_aggregate_1m", &rows, |row| symbol_and(row, "bar_time"), bars::read)?)
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
