//! A batch, in one transaction.

use obs_store::{Batch, Committed};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::{account, bars, error::Failure, feeds, gaps, ledger, position, ticks};

/// How a batch begins. A transaction that began by reading could not become a writer while another process writes.
const BEGIN: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";
/// With FULL the commit waits until the log, and with it all earlier commits, is on the disk.
const BEGIN_DURABLE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";

/// Commits a batch, or leaves the database as it was.
pub(crate) async fn commit(writer: &SqlitePool, batch: &Batch) -> Result<Committed, Failure> {
    let mut transaction = writer.begin_with(BEGIN).await?;
    let written = write(&mut transaction, batch).await;
    finish(transaction, written).await
}

/// Begins a transaction that outlives a power failure once it is committed.
pub(crate) async fn begin_durable(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, Failure> {
    Ok(writer.begin_with(BEGIN_DURABLE).await?)
}

/// Commits what was written, or takes it back if it was not written whole.
pub(crate) async fn finish<T>(transaction: Transaction<'static, Sqlite>, written: Result<T, Failure>) -> Result<T, Failure> {
    match written {
        Ok(result) => {
            transaction.commit().await?;
            Ok(result)
        }
        Err(failure) => {
            // If this fails too the transaction is over already: SQLite ends it by itself when the disk is full.
            transaction.rollback().await.ok();
            Err(failure)
        }
    }
}

/// Waits until all earlier commits are on the disk: a checkpoint syncs the log before it moves it into the file.
pub(crate) async fn settle(writer: &SqlitePool) -> Result<(), Failure> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(writer).await?;
    Ok(())
}

async fn write(connection: &mut SqliteConnection, batch: &Batch) -> Result<Committed, Failure> {
    let mut committed = Committed::default();
    // First, because a batch that came too late should not be written before that is found.
    if let Some(advance) = &batch.advance {
        position::advance(connection, advance).await?;
        ledger::forget_from(connection, advance, &batch.rejects).await?;
    }
    ticks::write(connection, &batch.ticks, &mut committed).await?;
    // Before the derived ones, which leave recorded bars alone.
    bars::record(connection, &batch.recorded_bars, &mut committed).await?;
    bars::derive(connection, &batch.bars, &mut committed).await?;
    bars::write_swing(connection, &batch.swing_bars, &mut committed).await?;
    gaps::write(connection, &batch.gaps, &mut committed).await?;
    feeds::apply(connection, &batch.feed_events, &mut committed).await?;
    account::write_breaks(connection, &batch.volume_breaks, &mut committed).await?;
    account::write_healed(connection, &batch.healed_bars, &mut committed).await?;
    ledger::write_rejects(connection, &batch.rejects, &mut committed).await?;
    ledger::write_day_volumes(connection, &batch.day_volumes).await?;
    Ok(committed)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::SqliteStore;

    /// Whether a transaction on this connection waits for the disk at its end.
    async fn waits(transaction: &mut SqliteConnection) -> bool {
        const FULL: i64 = 2;
        sqlx::query_scalar::<_, i64>("PRAGMA synchronous").fetch_one(transaction).await.unwrap() == FULL
    }

    #[tokio::test]
    async fn what_has_no_archive_behind_it_waits_for_the_disk_and_batches_do_not() {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("observer.db")).await.unwrap();
        for _ in 0..2 {
            let mut durable = begin_durable(&store.writer).await.map_err(|_| "it did not begin").unwrap();
            assert!(waits(&mut durable).await);
            durable.commit().await.unwrap();
            let mut batch = store.writer.begin_with(BEGIN).await.unwrap();
            assert!(!waits(&mut batch).await);
            batch.commit().await.unwrap();
        }
    }
}
