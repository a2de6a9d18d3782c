//! Ticks.

use std::{
    iter,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, Utc};
use obs_model::{Price, Quantity, Symbol, Tick};
use obs_store::{Committed, Table, TimeRange};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    error::Failure,
    row::{
        BadCell, Bound, bind_price, bound_text, cell, cell_or_none, instant, instant_text, level, parsed, parsed_instant,
        price_or_none, quantity_or_none, read_all,
    },
};

/// Rows of one statement: enough that the way to the engine's thread costs little, and 2,200 values of the 32,766 allowed.
const PIECE: usize = 200;
const INSERT: &str = "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, \
     session_id, mitigation_level, quality_flag) VALUES ";
const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Only two statements, so that both stay prepared: for a whole piece, and for a row of the rest.
static INSERT_PIECE: LazyLock<Arc<str>> = LazyLock::new(|| insert(PIECE));
static INSERT_ROW: LazyLock<Arc<str>> = LazyLock::new(|| insert(1));

fn insert(rows: usize) -> Arc<str> {
    let rows: Vec<_> = iter::repeat_n(ROW, rows).collect();
    Arc::from(format!("{INSERT}{}", rows.join(", ")))
}

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    ticks: &[Tick],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let pieces = ticks.chunks_exact(PIECE);
    let rest = pieces.remainder().chunks(1).map(|row| (row, &*INSERT_ROW));
    for (rows, statement) in pieces.map(|piece| (piece, &*INSERT_PIECE)).chain(rest) {
        let query = sqlx::query(AssertSqlSafe(Arc::clone(statement)));
        let written = rows.iter().fold(query, bind).execute(&mut *connection).await?;
        committed.add(Table::ScalpTicks, written.rows_affected(), 0);
    }
    Ok(())
}

pub(crate) async fn ticks(pool: &SqlitePool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT id, symbol, event_time, CAST(bid_price AS TEXT) AS bid_price, CAST(ask_price AS TEXT) AS ask_price, bid_size, \
         ask_size, CAST(last_price AS TEXT) AS last_price, volume, session_id, mitigation_level, quality_flag \
         FROM scalp_ticks WHERE ",
    );
    restrict(&mut query, "event_time", range, symbol);
    query.push(" ORDER BY event_time, id");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("scalp_ticks", &rows, key, read)?)
}

pub(crate) async fn newest(pool: &SqlitePool) -> Result<Option<DateTime<Utc>>, Failure> {
    let rows = sqlx::query("SELECT max(event_time) AS event_time FROM scalp_ticks").fetch_all(pool).await?;
    read_extreme(&rows)
}

/// The event time of the oldest tick of a range, of one symbol or of all.
pub(crate) async fn oldest(
    pool: &SqlitePool,
    range: TimeRange,
    symbol: Option<Symbol>,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let mut query = QueryBuilder::new("SELECT min(event_time) AS event_time FROM scalp_ticks WHERE ");
    restrict(&mut query, "event_time", range, symbol);
    read_extreme(&query.build().fetch_all(pool).await?)
}

/// The only cell of the only row; NULL where there are no ticks.
fn read_extreme(rows: &[SqliteRow]) -> Result<Option<DateTime<Utc>>, Failure> {
    let read = |row: &SqliteRow| {
        let text = cell_or_none::<&str>(row, "event_time")?;
        text.map(|text| parsed_instant("event_time", text)).transpose()
    };
    let found = read_all("scalp_ticks", rows, |_| "of an extreme".to_owned(), read)?;
    Ok(found.into_iter().flatten().next())
}

/// Adds the conditions of a range of time and, if there is one, of a symbol.
pub(crate) fn restrict(query: &mut QueryBuilder<Sqlite>, column: &'static str, range: TimeRange, symbol: Option<Symbol>) {
    query.push(column).push(" >= ").push_bind(bound_text(range.from));
    query.push(" AND ").push(column).push(" < ").push_bind(bound_text(range.until));
    if let Some(symbol) = symbol {
        query.push(" AND symbol = ").push_bind(symbol.as_str());
    }
}

fn bind<'q>(query: Bound<'q>, tick: &Tick) -> Bound<'q> {
    let query = query.bind(tick.symbol.as_str()).bind(instant_text(tick.event_time));
    // These two columns admit no NULL: 0 says that there is no price.
    let query = bind_price_or_zero(bind_price_or_zero(query, tick.bid_price), tick.ask_price);
    let query = query.bind(tick.bid_size.map(Quantity::shares)).bind(tick.ask_size.map(Quantity::shares));
    bind_price(query, tick.last_price)
        .bind(tick.volume.map(Quantity::shares))
        .bind(tick.session_id.as_str())
        .bind(i64::from(tick.mitigation_level))
        .bind(tick.quality_flag.as_str())
}

fn bind_price_or_zero(query: Bound<'_>, price: Option<Price>) -> Bound<'_> {
    match price {
        None => query.bind(0),
        Some(_) => bind_price(query, price),
    }
}

/// A row's number, for an error.
pub(crate) fn key(row: &SqliteRow) -> String {
    cell::<i64>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string())
}

pub(crate) fn read(row: &SqliteRow) -> Result<Tick, BadCell> {
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
