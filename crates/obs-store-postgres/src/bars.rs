//! One-minute and ten-minute bars.

use obs_model::{Bar, Coverage, Ohlc, Price, Quantity, SwingBar, Symbol};
use obs_store::{Committed, Table, TimeRange, adapter::last_of_each};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    error::Failure,
    row::{
        BadCell, cell, checked, instant, level, parsed, price, price_or_none, quantity, quantity_or_none, read_all,
        symbol_and,
    },
    ticks::restrict,
    wire::Instant,
};

/// Writes bars that came as records, and remembers that they did.
pub(crate) async fn record(
    connection: &mut PgConnection,
    bars: &[Bar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let bars = last_of_each(bars, |bar| (bar.symbol, bar.bar_time));
    if bars.is_empty() {
        return Ok(());
    }
    write(connection, &bars, true, committed).await?;
    sqlx::query(
        "INSERT INTO recorded_bars (symbol, bar_time) SELECT * FROM unnest($1::text[], $2::timestamptz[]) \
         ON CONFLICT (symbol, bar_time) DO NOTHING",
    )
    .bind(column(&bars, |bar| bar.symbol.to_string()))
    .bind(column(&bars, |bar| Instant(bar.bar_time)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes bars that aggregation made, except where a recorded one stands.
pub(crate) async fn derive(
    connection: &mut PgConnection,
    bars: &[Bar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let bars = last_of_each(bars, |bar| (bar.symbol, bar.bar_time));
    if bars.is_empty() {
        return Ok(());
    }
    write(connection, &bars, false, committed).await
}

async fn write(
    connection: &mut PgConnection,
    bars: &[&Bar],
    over_recorded: bool,
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let counts = sqlx::query_as(
        "WITH written AS ( \
             INSERT INTO scalp_1m_bars \
                 (symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag) \
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], \
                                  $7::bigint[], $8::double precision[], $9::text[], $10::text[]) \
                 AS bar (symbol, bar_time) \
             WHERE $11 OR NOT EXISTS ( \
                 SELECT FROM recorded_bars AS held WHERE held.symbol = bar.symbol AND held.bar_time = bar.bar_time \
             ) \
             ON CONFLICT (symbol, bar_time) DO UPDATE SET \
                 open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, \
                 volume = excluded.volume, coverage_ratio = excluded.coverage_ratio, session_id = excluded.session_id, \
                 quality_flag = excluded.quality_flag \
             RETURNING xmax = 0 AS is_new \
         ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written",
    )
    .bind(column(bars, |bar| bar.symbol.to_string()))
    .bind(column(bars, |bar| Instant(bar.bar_time)))
    .bind(column(bars, |bar| Decimal::from(bar.ohlc.open())))
    .bind(column(bars, |bar| Decimal::from(bar.ohlc.high())))
    .bind(column(bars, |bar| Decimal::from(bar.ohlc.low())))
    .bind(column(bars, |bar| Decimal::from(bar.ohlc.close())))
    .bind(column(bars, |bar| bar.volume.shares()))
    .bind(column(bars, |bar| bar.coverage.ratio()))
    .bind(column(bars, |bar| bar.session_id.to_string()))
    .bind(column(bars, |bar| bar.quality_flag.as_str()))
    .bind(over_recorded)
    .fetch_one(connection)
    .await?;
    add(committed, Table::ScalpBars, counts);
    Ok(())
}

/// Writes ten-minute bars over what stands at their keys.
pub(crate) async fn write_swing(
    connection: &mut PgConnection,
    bars: &[SwingBar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let bars = last_of_each(bars, |bar| (bar.symbol, bar.bar_time));
    if bars.is_empty() {
        return Ok(());
    }
    let prices = |of: fn(&SwingBar) -> Option<Price>| column(&bars, move |bar| of(bar).map(Decimal::from));
    let counts = sqlx::query_as(
        "WITH written AS ( \
             INSERT INTO swing_bars_10m \
                 (symbol, bar_time, open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, \
                  mitigation_level, quality_flag) \
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], \
                                  $7::bigint[], $8::numeric[], $9::numeric[], $10::text[], $11::text[], $12::integer[], \
                                  $13::text[]) \
             ON CONFLICT (symbol, bar_time) DO UPDATE SET \
                 open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, \
                 volume = excluded.volume, bid_price = excluded.bid_price, ask_price = excluded.ask_price, \
                 session_id = excluded.session_id, schema_version = excluded.schema_version, \
                 mitigation_level = excluded.mitigation_level, quality_flag = excluded.quality_flag \
             RETURNING xmax = 0 AS is_new \
         ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written",
    )
    .bind(column(&bars, |bar| bar.symbol.to_string()))
    .bind(column(&bars, |bar| Instant(bar.bar_time)))
    .bind(prices(|bar| bar.open))
    .bind(prices(|bar| bar.high))
    .bind(prices(|bar| bar.low))
    .bind(prices(|bar| bar.close))
    .bind(column(&bars, |bar| bar.volume.map(Quantity::shares)))
    .bind(prices(|bar| bar.bid_price))
    .bind(prices(|bar| bar.ask_price))
    .bind(column(&bars, |bar| bar.session_id.to_string()))
    .bind(column(&bars, |bar| bar.schema_version.as_str()))
    .bind(column(&bars, |bar| i32::from(bar.mitigation_level)))
    .bind(column(&bars, |bar| bar.quality_flag.as_str()))
    .fetch_one(connection)
    .await?;
    add(committed, Table::SwingBars, counts);
    Ok(())
}

pub(crate) async fn bars(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag \
         FROM scalp_1m_bars WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol COLLATE \"C\", bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("scalp_1m_bars", &rows, |row| symbol_and(row, "bar_time"), read)?)
}

pub(crate) async fn swing_bars(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SwingBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, \
         mitigation_level, quality_flag FROM swing_bars_10m WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol COLLATE \"C\", bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("swing_bars_10m", &rows, |row| symbol_and(row, "bar_time"), read_swing)?)
}

/// One column of rows, as `unnest` takes it.
pub(crate) fn column<T, V>(rows: &[&T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(|row| value(row)).collect()
}

/// Adds the counts of new and of replaced rows as the server tells them.
pub(crate) fn add(committed: &mut Committed, table: Table, (inserted, updated): (i64, i64)) {
    committed.add(table, inserted.unsigned_abs(), updated.unsigned_abs());
}

pub(crate) fn read(row: &PgRow) -> Result<Bar, BadCell> {
    let [open, high, low, close] = ["open", "high", "low", "close"].map(|column| price(row, column));
    Ok(Bar {
        symbol: parsed(row, "symbol")?,
        bar_time: instant(row, "bar_time")?,
        ohlc: checked("close", Ohlc::new(open?, high?, low?, close?))?,
        volume: quantity(row, "volume")?,
        coverage: checked("coverage_ratio", Coverage::new(cell(row, "coverage_ratio")?))?,
        session_id: parsed(row, "session_id")?,
        quality_flag: parsed(row, "quality_flag")?,
    })
}

pub(crate) fn read_swing(row: &PgRow) -> Result<SwingBar, BadCell> {
    Ok(SwingBar {
        symbol: parsed(row, "symbol")?,
        bar_time: instant(row, "bar_time")?,
        open: price_or_none(row, "open")?,
        high: price_or_none(row, "high")?,
        low: price_or_none(row, "low")?,
        close: price_or_none(row, "close")?,
        volume: quantity_or_none(row, "volume")?,
        bid_price: price_or_none(row, "bid_price")?,
        ask_price: price_or_none(row, "ask_price")?,
        session_id: parsed(row, "session_id")?,
        schema_version: parsed(row, "schema_version")?,
        mitigation_level: level(row, "mitigation_level")?,
        quality_flag: parsed(row, "quality_flag")?,
    })
}
