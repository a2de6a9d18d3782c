//! Rows of long lists, some at a time.

use chrono::{DateTime, Utc};
use obs_model::{SwingBar, Symbol, Tick};
use obs_store::{Origin, PageOf, SourcedBar, TimeRange};
use sqlx::{PgPool, Postgres, QueryBuilder, postgres::PgRow};

use crate::{
    bars,
    error::Failure,
    row::{BadCell, cell, parsed, read_all, symbol_and},
    ticks::{self, restrict},
    wire::Instant,
};

const OBSERVED: &str = "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag \
     FROM scalp_1m_bars WHERE ";
const HEALED: &str = "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag, origin \
     FROM scalp_1m_bars_healed WHERE ";

pub(crate) async fn ticks(pool: &PgPool, page: PageOf<(DateTime<Utc>, i64)>) -> Result<Vec<(i64, Tick)>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT id, symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id, \
         mitigation_level, quality_flag FROM scalp_ticks WHERE ",
    );
    restrict(&mut query, "event_time", page.rest(|(time, _)| time), page.symbol);
    if let Some((time, id)) = page.after {
        query.push(" AND (event_time, id) > (").push_bind(Instant::bound(time)).push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY event_time, id LIMIT ").push_bind(i64::from(page.limit));
    let rows = query.build().fetch_all(pool).await?;
    let read = |row: &PgRow| Ok((cell(row, "id")?, ticks::read(row)?));
    Ok(read_all("scalp_ticks", &rows, ticks::key, read)?)
}

pub(crate) async fn bars(
    pool: &PgPool,
    page: PageOf<(DateTime<Utc>, Symbol)>,
    healed: bool,
) -> Result<Vec<SourcedBar>, Failure> {
    let (table, text) = if healed { ("scalp_1m_bars_healed", HEALED) } else { ("scalp_1m_bars", OBSERVED) };
    let mut query = QueryBuilder::new(text);
    go_on(&mut query, &page);
    let rows = query.build().fetch_all(pool).await?;
    let read = |row: &PgRow| -> Result<SourcedBar, BadCell> {
        let origin = if healed { parsed(row, "origin")? } else { Origin::Observed };
        Ok(SourcedBar { bar: bars::read(row)?, origin })
    };
    Ok(read_all(table, &rows, |row| symbol_and(row, "bar_time"), read)?)
}

pub(crate) async fn swing_bars(pool: &PgPool, page: PageOf<(DateTime<Utc>, Symbol)>) -> Result<Vec<SwingBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, \
         mitigation_level, quality_flag FROM swing_bars_10m WHERE ",
    );
    go_on(&mut query, &page);
    let rows = query.build().fetch_all(pool).await?;
    Ok(read_all("swing_bars_10m", &rows, |row| symbol_and(row, "bar_time"), bars::read_swing)?)
}

/// Adds the conditions of a page of bars, their order, and how many.
fn go_on(query: &mut QueryBuilder<Postgres>, page: &PageOf<(DateTime<Utc>, Symbol)>) {
    restrict(query, "bar_time", page.rest(|(time, _)| time), page.symbol);
    if let Some((time, symbol)) = page.after {
        query.push(" AND (bar_time, symbol COLLATE \"C\") > (").push_bind(Instant::bound(time)).push(", ");
        query.push_bind(symbol.as_str().to_owned()).push(")");
    }
    query.push(" ORDER BY bar_time, symbol COLLATE \"C\" LIMIT ").push_bind(i64::from(page.limit));
}

pub(crate) async fn count_ticks(pool: &PgPool, range: TimeRange) -> Result<u64, Failure> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM scalp_ticks WHERE ");
    restrict(&mut query, "event_time", range, None);
    let count: i64 = query.build_query_scalar().fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}
