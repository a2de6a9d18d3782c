//! Derived rows made again.

use obs_store::{BarChanges, Committed, Derived, GapChanges, Rebuilt, StoredBar, adapter::read_all};
use sqlx::{PgConnection, PgPool, QueryBuilder, postgres::PgRow};

use crate::{
    bars,
    error::Failure,
    gaps,
    row::{cell, instant, symbol_and},
    ticks::restrict,
    wire::Instant,
};

/// Bars of one statement: some megabytes.
const PIECE: usize = 20_000;

/// Compares and writes in one transaction.
pub(crate) async fn rebuild(pool: &PgPool, derived: &Derived, dry_run: bool) -> Result<Rebuilt, Failure> {
    let mut transaction = pool.begin().await?;
    match rebuild_in(&mut transaction, derived, dry_run).await {
        Ok(rebuilt) => {
            transaction.commit().await?;
            Ok(rebuilt)
        }
        Err(error) => {
            // If this fails too the connection is gone, and the server rolls back by itself.
            transaction.rollback().await.ok();
            Err(error)
        }
    }
}

async fn rebuild_in(connection: &mut PgConnection, derived: &Derived, dry_run: bool) -> Result<Rebuilt, Failure> {
    let bars = derived.bar_changes(&stored_bars(connection, derived).await?);
    let gaps = match derived.gaps {
        Some(_) => derived.gap_changes(&gaps::rows(&mut *connection, derived.range).await?),
        None => GapChanges::default(),
    };
    if !dry_run {
        change_bars(connection, &bars).await?;
        change_gaps(connection, &gaps).await?;
    }
    Ok(Rebuilt { bars: bars.counts(), gaps: gaps.counts() })
}

async fn stored_bars(connection: &mut PgConnection, derived: &Derived) -> Result<Vec<StoredBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag, EXISTS ( \
             SELECT FROM recorded_bars AS held WHERE held.symbol = bar.symbol AND held.bar_time = bar.bar_time \
         ) AS recorded FROM scalp_1m_bars AS bar WHERE ",
    );
    restrict(&mut query, "bar_time", derived.range, derived.symbol);
    let rows = query.build().fetch_all(connection).await?;
    let read = |row: &PgRow| {
        Ok(StoredBar {
            symbol: cell(row, "symbol")?,
            bar_time: instant(row, "bar_time")?,
            recorded: cell(row, "recorded")?,
            // A row that says nothing is replaced by one that does.
            bar: bars::read(row).ok(),
        })
    };
    Ok(read_all("scalp_1m_bars", &rows, |row| symbol_and(row, "bar_time"), read)?)
}

async fn change_bars(connection: &mut PgConnection, changes: &BarChanges) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM scalp_1m_bars AS bar USING unnest($1::text[], $2::timestamptz[]) AS gone (symbol, bar_time) \
         WHERE bar.symbol = gone.symbol AND bar.bar_time = gone.bar_time",
    )
    .bind(changes.remove.iter().map(|(symbol, _)| symbol.as_str()).collect::<Vec<_>>())
    .bind(changes.remove.iter().map(|(_, time)| Instant(*time)).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    for bars in changes.write.chunks(PIECE) {
        bars::derive(connection, bars, &mut Committed::default()).await?;
    }
    Ok(())
}

async fn change_gaps(connection: &mut PgConnection, changes: &GapChanges) -> Result<(), sqlx::Error> {
    // Their symbols go with them.
    sqlx::query("DELETE FROM scalp_gaps WHERE id = ANY ($1)").bind(&changes.remove).execute(&mut *connection).await?;
    gaps::write(connection, &changes.write, &mut Committed::default()).await
}
