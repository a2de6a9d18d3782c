//! The reject ledger, running day volumes, and counts.

use chrono::NaiveDate;
use obs_store::{Advance, Committed, DayVolume, LedgerEntry, Reject, RejectSelection, Table, adapter::last_of_each};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, QueryBuilder, postgres::PgRow};

use crate::{
    bars::{add, column},
    error::Failure,
    position::digest,
    row::{BadCell, cell, count as read_count, instant, parsed, quantity, read_all, signed, without_nul},
    wire::Instant,
};

/// Removes the rejects of lines that are read again now: the last line of a file may have been torn and is whole today.
///
/// Those that are rejected again stay, and with them the acknowledgement of an unchanged line.
pub(crate) async fn forget_from(
    connection: &mut PgConnection,
    advance: &Advance,
    rejected: &[Reject],
) -> Result<(), sqlx::Error> {
    let head = advance.to.head;
    let again: Vec<i64> =
        rejected.iter().filter(|reject| reject.head == head).map(|reject| signed(reject.byte_offset)).collect();
    sqlx::query("DELETE FROM load_rejects WHERE head = $1 AND byte_offset >= $2 AND byte_offset <> ALL ($3::bigint[])")
        .bind(head.as_bytes().as_slice())
        .bind(signed(advance.from.unwrap_or(0)))
        .bind(again)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn write_rejects(
    connection: &mut PgConnection,
    rejects: &[Reject],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    let rejects = last_of_each(rejects, |reject| (reject.head, reject.byte_offset));
    if rejects.is_empty() {
        return Ok(());
    }
    let counts = sqlx::query_as(
        "WITH written AS ( \
             INSERT INTO load_rejects AS held (head, path, line_number, byte_offset, reason, detail, raw) \
             SELECT * FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[]) \
             ON CONFLICT (head, byte_offset) DO UPDATE SET \
                 path = excluded.path, line_number = excluded.line_number, reason = excluded.reason, \
                 detail = excluded.detail, raw = excluded.raw, \
                 rejected_at = CASE WHEN held.raw = excluded.raw THEN held.rejected_at ELSE NOW() END, \
                 acknowledged_at = CASE WHEN held.raw = excluded.raw THEN held.acknowledged_at END \
             RETURNING xmax = 0 AS is_new \
         ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written",
    )
    .bind(column(&rejects, |reject| reject.head.as_bytes().to_vec()))
    .bind(column(&rejects, |reject| without_nul(&reject.path).into_owned()))
    .bind(column(&rejects, |reject| signed(reject.line_number)))
    .bind(column(&rejects, |reject| signed(reject.byte_offset)))
    .bind(column(&rejects, |reject| reject.reason.clone()))
    .bind(column(&rejects, |reject| without_nul(&reject.detail).into_owned()))
    .bind(column(&rejects, |reject| reject.raw.clone()))
    .fetch_one(connection)
    .await?;
    add(committed, Table::LoadRejects, counts);
    Ok(())
}

pub(crate) async fn write_day_volumes(connection: &mut PgConnection, volumes: &[DayVolume]) -> Result<(), sqlx::Error> {
    let volumes = last_of_each(volumes, |volume| (volume.symbol, volume.trading_day));
    if volumes.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO day_volumes (symbol, trading_day, cumulative) \
         SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[]) \
         ON CONFLICT (symbol, trading_day) DO UPDATE SET cumulative = excluded.cumulative",
    )
    .bind(column(&volumes, |volume| volume.symbol.to_string()))
    .bind(column(&volumes, |volume| volume.trading_day))
    .bind(column(&volumes, |volume| volume.cumulative.shares()))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn day_volumes(pool: &PgPool, day: NaiveDate) -> Result<Vec<DayVolume>, Failure> {
    let rows = sqlx::query(
        "SELECT symbol, trading_day, cumulative FROM day_volumes WHERE trading_day = $1 ORDER BY symbol COLLATE \"C\"",
    )
    .bind(day)
    .fetch_all(pool)
    .await?;
    let key = |row: &PgRow| format!("{} {day}", cell::<&str>(row, "symbol").unwrap_or("?"));
    let volumes = read_all("day_volumes", &rows, key, |row| {
        Ok(DayVolume {
            symbol: parsed(row, "symbol")?,
            trading_day: cell(row, "trading_day")?,
            cumulative: quantity(row, "cumulative")?,
        })
    })?;
    Ok(volumes)
}

/// Adds the conditions of a selection to a statement on `load_rejects`, of which the last word is `WHERE`.
fn restrict(query: &mut QueryBuilder<Postgres>, selection: &RejectSelection) {
    query.push(if selection.waiting { "acknowledged_at IS NULL" } else { "TRUE" });
    if let Some(head) = selection.head {
        query.push(" AND head = ").push_bind(head.as_bytes().to_vec());
    }
    if let Some(path) = &selection.path {
        query.push(" AND path = ").push_bind(without_nul(path).into_owned());
    }
    if let Some(offset) = selection.byte_offset {
        query.push(" AND byte_offset = ").push_bind(signed(offset));
    }
    if let Some(line) = selection.line_number {
        query.push(" AND line_number = ").push_bind(signed(line));
    }
    if let Some(reason) = &selection.reason {
        query.push(" AND reason = ").push_bind(without_nul(reason).into_owned());
    }
}

pub(crate) async fn entries(pool: &PgPool, selection: &RejectSelection, limit: u32) -> Result<Vec<LedgerEntry>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT head, path, line_number, byte_offset, reason, detail, raw, rejected_at, acknowledged_at \
         FROM load_rejects WHERE ",
    );
    restrict(&mut query, selection);
    query.push(" ORDER BY rejected_at, path COLLATE \"C\", byte_offset LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(pool).await?;
    let entries = read_all("load_rejects", &rows, place, |row| {
        Ok(LedgerEntry {
            reject: read(row)?,
            rejected_at: instant(row, "rejected_at")?,
            acknowledged_at: cell::<Option<Instant>>(row, "acknowledged_at")?.map(|instant| instant.0),
        })
    })?;
    Ok(entries)
}

pub(crate) async fn unacknowledged(pool: &PgPool) -> Result<u64, Failure> {
    let statement = "SELECT count(*) FROM load_rejects WHERE acknowledged_at IS NULL";
    let count: i64 = sqlx::query_scalar(statement).fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

pub(crate) async fn acknowledge(pool: &PgPool, selection: &RejectSelection) -> Result<u64, Failure> {
    let mut query = QueryBuilder::new("UPDATE load_rejects SET acknowledged_at = NOW() WHERE ");
    restrict(&mut query, &RejectSelection { waiting: true, ..selection.clone() });
    Ok(query.build().execute(pool).await?.rows_affected())
}

pub(crate) async fn count(pool: &PgPool, table: Table) -> Result<u64, Failure> {
    let statement = AssertSqlSafe(format!("SELECT count(*) FROM {}", table.name()));
    let count: i64 = sqlx::query_scalar(statement).fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

/// A row's file and place in it, for an error.
fn place(row: &PgRow) -> String {
    let offset = cell::<i64>(row, "byte_offset").map_or_else(|_| "?".to_owned(), |offset| offset.to_string());
    format!("{}, byte {offset}", cell::<&str>(row, "path").unwrap_or("?"))
}

fn read(row: &PgRow) -> Result<Reject, BadCell> {
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
