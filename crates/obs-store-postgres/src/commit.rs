//! A batch, in one transaction.

use obs_store::{Batch, Committed, Table};
use sqlx::{PgConnection, PgPool};

use crate::{bars, copy, error::Failure, feeds, ledger, position};

/// A commit need not wait for the disk: the archive holds the lines, the position goes with the rows, and [`settle`] waits.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit TO off";

/// Commits a batch, or leaves the database as it was.
pub(crate) async fn commit(pool: &PgPool, batch: &Batch) -> Result<Committed, Failure> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    match write(&mut transaction, batch).await {
        Ok(committed) => {
            transaction.commit().await?;
            Ok(committed)
        }
        Err(failure) => {
            // If this fails too the connection is gone, and the server rolls back by itself.
            transaction.rollback().await.ok();
            Err(failure)
        }
    }
}

/// Waits until all earlier commits are on the disk.
///
/// The log is written in order, so it is enough to wait for one more commit, as long as that one has something to write.
pub(crate) async fn settle(pool: &PgPool) -> Result<(), Failure> {
    let mut transaction = pool.begin_with("BEGIN; SET LOCAL synchronous_commit TO on").await?;
    let touch = "UPDATE load_positions SET updated_at = updated_at WHERE head = (SELECT head FROM load_positions LIMIT 1)";
    sqlx::query(touch).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// A part of a batch without rows costs no statement.
async fn write(connection: &mut PgConnection, batch: &Batch) -> Result<Committed, Failure> {
    let mut committed = Committed::default();
    // First, because it locks the file's row: a second loader waits here and then finds that it came too late.
    if let Some(advance) = &batch.advance {
        position::advance(connection, advance).await?;
        ledger::forget_from(connection, advance, &batch.rejects).await?;
    }
    if !batch.ticks.is_empty() {
        committed.add(Table::ScalpTicks, copy::ticks(connection, &batch.ticks).await?, 0);
    }
    // Before the derived ones, which leave recorded bars alone.
    bars::record(connection, &batch.recorded_bars, &mut committed).await?;
    bars::derive(connection, &batch.bars, &mut committed).await?;
    bars::write_swing(connection, &batch.swing_bars, &mut committed).await?;
    feeds::write_gaps(connection, &batch.gaps, &mut committed).await?;
    feeds::apply(connection, &batch.feed_events, &mut committed).await?;
    ledger::write_rejects(connection, &batch.rejects, &mut committed).await?;
    ledger::write_day_volumes(connection, &batch.day_volumes).await?;
    Ok(committed)
}
