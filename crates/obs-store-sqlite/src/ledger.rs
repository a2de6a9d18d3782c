//! The reject ledger, running day volumes, and counts.

use chrono::NaiveDate;
use obs_store::{Advance, Committed, DayVolume, LedgerEntry, Reject, RejectSelection, Table, adapter::last_of_each};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    bars::upsert,
    error::Failure,
    position::digest,
    row::{
        BadCell, Bound, cell, cell_or_none, count as read_count, day as read_day, instant, parsed, parsed_instant, quantity,
        read_all, signed,
    },
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

pub(crate) async fn entries(
    pool: &SqlitePool,
    selection: &RejectSelection,
    limit: u32,
) -> Result<Vec<LedgerEntry>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT head, path, line_number, byte_offset, reason, detail, raw, rejected_at, acknowledged_at \
         FROM load_rejects WHERE ",
    );
    restrict(&mut query, selection);
    query.push(" ORDER BY rejected_at, rowid LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(pool).await?;
    let place = |row: &SqliteRow| {
        let offset = cell::<i64>(row, "byte_offset").map_or_else(|_| "?".to_owned(), |offset| offset.to_string());
        format!("{}, byte {offset}", cell::<&str>(row, "path").unwrap_or("?"))
    };
    let entries = read_all("load_rejects", &rows, place, |row| {
        let acknowledged = cell_or_none::<&str>(row, "acknowledged_at")?;
        Ok(LedgerEntry {
            reject: read(row)?,
            rejected_at: instant(row, "rejected_at")?,
            acknowledged_at: acknowledged.map(|text| parsed_instant("acknowledged_at", text)).transpose()?,
        })
    })?;
    Ok(entries)
}

pub(crate) async fn unacknowledged(pool: &SqlitePool) -> Result<u64, Failure> {
    let statement = "SELECT count(*) FROM load_rejects WHERE acknowledged_at IS NULL";
    let count: i64 = sqlx::query_scalar(statement).fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

pub(crate) async fn acknowledge(writer: &SqlitePool, selection: &RejectSelection) -> Result<u64, Failure> {
    let mut query =
        QueryBuilder::new("UPDATE load_rejects SET acknowledged_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' WHERE ");
    restrict(&mut query, &RejectSelection { waiting: true, ..selection.clone() });
    Ok(query.build().execute(writer).await?.rows_affected())
}

/// Adds the conditions of a selection to a statement on `load_rejects`, of which the last word is `WHERE`.
fn restrict(query: &mut QueryBuilder<Sqlite>, selection: &RejectSelection) {
    query.push(if selection.waiting { "acknowledged_at IS NULL" } else { "TRUE" });
    if let Some(head) = selection.head {
        query.push(" AND head = ").push_bind(head.as_bytes().to_vec());
    }
    if let Some(path) = &selection.path {
        query.push(" AND path = ").push_bind(path.clone());
    }
    if let Some(offset) = selection.byte_offset {
        query.push(" AND byte_offset = ").push_bind(signed(offset));
    }
    if let Some(line) = selection.line_number {
        query.push(" AND line_number = ").push_bind(signed(line));
    }
    if let Some(reason) = &selection.reason {
        query.push(" AND reason = ").push_bind(reason.clone());
    }
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
