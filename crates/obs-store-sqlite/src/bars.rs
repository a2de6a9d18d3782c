//! One-minute and ten-minute bars.

use obs_model::{Bar, Coverage, Ohlc, Quantity, SwingBar, Symbol};
use obs_store::{Committed, Table, TimeRange, adapter::last_of_each};
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    error::Failure,
    row::{
        BadCell, Bound, bind_price, cell, checked, instant, instant_text, level, parsed, price, price_or_none, quantity,
        quantity_or_none, read_all, symbol_and,
    },
    ticks::restrict,
};

const INSERT: &str = "INSERT INTO scalp_1m_bars \
     (symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (symbol, bar_time) DO NOTHING";
const UPDATE: &str = "UPDATE scalp_1m_bars SET open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, coverage_ratio = ?8, \
     session_id = ?9, quality_flag = ?10 WHERE symbol = ?1 AND bar_time = ?2";
const UPDATE_UNRECORDED: &str = "UPDATE scalp_1m_bars SET open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, \
     coverage_ratio = ?8, session_id = ?9, quality_flag = ?10 WHERE symbol = ?1 AND bar_time = ?2 \
     AND NOT EXISTS (SELECT 1 FROM recorded_bars WHERE symbol = ?1 AND bar_time = ?2)";

const INSERT_SWING: &str = "INSERT INTO swing_bars_10m \
     (symbol, bar_time, open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, mitigation_level, \
      quality_flag) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (symbol, bar_time) DO NOTHING";
const UPDATE_SWING: &str = "UPDATE swing_bars_10m SET open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, \
     bid_price = ?8, ask_price = ?9, session_id = ?10, schema_version = ?11, mitigation_level = ?12, quality_flag = ?13 \
     WHERE symbol = ?1 AND bar_time = ?2";

/// Writes bars that came as records, and remembers that they did.
pub(crate) async fn record(
    connection: &mut SqliteConnection,
    bars: &[Bar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for bar in last_of_each(bars, |bar| (bar.symbol, bar.bar_time)) {
        let (inserted, updated) = upsert(connection, INSERT, UPDATE, |query| bind(query, bar)).await?;
        committed.add(Table::ScalpBars, inserted, updated);
        sqlx::query("INSERT INTO recorded_bars (symbol, bar_time) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(bar.symbol.as_str())
            .bind(instant_text(bar.bar_time))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Writes bars that aggregation made, except where a recorded one stands.
pub(crate) async fn derive(
    connection: &mut SqliteConnection,
    bars: &[Bar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for bar in last_of_each(bars, |bar| (bar.symbol, bar.bar_time)) {
        let (inserted, updated) = upsert(connection, INSERT, UPDATE_UNRECORDED, |query| bind(query, bar)).await?;
        committed.add(Table::ScalpBars, inserted, updated);
    }
    Ok(())
}

/// Writes ten-minute bars over what stands at their keys.
pub(crate) async fn write_swing(
    connection: &mut SqliteConnection,
    bars: &[SwingBar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for bar in last_of_each(bars, |bar| (bar.symbol, bar.bar_time)) {
        let (inserted, updated) = upsert(connection, INSERT_SWING, UPDATE_SWING, |query| bind_swing(query, bar)).await?;
        committed.add(Table::SwingBars, inserted, updated);
    }
    Ok(())
}

/// Inserts a row, or else updates the one at its key, and returns how many were inserted and updated. SQLite's own upsert does
/// not tell which of the two it did.
pub(crate) async fn upsert(
    connection: &mut SqliteConnection,
    insert: &'static str,
    update: &'static str,
    bind: impl for<'q> Fn(Bound<'q>) -> Bound<'q>,
) -> Result<(u64, u64), sqlx::Error> {
    if bind(sqlx::query(insert)).execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok((1, 0));
    }
    Ok((0, bind(sqlx::query(update)).execute(connection).await?.rows_affected()))
}

pub(crate) async fn bars(pool: &SqlitePool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, coverage_ratio, session_id, quality_flag FROM scalp_1m_bars WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol, bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("scalp_1m_bars", &rows, |row| symbol_and(row, "bar_time"), read)?)
}

pub(crate) async fn swing_bars(
    pool: &SqlitePool,
    range: TimeRange,
    symbol: Option<Symbol>,
) -> Result<Vec<SwingBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, CAST(bid_price AS TEXT) AS bid_price, CAST(ask_price AS TEXT) AS ask_price, \
         session_id, schema_version, mitigation_level, quality_flag FROM swing_bars_10m WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol, bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("swing_bars_10m", &rows, |row| symbol_and(row, "bar_time"), read_swing)?)
}

fn bind<'q>(query: Bound<'q>, bar: &Bar) -> Bound<'q> {
    let query = query.bind(bar.symbol.as_str()).bind(instant_text(bar.bar_time));
    let prices = [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()];
    prices
        .into_iter()
        .fold(query, |query, price| bind_price(query, Some(price)))
        .bind(bar.volume.shares())
        .bind(bar.coverage.ratio())
        .bind(bar.session_id.as_str())
        .bind(bar.quality_flag.as_str())
}

fn bind_swing<'q>(query: Bound<'q>, bar: &SwingBar) -> Bound<'q> {
    let query = query.bind(bar.symbol.as_str()).bind(instant_text(bar.bar_time));
    let query = [bar.open, bar.high, bar.low, bar.close].into_iter().fold(query, bind_price);
    let query = query.bind(bar.volume.map(Quantity::shares));
    bind_price(bind_price(query, bar.bid_price), bar.ask_price)
        .bind(bar.session_id.as_str())
        .bind(bar.schema_version.as_str())
        .bind(i64::from(bar.mitigation_level))
        .bind(bar.quality_flag.as_str())
}

pub(crate) fn read(row: &SqliteRow) -> Result<Bar, BadCell> {
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

pub(crate) fn read_swing(row: &SqliteRow) -> Result<SwingBar, BadCell> {
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
