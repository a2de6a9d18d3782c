//! Lost shares, and minutes that the broker told afterwards.

use obs_model::{HealedBar, Ohlc, Symbol, VolumeBreak};
use obs_store::{Committed, SourcedBar, Table, TimeRange, adapter::last_of_each};
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    bars::{self, upsert},
    error::Failure,
    row::{
        BadCell, Bound, bind_price, bound_text, checked, instant, instant_text, parsed, price, quantity, read_all,
        symbol_and,
    },
    ticks::restrict,
};

const INSERT_BREAK: &str = "INSERT INTO volume_breaks (symbol, after_time, before_time, shares, session_id) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (symbol, before_time, after_time) DO NOTHING";
const ADD_TO_BREAK: &str = "UPDATE volume_breaks SET shares = shares + min(?4, 9223372036854775807 - shares), session_id = ?5 \
     WHERE symbol = ?1 AND after_time = ?2 AND before_time = ?3";

const INSERT_HEALED: &str = "INSERT INTO healed_1m_bars (symbol, bar_time, open, high, low, close, volume, healed_at, session_id) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (symbol, bar_time) DO NOTHING";
const UPDATE_HEALED: &str = "UPDATE healed_1m_bars SET open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, \
     source = 'kis_minute_chart', healed_at = ?8, session_id = ?9 WHERE symbol = ?1 AND bar_time = ?2";

/// Writes volume breaks; the shares of those between the same two instants add up, in the batch and with what stands there.
pub(crate) async fn write_breaks(
    connection: &mut SqliteConnection,
    breaks: &[VolumeBreak],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for lost in breaks {
        let (inserted, updated) = upsert(connection, INSERT_BREAK, ADD_TO_BREAK, |query| bind_break(query, lost)).await?;
        committed.add(Table::VolumeBreaks, inserted, updated);
    }
    Ok(())
}

/// Writes healed bars over what stands at their keys.
pub(crate) async fn write_healed(
    connection: &mut SqliteConnection,
    bars: &[HealedBar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for bar in last_of_each(bars, |bar| (bar.symbol, bar.bar_time)) {
        let (inserted, updated) = upsert(connection, INSERT_HEALED, UPDATE_HEALED, |query| bind_healed(query, bar)).await?;
        committed.add(Table::HealedBars, inserted, updated);
    }
    Ok(())
}

pub(crate) async fn breaks(pool: &SqlitePool, range: TimeRange) -> Result<Vec<VolumeBreak>, Failure> {
    // The last condition finds those within one second, which begin and end with the range.
    let rows = sqlx::query(
        "SELECT symbol, after_time, before_time, shares, session_id FROM volume_breaks \
         WHERE after_time < ?2 AND (before_time > ?1 OR after_time >= ?1) ORDER BY before_time, symbol, after_time",
    )
    .bind(bound_text(range.from))
    .bind(bound_text(range.until))
    .fetch_all(pool)
    .await?;
    Ok(read_all("volume_breaks", &rows, |row| symbol_and(row, "before_time"), read_break)?)
}

pub(crate) async fn healed(pool: &SqlitePool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, healed_at, session_id FROM healed_1m_bars WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol, bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("healed_1m_bars", &rows, |row| symbol_and(row, "bar_time"), read_healed)?)
}

pub(crate) async fn with_healing(
    pool: &SqlitePool,
    range: TimeRange,
    symbol: Option<Symbol>,
) -> Result<Vec<SourcedBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, coverage_ratio, session_id, quality_flag, origin \
         FROM scalp_1m_bars_healed WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol, bar_time");
    let rows = query.build().fetch_all(pool).await?;
    let read = |row: &SqliteRow| Ok(SourcedBar { bar: bars::read(row)?, origin: parsed(row, "origin")? });
    Ok(read_all("scalp_1m_bars_healed", &rows, |row| symbol_and(row, "bar_time"), read)?)
}

fn bind_break<'q>(query: Bound<'q>, lost: &VolumeBreak) -> Bound<'q> {
    query
        .bind(lost.symbol.as_str())
        .bind(instant_text(lost.after))
        .bind(instant_text(lost.before))
        .bind(lost.shares.shares())
        .bind(lost.session_id.as_str())
}

fn bind_healed<'q>(query: Bound<'q>, bar: &HealedBar) -> Bound<'q> {
    let query = query.bind(bar.symbol.as_str()).bind(instant_text(bar.bar_time));
    let prices = [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()];
    prices
        .into_iter()
        .fold(query, |query, price| bind_price(query, Some(price)))
        .bind(bar.volume.shares())
        .bind(instant_text(bar.healed_at))
        .bind(bar.session_id.as_str())
}

fn read_break(row: &SqliteRow) -> Result<VolumeBreak, BadCell> {
    Ok(VolumeBreak {
        symbol: parsed(row, "symbol")?,
        after: instant(row, "after_time")?,
        before: instant(row, "before_time")?,
        shares: quantity(row, "shares")?,
        session_id: parsed(row, "session_id")?,
    })
}

fn read_healed(row: &SqliteRow) -> Result<HealedBar, BadCell> {
    let [open, high, low, close] = ["open", "high", "low", "close"].map(|column| price(row, column));
    Ok(HealedBar {
        symbol: parsed(row, "symbol")?,
        bar_time: instant(row, "bar_time")?,
        ohlc: checked("close", Ohlc::new(open?, high?, low?, close?))?,
        volume: quantity(row, "volume")?,
        healed_at: instant(row, "healed_at")?,
        session_id: parsed(row, "session_id")?,
    })
}
