//! The questions that people ask most.

use obs_model::{Bar, Coverage, SwingBar, Symbol, Tick};
use obs_store::{SymbolCoverage, TimeRange};
use sqlx::{SqlitePool, sqlite::SqliteRow};

use crate::{
    bars,
    error::Failure,
    row::{bound_text, cell, checked, count, parsed, read_all, symbol_and},
    ticks,
};

pub(crate) async fn last_bars(pool: &SqlitePool, symbol: Symbol, number: u32) -> Result<Vec<Bar>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, coverage_ratio, session_id, quality_flag \
         FROM scalp_1m_bars WHERE symbol = ?1 ORDER BY bar_time DESC LIMIT ?2",
    )
    .bind(symbol.as_str())
    .bind(i64::from(number))
    .fetch_all(pool)
    .await?;
    let mut bars = read_all("scalp_1m_bars", &rows, |row| symbol_and(row, "bar_time"), bars::read)?;
    bars.reverse();
    Ok(bars)
}

pub(crate) async fn last_swing_bars(pool: &SqlitePool, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, CAST(bid_price AS TEXT) AS bid_price, CAST(ask_price AS TEXT) AS ask_price, \
         session_id, schema_version, mitigation_level, quality_flag \
         FROM swing_bars_10m WHERE symbol = ?1 ORDER BY bar_time DESC LIMIT ?2",
    )
    .bind(symbol.as_str())
    .bind(i64::from(number))
    .fetch_all(pool)
    .await?;
    let mut bars = read_all("swing_bars_10m", &rows, |row| symbol_and(row, "bar_time"), bars::read_swing)?;
    bars.reverse();
    Ok(bars)
}

/// Steps from symbol to symbol through the index, and for each looks at the end of its time.
pub(crate) async fn latest_quotes(pool: &SqlitePool) -> Result<Vec<Tick>, Failure> {
    let rows = sqlx::query(
        "WITH RECURSIVE known (symbol) AS ( \
             SELECT min(symbol) FROM scalp_ticks \
             UNION ALL \
             SELECT (SELECT min(symbol) FROM scalp_ticks WHERE symbol > known.symbol) FROM known \
             WHERE known.symbol IS NOT NULL \
         ) \
         SELECT id, symbol, event_time, CAST(bid_price AS TEXT) AS bid_price, CAST(ask_price AS TEXT) AS ask_price, bid_size, \
                ask_size, CAST(last_price AS TEXT) AS last_price, volume, session_id, mitigation_level, quality_flag \
         FROM scalp_ticks WHERE id IN ( \
             SELECT (SELECT id FROM scalp_ticks WHERE symbol = known.symbol ORDER BY event_time DESC, id DESC LIMIT 1) \
             FROM known WHERE known.symbol IS NOT NULL \
         ) ORDER BY symbol",
    )
    .fetch_all(pool)
    .await?;
    Ok(read_all("scalp_ticks", &rows, ticks::key, ticks::read)?)
}

pub(crate) async fn coverage_by_symbol(pool: &SqlitePool, range: TimeRange) -> Result<Vec<SymbolCoverage>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, count(*) AS bars, min(coalesce(avg(coverage_ratio), 0.0), 1.0) AS mean FROM scalp_1m_bars \
         WHERE bar_time >= ?1 AND bar_time < ?2 GROUP BY symbol ORDER BY symbol",
    )
    .bind(bound_text(range.from))
    .bind(bound_text(range.until))
    .fetch_all(pool)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(SymbolCoverage {
            symbol: parsed(row, "symbol")?,
            bars: count(row, "bars")?,
            mean: checked("mean", Coverage::new(cell(row, "mean")?))?,
        })
    };
    let key = |row: &SqliteRow| cell::<&str>(row, "symbol").unwrap_or("?").to_owned();
    Ok(read_all("scalp_1m_bars", &rows, key, read)?)
}
