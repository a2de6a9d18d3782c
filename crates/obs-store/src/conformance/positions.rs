//! Loading positions: what makes loading exactly-once.

use obs_model::{Price, Quantity, Tick};

use super::{Made, Outcome, sample};
use crate::{Batch, Position, Store, StoreError, Table};

/// A batch with a tick and a step of file 1.
fn step(from: Option<u64>, to: u64) -> Made<Batch> {
    let ticks = vec![sample::tick("005930", "2026-01-22T00:00:01Z")?];
    Ok(Batch { ticks, advance: sample::advance(1, from, to), ..Batch::default() })
}

/// Asserts a conflict between two offsets, and that there is one tick only.
async fn assert_conflict(store: &dyn Store, batch: &Batch, expected: &str, found: &str) -> Outcome {
    let ticks = store.count(Table::ScalpTicks).await?;
    let error = store.commit(batch).await.err();
    let Some(StoreError::Conflict { path, expected: from, found: at }) = &error else {
        return Err(format!("no conflict but {error:?}").into());
    };
    assert_eq!((path.as_str(), from.as_str(), at.as_str()), ("scalp/20260122_01.jsonl", expected, found));
    assert_eq!(store.count(Table::ScalpTicks).await?, ticks, "the batch left a tick behind");
    Ok(())
}

/// A file is entered, and advances step by step; other files stay where they are.
///
/// # Errors
/// When the store fails.
pub async fn advance_with_their_rows(store: &dyn Store) -> Outcome {
    let (first, second) = (sample::position(1, 100), sample::position(1, 250));
    store.settle().await?;
    store.commit(&Batch { advance: sample::advance(2, None, 70), ..Batch::default() }).await?;

    store.commit(&step(None, 100)?).await?;
    assert_eq!(store.position(first.head).await?, Some(first.clone()));
    store.commit(&step(Some(100), 250)?).await?;
    assert_eq!(store.position(first.head).await?, Some(second.clone()));

    // Settling an empty store and a full one: nothing changes.
    store.settle().await?;
    assert_eq!(store.positions().await?, [second, sample::position(2, 70)]);
    assert_eq!(store.count(Table::ScalpTicks).await?, 2);
    Ok(())
}

/// A file may be found under another path; the newest is kept. An offset of many gigabytes is no problem.
///
/// # Errors
/// When the store fails.
pub async fn keep_the_newest_path(store: &dyn Store) -> Outcome {
    store.commit(&step(None, 100)?).await?;
    let moved = Position { path: "사본/copy of scalp.jsonl".to_owned(), ..sample::position(1, 1 << 40) };
    let advance = Some(crate::Advance { from: Some(100), to: moved.clone() });
    store.commit(&Batch { advance, ..Batch::default() }).await?;
    assert_eq!(store.positions().await?, [moved]);
    Ok(())
}

/// The same batch sent twice writes once.
///
/// # Errors
/// When the store fails.
pub async fn refuse_the_same_step_twice(store: &dyn Store) -> Outcome {
    store.commit(&step(None, 100)?).await?;
    assert_conflict(store, &step(None, 100)?, "unknown", "100").await?;
    store.commit(&step(Some(100), 200)?).await?;
    assert_conflict(store, &step(Some(100), 200)?, "100", "200").await?;
    assert_eq!(store.positions().await?, [sample::position(1, 200)]);
    Ok(())
}

/// A step from where the file does not stand is refused, even if the file is unknown.
///
/// # Errors
/// When the store fails.
pub async fn refuse_a_step_from_elsewhere(store: &dyn Store) -> Outcome {
    assert_conflict(store, &step(Some(100), 200)?, "100", "unknown").await?;
    store.commit(&step(None, 100)?).await?;
    assert_conflict(store, &step(Some(0), 200)?, "0", "100").await?;
    assert_conflict(store, &step(Some(200), 300)?, "200", "100").await?;
    assert_eq!(store.positions().await?, [sample::position(1, 100)]);
    Ok(())
}

/// A refused batch leaves nothing in any table, and the ledger untouched.
///
/// # Errors
/// When the store fails.
pub async fn refuse_a_whole_batch(store: &dyn Store) -> Outcome {
    let standing =
        Batch { rejects: vec![sample::reject(1, 90)], advance: sample::advance(1, None, 100), ..Batch::default() };
    store.commit(&standing).await?;

    let time = "2026-01-22T00:01:00Z";
    let day_volume =
        crate::DayVolume { symbol: "005930".parse()?, trading_day: "2026-01-22".parse()?, cumulative: Quantity::new(10)? };
    let refused = Batch {
        ticks: vec![sample::tick("005930", time)?],
        bars: vec![sample::bar("005930", time)?],
        recorded_bars: vec![sample::bar("000660", time)?],
        swing_bars: vec![sample::swing_bar("005930", time)?],
        gaps: Vec::new(),
        feed_events: vec![sample::feed_event(1, time, obs_model::FeedChange::Subscribed { symbol: "005930".parse()? })?],
        volume_breaks: vec![sample::volume_break("005930", (time, time), 7)?],
        healed_bars: vec![sample::healed_bar("005930", time)?],
        day_volumes: vec![day_volume],
        rejects: vec![sample::reject(1, 50)],
        advance: sample::advance(1, Some(40), 200),
    };
    assert_conflict(store, &refused, "40", "100").await?;
    for table in Table::ALL.into_iter().filter(|table| *table != Table::LoadRejects) {
        assert_eq!(store.count(table).await?, 0, "{}", table.name());
    }
    assert_eq!(store.day_volumes("2026-01-22".parse()?).await?, []);
    assert_eq!(store.rejects(10).await?, [sample::reject(1, 90)]);
    Ok(())
}

/// Two batches are staged before either commits: their ticks keep the order of staging. A third that is dropped leaves
/// nothing, and a fourth from a stale offset is refused whole.
///
/// # Errors
/// When the store fails.
pub async fn commit_staged_batches_in_turn(store: &dyn Store) -> Outcome {
    let tick = |won| -> Made<Tick> {
        let mut tick = sample::tick("005930", "2026-01-22T00:00:01Z")?;
        tick.last_price = Some(Price::from_won(won)?);
        Ok(tick)
    };
    let batch = |from, to, won| -> Made<Batch> {
        Ok(Batch { ticks: vec![tick(won)?], advance: sample::advance(1, from, to), ..Batch::default() })
    };
    let first = store.stage(batch(None, 100, 1_001)?).await?;
    let second = store.stage(batch(Some(100), 200, 1_002)?).await?;
    assert_eq!(store.count(Table::ScalpTicks).await?, 0, "a staged batch can be seen");
    assert_eq!(first.commit().await?.of(Table::ScalpTicks).inserted, 1);
    assert_eq!(second.commit().await?.of(Table::ScalpTicks).inserted, 1);

    drop(store.stage(batch(Some(200), 300, 1_003)?).await?);
    let stale = store.stage(batch(Some(100), 300, 1_004)?).await?.commit().await.err();
    assert!(matches!(stale, Some(StoreError::Conflict { .. })), "no conflict but {stale:?}");

    let stored = store.ticks(sample::ever()?, None).await?;
    assert_eq!(stored, [tick(1_001)?, tick(1_002)?]);
    Ok(())
}
