//! The questions that people ask most.

use obs_model::{Bar, Coverage, SwingBar, Symbol, Tick};
use obs_store::{SymbolCoverage, TimeRange};
use sqlx::{PgPool, postgres::PgRow};

use crate::{
    bars,
    error::Failure,
    row::{cell, checked, count, parsed, read_all, symbol_and},
    ticks,
    wire::Instant,
};

pub(crate) async fn last_bars(pool: &PgPool, symbol: Symbol, number: u32) -> Result<Vec<Bar>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag \
         FROM scalp_1m_bars WHERE symbol = $1 ORDER BY bar_time DESC LIMIT $2",
    )
    .bind(symbol.as_str())
    .bind(i64::from(number))
    .fetch_all(pool)
    .await?;
    let mut bars = read_all("scalp_1m_bars", &rows, |row| symbol_and(row, "bar_time"), bars::read)?;
    bars.reverse();
    Ok(bars)
}

pub(crate) async fn last_swing_bars(pool: &PgPool, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, bar_time, open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, \
         mitigation_level, quality_flag FROM swing_bars_10m WHERE symbol = $1 ORDER BY bar_time DESC LIMIT $2",
    )
    .bind(symbol.as_str())
    .bind(i64::from(number))
    .fetch_all(pool)
    .await?;
    let mut bars = read_all("swing_bars_10m", &rows, |row| symbol_and(row, "bar_time"), bars::read_swing)?;
    bars.reverse();
    Ok(bars)
}

/// Steps down from symbol to symbol, and each time finds the end of the next one's time, all in one index.
///
/// With an equality the server might rather walk back through the time of all symbols until it finds one of this; if it has
/// not been traded for long, through all of it.
pub(crate) async fn latest_quotes(pool: &PgPool) -> Result<Vec<Tick>, Failure> {
    let rows = sqlx::query(
        "WITH RECURSIVE latest AS ( \
             (SELECT * FROM scalp_ticks ORDER BY symbol DESC, event_time DESC, id DESC LIMIT 1) \
             UNION ALL \
             SELECT next.* FROM latest CROSS JOIN LATERAL ( \
                 SELECT * FROM scalp_ticks WHERE symbol < latest.symbol \
                 ORDER BY symbol DESC, event_time DESC, id DESC LIMIT 1 \
             ) AS next \
         ) \
         SELECT id, symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id, \
                mitigation_level, quality_flag \
         FROM latest ORDER BY symbol COLLATE \"C\"",
    )
    .fetch_all(pool)
    .await?;
    Ok(read_all("scalp_ticks", &rows, ticks::key, ticks::read)?)
}

pub(crate) async fn coverage_by_symbol(pool: &PgPool, range: TimeRange) -> Result<Vec<SymbolCoverage>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, count(*) AS bars, least(coalesce(avg(coverage_ratio), 0), 1) AS mean FROM scalp_1m_bars \
         WHERE bar_time >= $1 AND bar_time < $2 GROUP BY symbol ORDER BY symbol COLLATE \"C\"",
    )
    .bind(Instant::bound(range.from))
    .bind(Instant::bound(range.until))
    .fetch_all(pool)
    .await?;
    let read = |row: &PgRow| {
        Ok(SymbolCoverage {
            symbol: parsed(row, "symbol")?,
            bars: count(row, "bars")?,
            mean: checked("mean", Coverage::new(cell(row, "mean")?))?,
        })
    };
    let key = |row: &PgRow| cell::<&str>(row, "symbol").unwrap_or("?").to_owned();
    Ok(read_all("scalp_1m_bars", &rows, key, read)?)
}
