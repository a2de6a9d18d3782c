//! A batch, in one transaction.

use obs_store::{Batch, Committed, Table};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::{account, bars, copy, error::Failure, feeds, gaps, ledger, position};

/// A commit need not wait for the disk: the archive holds the lines, the position goes with the rows, and [`settle`] waits.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit TO off";

/// Where there is no archive behind the rows, a commit waits until it is on the disk, whatever the server does by default.
const BEGIN_DURABLE: &str = "BEGIN; SET LOCAL synchronous_commit TO on";

/// A batch whose ticks are written and not yet committed. Dropping it rolls back.
pub(crate) struct Begun {
    transaction: Transaction<'static, Postgres>,
    committed: Committed,
}

/// Writes a batch's ticks under row numbers that were taken before, which is most of the work.
pub(crate) async fn begin(pool: &PgPool, batch: &Batch, ids: &[i64]) -> Result<Begun, Failure> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let mut committed = Committed::default();
    if !batch.ticks.is_empty() {
        match copy::ticks(&mut transaction, &batch.ticks, ids).await {
            Ok(ticks) => committed.add(Table::ScalpTicks, ticks, 0),
            Err(error) => {
                roll_back(transaction).await;
                return Err(error.into());
            }
        }
    }
    Ok(Begun { transaction, committed })
}

impl Begun {
    /// Writes the rest of the batch and commits it.
    pub(crate) async fn finish(mut self, batch: &Batch) -> Result<Committed, Failure> {
        let written = write(&mut self.transaction, batch, &mut self.committed).await;
        finish(self.transaction, written.map(|()| self.committed)).await
    }
}

/// Begins a transaction that outlives a power failure once it is committed.
pub(crate) async fn begin_durable(pool: &PgPool) -> Result<Transaction<'static, Postgres>, Failure> {
    Ok(pool.begin_with(BEGIN_DURABLE).await?)
}

/// Commits what was written, or takes it back if it was not written whole.
pub(crate) async fn finish<T>(
    transaction: Transaction<'static, Postgres>,
    written: Result<T, Failure>,
) -> Result<T, Failure> {
    match written {
        Ok(result) => {
            transaction.commit().await?;
            Ok(result)
        }
        Err(failure) => {
            roll_back(transaction).await;
            Err(failure)
        }
    }
}

async fn roll_back(transaction: Transaction<'static, Postgres>) {
    // If this fails too the connection is gone, and the server rolls back by itself.
    transaction.rollback().await.ok();
}

/// Waits until all earlier commits are on the disk.
///
/// The log is written in order, so it is enough to wait for one more commit, as long as that one has something to write.
pub(crate) async fn settle(pool: &PgPool) -> Result<(), Failure> {
    let mut transaction = pool.begin_with(BEGIN_DURABLE).await?;
    let touch = "UPDATE load_positions SET updated_at = updated_at WHERE head = (SELECT head FROM load_positions LIMIT 1)";
    sqlx::query(touch).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Writes everything but the ticks. A part of a batch without rows costs no statement.
async fn write(connection: &mut PgConnection, batch: &Batch, committed: &mut Committed) -> Result<(), Failure> {
    // First, because it locks the file's row: a second loader waits here and then finds that it came too late.
    if let Some(advance) = &batch.advance {
        position::advance(connection, advance).await?;
        ledger::forget_from(connection, advance, &batch.rejects).await?;
    }
    // Before the derived ones, which leave recorded bars alone.
    bars::record(connection, &batch.recorded_bars, committed).await?;
    bars::derive(connection, &batch.bars, committed).await?;
    bars::write_swing(connection, &batch.swing_bars, committed).await?;
    gaps::write(connection, &batch.gaps, committed).await?;
    feeds::apply(connection, &batch.feed_events, committed).await?;
    account::write_breaks(connection, &batch.volume_breaks, committed).await?;
    account::write_healed(connection, &batch.healed_bars, committed).await?;
    ledger::write_rejects(connection, &batch.rejects, committed).await?;
    ledger::write_day_volumes(connection, &batch.day_volumes).await?;
    Ok(())
}
