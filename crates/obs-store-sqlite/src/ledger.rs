//! The reject ledger, running day volumes, and counts.

use chrono::NaiveDate;
use obs_store::{Advance, Committed, DayVolume, Reject, Table};
use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    bars::{last_of_each, upsert},
    error::Failure,
    position::digest,
    row::{BadCell, Bound, cell, count as read_count, day as read_day, parsed, quantity, read_all, signed},
};

const INSERT: &str = "INSERT INTO load_rejects (head, path, line_number, byte_offset, reason, detail, raw) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (head, byte_offset) DO NOTHING";
const UPDATE: &str = "UPDATE load_rejects SET path = ?2, line_number = ?3, reason = ?5, detail = ?6, raw = ?7, \
     rejected_at = CASE WHEN raw = ?7 THEN rejected_at ELSE strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' END, \
     acknowledged_at = CASE WHEN raw = ?7 THEN acknowledged_at END \
     WHERE head = ?1 AND byte_offset = ?4";

/// Removes the rejects of lines that are read again now: the last line of a file may have been torn and is whole today.
///
/// Those that are rejected again stay, and with them the acknowledgement of an unchanged line.
pub(crate) async fn forget_from(
    connection: &mut SqliteConnection,
    advance: &Advance,
    rejected: &[Reject],
) -> Result<(), sqlx::Error> {
    let head = advance.to.head;
    let again: Vec<_> =
        rejected.iter().filter(|reject| reject.head == head).map(|reject| reject.byte_offset.to_string()).collect();
    sqlx::query(
        "DELETE FROM load_rejects WHERE head = ?1 AND byte_offset >= ?2 \
         AND byte_offset NOT IN (SELECT value FROM json_each(?3))",
    )
    .bind(head.as_bytes().as_slice())
    .bind(signed(advance.from.unwrap_or(0)))
    .bind(format!("[{}]", again.join(",")))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn write_rejects(
    connection: &mut SqliteConnection,
    rejects: &[Reject],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for reject in last_of_each(rejects, |reject| (reject.head, reject.byte_offset)) {
        let (inserted, updated) = upsert(connection, INSERT, UPDATE, |query| bind(query, reject)).await?;
        committed.add(Table::LoadRejects, inserted, updated);
    }
    Ok(())
}

pub(crate) async fn write_day_volumes(connection: &mut SqliteConnection, volumes: &[DayVolume]) -> Result<(), sqlx::Error> {
    for volume in volumes {
        sqlx::query(
            "INSERT INTO day_volumes (symbol, trading_day, cumulative) VALUES (?1, ?2, ?3) \
             ON CONFLICT (symbol, trading_day) DO UPDATE SET cumulative = excluded.cumulative",
        )
        .bind(volume.symbol.as_str())
        .bind(volume.trading_day.to_string())
        .bind(volume.cumulative.shares())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(crate) async fn day_volumes(pool: &SqlitePool, day: NaiveDate) -> Result<Vec<DayVolume>, Failure> {
    let rows = sqlx::query("SELECT symbol, trading_day, cumulative FROM day_volumes WHERE trading_day = ?1 ORDER BY symbol")
        .bind(day.to_string())
        .fetch_all(pool)
        .await?;
    let key = |row: &SqliteRow| format!("{} {day}", cell::<&str>(row, "symbol").unwrap_or("?"));
    let volumes = read_all("day_volumes", &rows, key, |row| {
        Ok(DayVolume {
            symbol: parsed(row, "symbol")?,
            trading_day: read_day(row, "trading_day")?,
            cumulative: quantity(row, "cumulative")?,
        })
    })?;
    Ok(volumes)
}

pub(crate) async fn rejects(pool: &SqlitePool, limit: u32) -> Result<Vec<Reject>, Failure> {
    let rows = sqlx::query(
        "SELECT head, path, line_number, byte_offset, reason, detail, raw FROM load_rejects \
         ORDER BY rejected_at, rowid LIMIT ?1",
    )
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    let place = |row: &SqliteRow| {
        let offset = cell::<i64>(row, "byte_offset").map_or_else(|_| "?".to_owned(), |offset| offset.to_string());
        format!("{}, byte {offset}", cell::<&str>(row, "path").unwrap_or("?"))
    };
    Ok(read_all("load_rejects", &rows, place, read)?)
}

pub(crate) async fn count(pool: &SqlitePool, table: Table) -> Result<u64, Failure> {
    let statement = AssertSqlSafe(format!("SELECT count(*) FROM {}", table.name()));
    let count: i64 = sqlx::query_scalar(statement).fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

fn bind<'q>(query: Bound<'q>, reject: &Reject) -> Bound<'q> {
    query
        .bind(reject.head.as_bytes().as_slice())
        .bind(&reject.path)
        .bind(signed(reject.line_number))
        .bind(signed(reject.byte_offset))
        .bind(&reject.reason)
        .bind(&reject.detail)
        .bind(reject.raw.as_slice())
}

fn read(row: &SqliteRow) -> Result<Reject, BadCell> {
    Ok(Reject {
        head: digest(row, "head")?,
        path: cell(row, "path")?,
        line_number: read_count(row, "line_number")?,
        byte_offset: read_count(row, "byte_offset")?,
        reason: cell(row, "reason")?,
        detail: cell(row, "detail")?,
        raw: cell(row, "raw")?,
    })
}
