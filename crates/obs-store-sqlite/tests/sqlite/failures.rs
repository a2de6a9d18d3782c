//! Files that cannot be used, batches that fail half-way, and two loaders of one file.

use obs_model::{Gap, GapReason, GapScope, SessionId};
use obs_store::{Batch, LoadRepository, StoreError, Table, TickRepository};
use obs_store_sqlite::SqliteStore;
use sqlx::Executor;
use tempfile::TempDir;

use crate::{
    connect, execute,
    file::{EVER, advance, tick},
    migrated,
};

/// More ticks than one statement takes, a gap, and the step of a file.
fn batch() -> anyhow::Result<Batch> {
    let at = "2026-01-22T00:00:00Z".parse()?;
    let gap = Gap::new((at, at), GapScope::Scalp, GapReason::WsTimeout, Vec::new(), SessionId::new("observer-1")?)?;
    Ok(Batch { ticks: vec![tick("71950")?; 777], gaps: vec![gap], advance: advance(), ..Batch::default() })
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, but long enough to be looked at as one would look at a database".repeat(20))?;
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("SQLite {} failed while opening the file", path.display()));

    let error = SqliteStore::open(path.join("observer.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { doing: "making its folder", .. }), "{error:?}");
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { doing: "opening the file", .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_batch_that_fails_at_its_end_leaves_nothing_behind() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    let sabotage = "CREATE TRIGGER sabotage BEFORE INSERT ON scalp_gaps BEGIN SELECT RAISE(ABORT, 'no gaps here'); END";
    execute(&path, sabotage).await?;
    let error = store.commit(&batch()?).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { doing: "committing a batch", .. }), "{error:?}");
    assert!(format!("{error:?}").contains("no gaps here"), "{error:?}");
    for table in Table::ALL {
        assert_eq!(store.count(table).await?, 0, "{}", table.name());
    }
    assert_eq!(store.positions().await?, []);

    execute(&path, "DROP TRIGGER sabotage").await?;
    store.commit(&batch()?).await?;
    assert_eq!(store.count(Table::ScalpTicks).await?, 777);
    Ok(())
}

#[tokio::test]
async fn a_file_that_another_process_writes_to_can_be_read_and_is_unavailable_for_writing() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    store.commit(&batch()?).await?;
    let mut other = connect(&path).await?;
    other.execute("BEGIN IMMEDIATE; DELETE FROM scalp_ticks").await?;

    let again = Batch { advance: None, ..batch()? };
    let error = store.commit(&again).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_transient(), "{error:?}");
    assert_eq!(store.ticks(EVER, None).await?.len(), 777);

    other.execute("ROLLBACK").await?;
    store.commit(&again).await?;
    assert_eq!(store.count(Table::ScalpTicks).await?, 2 * 777);
    Ok(())
}

#[tokio::test]
async fn of_two_loaders_of_one_file_one_wins() -> anyhow::Result<()> {
    let (_folder, path, one) = migrated().await?;
    let other = SqliteStore::open(&path).await?;
    let batch = batch()?;
    let (first, second) = tokio::join!(one.commit(&batch), other.commit(&batch));
    let lost = match (first, second) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        (Ok(_), Ok(_)) => panic!("both loaded it"),
        (Err(first), Err(_)) => return Err(first.into()),
    };
    assert!(matches!(lost, StoreError::Conflict { .. }), "{lost:?}");
    assert_eq!(one.count(Table::ScalpTicks).await?, 777);
    Ok(())
}

#[tokio::test]
async fn calls_of_one_program_wait_for_each_other() -> anyhow::Result<()> {
    let (_folder, _path, store) = migrated().await?;
    let batch = Batch { advance: None, ..batch()? };
    let (a, b, c) = tokio::join!(store.commit(&batch), store.commit(&batch), store.commit(&batch));
    for committed in [a?, b?, c?] {
        assert_eq!(committed.of(Table::ScalpTicks).inserted, 777);
    }
    assert_eq!(store.count(Table::ScalpTicks).await?, 3 * 777);
    Ok(())
}
