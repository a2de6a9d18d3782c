//! Gaps and their symbols.

use chrono::{DateTime, Utc};
use obs_model::{Gap, Symbol};
use obs_store::{
    Committed, Table, TimeRange,
    adapter::{GapRow, gaps_of},
};
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    error::Failure,
    row::{BadCell, bound_text, cell, cell_or_none, checked, instant, instant_text, parsed, read_all},
};

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    gaps: &[Gap],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for gap in gaps {
        let written = sqlx::query(
            "INSERT INTO scalp_gaps (gap_start_ts, gap_end_ts, gap_seconds, scope, reason, session_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(instant_text(gap.start()))
        .bind(instant_text(gap.end()))
        .bind(gap.seconds())
        .bind(gap.scope.as_str())
        .bind(gap.reason.as_str())
        .bind(gap.session_id.as_str())
        .execute(&mut *connection)
        .await?;
        committed.add(Table::ScalpGaps, written.rows_affected(), 0);
        write_symbols(connection, written.last_insert_rowid(), gap).await?;
    }
    Ok(())
}

async fn write_symbols(connection: &mut SqliteConnection, id: i64, gap: &Gap) -> Result<(), sqlx::Error> {
    // SQLite gives the number of the last gap again once that is deleted, and most programs delete without what refers to it.
    sqlx::query("DELETE FROM scalp_gap_symbols WHERE gap_id = ?1").bind(id).execute(&mut *connection).await?;
    for symbol in &gap.symbols {
        sqlx::query(
            "INSERT INTO scalp_gap_symbols (gap_id, symbol, gap_start_ts, gap_end_ts) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (gap_id, symbol) DO NOTHING",
        )
        .bind(id)
        .bind(symbol.as_str())
        .bind(instant_text(gap.start()))
        .bind(instant_text(gap.end_of(*symbol)))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(crate) async fn gaps(pool: &SqlitePool, range: TimeRange) -> Result<Vec<Gap>, Failure> {
    Ok(gaps_of(&rows(pool, range).await?))
}

/// The rows of the gaps that touch a range, each gap's together.
pub(crate) async fn rows(database: impl Executor<'_, Database = Sqlite>, range: TimeRange) -> Result<Vec<GapRow>, Failure> {
    // The last condition finds those without length, which begin and end with the range.
    let rows = sqlx::query(
        "SELECT gap.id, gap.gap_start_ts, gap.gap_end_ts, gap.scope, gap.reason, gap.session_id, \
                touched.symbol, touched.gap_end_ts AS symbol_end_ts \
         FROM scalp_gaps AS gap LEFT JOIN scalp_gap_symbols AS touched ON touched.gap_id = gap.id \
         WHERE gap.gap_start_ts < ?2 AND (gap.gap_end_ts > ?1 OR gap.gap_start_ts >= ?1) \
         ORDER BY gap.gap_start_ts, gap.id, touched.symbol",
    )
    .bind(bound_text(range.from))
    .bind(bound_text(range.until))
    .fetch_all(database)
    .await?;
    let key = |row: &_| cell::<i64>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
    let read = |row: &SqliteRow| Ok(GapRow { id: cell(row, "id")?, gap: read(row)?, symbol: read_symbol(row)? });
    Ok(read_all("scalp_gaps", &rows, key, read)?)
}

fn read(row: &SqliteRow) -> Result<Gap, BadCell> {
    let ends = (instant(row, "gap_start_ts")?, instant(row, "gap_end_ts")?);
    let (scope, reason) = (parsed(row, "scope")?, parsed(row, "reason")?);
    checked("gap_end_ts", Gap::new(ends, scope, reason, Vec::new(), parsed(row, "session_id")?))
}

fn read_symbol(row: &SqliteRow) -> Result<Option<(Symbol, DateTime<Utc>)>, BadCell> {
    match cell_or_none::<&str>(row, "symbol")? {
        Some(symbol) => Ok(Some((checked("symbol", symbol.parse())?, instant(row, "symbol_end_ts")?))),
        None => Ok(None),
    }
}
