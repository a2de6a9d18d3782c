//! Loading positions.

use obs_store::{Advance, Digest, LineCounts, Position, StoreError};
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    error::Failure,
    row::{BadCell, bad, cell, count, read_all, signed},
};

/// Moves a file's position, if it is where the step starts.
pub(crate) async fn advance(connection: &mut SqliteConnection, advance: &Advance) -> Result<(), Failure> {
    let Position { head, path, byte_offset, line_number, content, lines } = &advance.to;
    let statement = match advance.from {
        None => {
            "INSERT INTO load_positions (head, path, byte_offset, line_number, content, rows_loaded, non_data, rejected) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (head) DO NOTHING"
        }
        Some(_) => {
            "UPDATE load_positions SET path = ?2, byte_offset = ?3, line_number = ?4, content = ?5, rows_loaded = ?6, \
             non_data = ?7, rejected = ?8, updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' \
             WHERE head = ?1 AND byte_offset = ?9"
        }
    };
    let mut query = sqlx::query(statement)
        .bind(head.as_bytes().as_slice())
        .bind(path)
        .bind(signed(*byte_offset))
        .bind(signed(*line_number))
        .bind(content.as_bytes().as_slice())
        .bind(signed(lines.rows))
        .bind(signed(lines.non_data))
        .bind(signed(lines.rejects));
    if let Some(from) = advance.from {
        query = query.bind(signed(from));
    }
    if query.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }

    let found: Option<i64> = sqlx::query_scalar("SELECT byte_offset FROM load_positions WHERE head = ?1")
        .bind(head.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    let named = |offset: Option<String>| offset.unwrap_or_else(|| "unknown".to_owned());
    Err(Failure::Store(StoreError::Conflict {
        path: path.clone(),
        expected: named(advance.from.map(|offset| offset.to_string())),
        found: named(found.map(|offset| offset.to_string())),
    }))
}

pub(crate) async fn position(pool: &SqlitePool, head: Digest) -> Result<Option<Position>, Failure> {
    let row = sqlx::query(
        "SELECT head, path, byte_offset, line_number, content, rows_loaded, non_data, rejected \
         FROM load_positions WHERE head = ?1",
    )
    .bind(head.as_bytes().as_slice())
    .fetch_all(pool)
    .await?;
    Ok(read_all("load_positions", &row, path_of, read)?.pop())
}

pub(crate) async fn positions(pool: &SqlitePool) -> Result<Vec<Position>, Failure> {
    let rows = sqlx::query(
        "SELECT head, path, byte_offset, line_number, content, rows_loaded, non_data, rejected \
         FROM load_positions ORDER BY path, head",
    )
    .fetch_all(pool)
    .await?;
    Ok(read_all("load_positions", &rows, path_of, read)?)
}

/// A digest in a column.
pub(crate) fn digest(row: &SqliteRow, column: &'static str) -> Result<Digest, BadCell> {
    let bytes: &[u8] = cell(row, column)?;
    bytes.try_into().map(Digest::new).map_err(|_| bad(column, format!("it has {} bytes instead of 32", bytes.len())))
}

fn path_of(row: &SqliteRow) -> String {
    cell(row, "path").unwrap_or_else(|_| "?".to_owned())
}

fn read(row: &SqliteRow) -> Result<Position, BadCell> {
    Ok(Position {
        head: digest(row, "head")?,
        path: cell(row, "path")?,
        byte_offset: count(row, "byte_offset")?,
        line_number: count(row, "line_number")?,
        content: digest(row, "content")?,
        lines: LineCounts {
            rows: count(row, "rows_loaded")?,
            non_data: count(row, "non_data")?,
            rejects: count(row, "rejected")?,
        },
    })
}
