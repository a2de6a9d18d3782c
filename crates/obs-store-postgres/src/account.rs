//! Lost shares, and minutes that the broker told afterwards.

use std::collections::BTreeMap;

use obs_model::{HealedBar, Ohlc, Symbol, VolumeBreak};
use obs_store::{Committed, SourcedBar, Table, TimeRange, adapter::last_of_each};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    bars::{self, add, column},
    error::Failure,
    row::{BadCell, checked, instant, parsed, price, quantity, read_all, symbol_and},
    ticks::restrict,
    wire::Instant,
};

/// Writes volume breaks; the shares of those between the same two instants add up, in the batch and with what stands there.
pub(crate) async fn write_breaks(
    connection: &mut PgConnection,
    breaks: &[VolumeBreak],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let mut sums: BTreeMap<_, VolumeBreak> = BTreeMap::new();
    for lost in breaks {
        let sum = sums.entry((lost.symbol, Instant::micros(lost.before), Instant::micros(lost.after)));
        sum.and_modify(|sum| sum.shares = sum.shares.saturating_add(lost.shares)).or_insert_with(|| lost.clone());
    }
    let breaks: Vec<&VolumeBreak> = sums.values().collect();
    if breaks.is_empty() {
        return Ok(());
    }
    let counts = sqlx::query_as(
        "WITH written AS ( \
             INSERT INTO volume_breaks AS held (symbol, after_time, before_time, shares, session_id) \
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::text[]) \
             ON CONFLICT (symbol, before_time, after_time) DO UPDATE SET \
                 shares = held.shares + least(excluded.shares, 9223372036854775807 - held.shares), \
                 session_id = excluded.session_id \
             RETURNING xmax = 0 AS is_new \
         ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written",
    )
    .bind(column(&breaks, |lost| lost.symbol.to_string()))
    .bind(column(&breaks, |lost| Instant(lost.after)))
    .bind(column(&breaks, |lost| Instant(lost.before)))
    .bind(column(&breaks, |lost| lost.shares.shares()))
    .bind(column(&breaks, |lost| lost.session_id.to_string()))
    .fetch_one(connection)
    .await?;
    add(committed, Table::VolumeBreaks, counts);
    Ok(())
}

/// Writes healed bars over what stands at their keys.
pub(crate) async fn write_healed(
    connection: &mut PgConnection,
    bars: &[HealedBar],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let bars = last_of_each(bars, |bar| (bar.symbol, bar.bar_time));
    if bars.is_empty() {
        return Ok(());
    }
    let counts = sqlx::query_as(
        "WITH written AS ( \
             INSERT INTO healed_1m_bars (symbol, bar_time, open, high, low, close, volume, healed_at, session_id) \
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], \
                                  $7::bigint[], $8::timestamptz[], $9::text[]) \
             ON CONFLICT (symbol, bar_time) DO UPDATE SET \
                 open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, \
                 volume = excluded.volume, source = excluded.source, healed_at = excluded.healed_at, \
                 session_id = excluded.session_id \
             RETURNING xmax = 0 AS is_new \
         ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written",
    )
    .bind(column(&bars, |bar| bar.symbol.to_string()))
    .bind(column(&bars, |bar| Instant(bar.bar_time)))
    .bind(column(&bars, |bar| Decimal::from(bar.ohlc.open())))
    .bind(column(&bars, |bar| Decimal::from(bar.ohlc.high())))
    .bind(column(&bars, |bar| Decimal::from(bar.ohlc.low())))
    .bind(column(&bars, |bar| Decimal::from(bar.ohlc.close())))
    .bind(column(&bars, |bar| bar.volume.shares()))
    .bind(column(&bars, |bar| Instant(bar.healed_at)))
    .bind(column(&bars, |bar| bar.session_id.to_string()))
    .fetch_one(connection)
    .await?;
    add(committed, Table::HealedBars, counts);
    Ok(())
}

pub(crate) async fn breaks(pool: &PgPool, range: TimeRange) -> Result<Vec<VolumeBreak>, Failure> {
    // The last condition finds those within one second, which begin and end with the range.
    let rows = sqlx::query(
        "SELECT symbol, after_time, before_time, shares, session_id FROM volume_breaks \
         WHERE after_time < $2 AND (before_time > $1 OR after_time >= $1) \
         ORDER BY before_time, symbol COLLATE \"C\", after_time",
    )
    .bind(Instant::bound(range.from))
    .bind(Instant::bound(range.until))
    .fetch_all(pool)
    .await?;
    Ok(read_all("volume_breaks", &rows, |row| symbol_and(row, "before_time"), read_break)?)
}

pub(crate) async fn healed(pool: &PgPool, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, healed_at, session_id FROM healed_1m_bars WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol COLLATE \"C\", bar_time");
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("healed_1m_bars", &rows, |row| symbol_and(row, "bar_time"), read_healed)?)
}

pub(crate) async fn with_healing(
    pool: &PgPool,
    range: TimeRange,
    symbol: Option<Symbol>,
) -> Result<Vec<SourcedBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag, origin \
         FROM scalp_1m_bars_healed WHERE ",
    );
    restrict(&mut query, "bar_time", range, symbol);
    query.push(" ORDER BY symbol COLLATE \"C\", bar_time");
    let rows = query.build().fetch_all(pool).await?;
    let read = |row: &PgRow| Ok(SourcedBar { bar: bars::read(row)?, origin: parsed(row, "origin")? });
    Ok(read_all("scalp_1m_bars_healed", &rows, |row| symbol_and(row, "bar_time"), read)?)
}

fn read_break(row: &PgRow) -> Result<VolumeBreak, BadCell> {
    Ok(VolumeBreak {
        symbol: parsed(row, "symbol")?,
        after: instant(row, "after_time")?,
        before: instant(row, "before_time")?,
        shares: quantity(row, "shares")?,
        session_id: parsed(row, "session_id")?,
    })
}

fn read_healed(row: &PgRow) -> Result<HealedBar, BadCell> {
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
