//! Migrations.

use super::{Outcome, sample};
use crate::{SchemaProblem, Store, StoreError, Table};

/// On a store that was never migrated: it is empty, and says so.
///
/// # Errors
/// When the store fails.
pub async fn an_unmigrated_store_says_that_it_is_empty(store: &dyn Store) -> Outcome {
    assert_eq!(store.applied_migrations().await?, []);
    let error = store.check_schema().await.err();
    assert!(matches!(&error, Some(StoreError::Schema { problem: SchemaProblem::Empty, .. })), "{error:?}");
    Ok(())
}

/// On a store that was never migrated: every migration runs once, in order, and the log tells it.
///
/// # Errors
/// When the store fails.
pub async fn migrating_twice_runs_each_migration_once(store: &dyn Store) -> Outcome {
    let known = store.known_migrations();
    assert!(known.is_sorted() && known.len() >= 5, "{known:?}");
    assert_eq!(store.migrate().await?, known);
    assert_eq!(store.migrate().await?, [""; 0]);

    let applied = store.applied_migrations().await?;
    assert_eq!(applied.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), known);
    assert!(applied.iter().all(|entry| entry.status == "success" && entry.executed_at.is_some()), "{applied:?}");
    store.check_schema().await?;
    Ok(())
}

/// A migrated store has no rows, and asking for some is no error.
///
/// # Errors
/// When the store fails.
pub async fn a_new_store_answers_empty(store: &dyn Store) -> Outcome {
    let ever = sample::ever()?;
    let symbol = Some("005930".parse()?);
    assert_eq!(store.ticks(ever, None).await?, []);
    assert_eq!(store.ticks(ever, symbol).await?, []);
    assert_eq!(store.newest_tick().await?, None);
    assert_eq!(store.bars(ever, symbol).await?, []);
    assert_eq!(store.swing_bars(ever, None).await?, []);
    assert_eq!(store.gaps(ever).await?, []);
    assert_eq!(store.feed_sessions(ever).await?, []);
    assert_eq!(store.volume_breaks(ever).await?, []);
    assert_eq!(store.healed_bars(ever, None).await?, []);
    assert_eq!(store.bars_with_healing(ever, symbol).await?, []);
    assert_eq!(store.positions().await?, []);
    assert_eq!(store.position(sample::position(1, 0).head).await?, None);
    assert_eq!(store.day_volumes("2026-01-22".parse()?).await?, []);
    assert_eq!(store.rejects(100).await?, []);
    assert_eq!(store.unacknowledged().await?, 0);
    for table in Table::ALL {
        assert_eq!(store.count(table).await?, 0, "{}", table.name());
    }
    Ok(())
}

/// An empty batch commits and does nothing.
///
/// # Errors
/// When the store fails.
pub async fn an_empty_batch_commits(store: &dyn Store) -> Outcome {
    let committed = store.commit(&crate::Batch::default()).await?;
    assert_eq!(committed, crate::Committed::default());
    Ok(())
}
