//! Gaps and their symbols.

use chrono::{DateTime, Utc};
use obs_model::{Gap, Symbol};
use obs_store::{
    Committed, Table, TimeRange,
    adapter::{GapRow, gaps_of},
};
use sqlx::{Executor, PgConnection, PgPool, Postgres, postgres::PgRow};

use crate::{
    bars::column,
    error::Failure,
    row::{BadCell, cell, checked, instant, parsed, read_all},
    wire::Instant,
};

pub(crate) async fn write(
    connection: &mut PgConnection,
    gaps: &[Gap],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    if gaps.is_empty() {
        return Ok(());
    }
    let ids = take_ids(connection, gaps.len()).await?;
    let gaps: Vec<&Gap> = gaps.iter().collect();
    let written = sqlx::query(
        "INSERT INTO scalp_gaps (id, gap_start_ts, gap_end_ts, gap_seconds, scope, reason, session_id) \
         SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::text[], $6::text[], \
                              $7::text[])",
    )
    .bind(&ids)
    .bind(column(&gaps, |gap| Instant(gap.start())))
    .bind(column(&gaps, |gap| Instant(gap.end())))
    .bind(column(&gaps, |gap| gap.seconds()))
    .bind(column(&gaps, |gap| gap.scope.as_str()))
    .bind(column(&gaps, |gap| gap.reason.as_str()))
    .bind(column(&gaps, |gap| gap.session_id.to_string()))
    .execute(&mut *connection)
    .await?;
    committed.add(Table::ScalpGaps, written.rows_affected(), 0);
    write_symbols(connection, &gaps, &ids).await
}

/// Takes row numbers from the table's own sequence, so that the symbols' rows can name theirs.
async fn take_ids(connection: &mut PgConnection, gaps: usize) -> Result<Vec<i32>, sqlx::Error> {
    let statement = "SELECT nextval('scalp_gaps_id_seq'::regclass)::integer FROM generate_series(1, $1)";
    sqlx::query_scalar(statement).bind(gaps as i64).fetch_all(connection).await
}

async fn write_symbols(connection: &mut PgConnection, gaps: &[&Gap], ids: &[i32]) -> Result<(), sqlx::Error> {
    let rows_of = |(gap, id): (&Gap, i32)| -> Vec<_> {
        gap.symbols.iter().map(|symbol| (id, *symbol, gap.start(), gap.end_of(*symbol))).collect()
    };
    let rows: Vec<_> = gaps.iter().copied().zip(ids.iter().copied()).flat_map(rows_of).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO scalp_gap_symbols (gap_id, symbol, gap_start_ts, gap_end_ts) \
         SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[]) \
         ON CONFLICT (gap_id, symbol) DO NOTHING",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1.to_string()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| Instant(row.2)).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| Instant(row.3)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn gaps(pool: &PgPool, range: TimeRange) -> Result<Vec<Gap>, Failure> {
    Ok(gaps_of(&rows(pool, range).await?))
}

/// The rows of the gaps that touch a range, each gap's together.
pub(crate) async fn rows(
    database: impl Executor<'_, Database = Postgres>,
    range: TimeRange,
) -> Result<Vec<GapRow>, Failure> {
    // The last condition finds those without length, which begin and end with the range.
    let rows = sqlx::query(
        "SELECT gap.id, gap.gap_start_ts, gap.gap_end_ts, gap.scope, gap.reason, gap.session_id, \
                touched.symbol, touched.gap_end_ts AS symbol_end_ts \
         FROM scalp_gaps AS gap LEFT JOIN scalp_gap_symbols AS touched ON touched.gap_id = gap.id \
         WHERE gap.gap_start_ts < $2 AND (gap.gap_end_ts > $1 OR gap.gap_start_ts >= $1) \
         ORDER BY gap.gap_start_ts, gap.id, touched.symbol COLLATE \"C\"",
    )
    .bind(Instant::bound(range.from))
    .bind(Instant::bound(range.until))
    .fetch_all(database)
    .await?;
    let key = |row: &_| cell::<i32>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
    let read =
        |row: &PgRow| Ok(GapRow { id: i64::from(cell::<i32>(row, "id")?), gap: read(row)?, symbol: read_symbol(row)? });
    Ok(read_all("scalp_gaps", &rows, key, read)?)
}

fn read(row: &PgRow) -> Result<Gap, BadCell> {
    let ends = (instant(row, "gap_start_ts")?, instant(row, "gap_end_ts")?);
    let (scope, reason) = (parsed(row, "scope")?, parsed(row, "reason")?);
    checked("gap_end_ts", Gap::new(ends, scope, reason, Vec::new(), parsed(row, "session_id")?))
}

fn read_symbol(row: &PgRow) -> Result<Option<(Symbol, DateTime<Utc>)>, BadCell> {
    match cell::<Option<&str>>(row, "symbol")? {
        Some(symbol) => Ok(Some((checked("symbol", symbol.parse())?, instant(row, "symbol_end_ts")?))),
        None => Ok(None),
    }
}
