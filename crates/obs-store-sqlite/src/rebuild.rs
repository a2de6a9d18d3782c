//! Derived rows made again.

use obs_store::{BarChanges, Committed, Derived, GapChanges, Rebuilt, StoredBar, adapter::read_all};
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    bars,
    error::Failure,
    gaps,
    row::{cell, instant, instant_text, symbol_and},
    ticks::restrict,
};

/// Compares and writes in one transaction.
pub(crate) async fn rebuild(writer: &SqlitePool, derived: &Derived, dry_run: bool) -> Result<Rebuilt, Failure> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    match rebuild_in(&mut transaction, derived, dry_run).await {
        Ok(rebuilt) => {
            transaction.commit().await?;
            Ok(rebuilt)
        }
        Err(error) => {
            // If this fails too the transaction is over already: SQLite ends it by itself when the disk is full.
            transaction.rollback().await.ok();
            Err(error)
        }
    }
}

async fn rebuild_in(connection: &mut SqliteConnection, derived: &Derived, dry_run: bool) -> Result<Rebuilt, Failure> {
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

async fn stored_bars(connection: &mut SqliteConnection, derived: &Derived) -> Result<Vec<StoredBar>, Failure> {
    let mut query = QueryBuilder::new(
        "SELECT symbol, bar_time, CAST(open AS TEXT) AS open, CAST(high AS TEXT) AS high, CAST(low AS TEXT) AS low, \
         CAST(close AS TEXT) AS close, volume, coverage_ratio, session_id, quality_flag, EXISTS ( \
             SELECT 1 FROM recorded_bars AS held WHERE held.symbol = bar.symbol AND held.bar_time = bar.bar_time \
         ) AS recorded FROM scalp_1m_bars AS bar WHERE ",
    );
    restrict(&mut query, "bar_time", derived.range, derived.symbol);
    let rows = query.build().fetch_all(connection).await?;
    let read = |row: &SqliteRow| {
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

async fn change_bars(connection: &mut SqliteConnection, changes: &BarChanges) -> Result<(), sqlx::Error> {
    for (symbol, time) in &changes.remove {
        sqlx::query("DELETE FROM scalp_1m_bars WHERE symbol = ?1 AND bar_time = ?2")
            .bind(symbol)
            .bind(instant_text(*time))
            .execute(&mut *connection)
            .await?;
    }
    bars::derive(connection, &changes.write, &mut Committed::default()).await
}

async fn change_gaps(connection: &mut SqliteConnection, changes: &GapChanges) -> Result<(), sqlx::Error> {
    for id in &changes.remove {
        // Not every program that writes here asks for keys to be followed.
        for statement in ["DELETE FROM scalp_gap_symbols WHERE gap_id = ?1", "DELETE FROM scalp_gaps WHERE id = ?1"] {
            sqlx::query(statement).bind(id).execute(&mut *connection).await?;
        }
    }
    gaps::write(connection, &changes.write, &mut Committed::default()).await
}
