//! One-minute and ten-minute bars.

use obs_model::{Bar, Coverage, Ohlc, Price, QualityFlag, Quantity, SchemaVersion, SwingBar};

use super::{Made, Outcome, sample};
use crate::{Batch, Committed, Derived, Rebuilt, Rewritten, Store, StoreError, Table, TableCount};

const MINUTE: &str = "2026-01-22T00:01:00Z";

/// The bar of [`MINUTE`] with this volume.
fn bar_of(shares: i64) -> Made<Bar> {
    Ok(Bar { volume: Quantity::new(shares)?, ..sample::bar("005930", MINUTE)? })
}

/// A ten-minute bar of ten past nine with this last price.
fn closing_at(close: &str) -> Made<SwingBar> {
    Ok(SwingBar { close: Some(close.parse()?), ..sample::swing_bar("005930", "2026-01-22T00:10:00Z")? })
}

async fn derive(store: &dyn Store, bars: &[Bar]) -> Result<Committed, StoreError> {
    store.commit(&Batch { bars: bars.to_vec(), ..Batch::default() }).await
}

async fn record(store: &dyn Store, bars: &[Bar]) -> Result<Committed, StoreError> {
    store.commit(&Batch { recorded_bars: bars.to_vec(), ..Batch::default() }).await
}

/// Fractions, odd ratios and every flag; by symbol and time, whatever the order they came in.
///
/// # Errors
/// When the store fails.
pub async fn come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let fractions = Bar {
        ohlc: Ohlc::new("71950.5".parse()?, Price::MAX, Price::MIN, "71950.0001".parse()?)?,
        volume: Quantity::MAX,
        coverage: Coverage::new(0.659_999_999_999_999_9)?,
        quality_flag: QualityFlag::Degraded,
        ..sample::bar("0004V0", MINUTE)?
    };
    let thin = Bar {
        volume: Quantity::ZERO,
        coverage: Coverage::NONE,
        quality_flag: QualityFlag::Gap,
        ..sample::bar("005930", "2026-01-22T00:00:00Z")?
    };
    let plain = bar_of(1_000)?;
    let committed = derive(store, &[plain.clone(), fractions.clone(), thin.clone()]).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount { inserted: 3, updated: 0 });

    assert_eq!(store.bars(sample::ever()?, None).await?, [fractions.clone(), thin.clone(), plain.clone()]);
    assert_eq!(store.bars(sample::ever()?, Some("005930".parse()?)).await?, [thin, plain.clone()]);
    let minute = sample::range(MINUTE, "2026-01-22T00:02:00Z")?;
    assert_eq!(store.bars(minute, None).await?, [fractions, plain]);
    let before = sample::range("2026-01-22T00:00:01Z", MINUTE)?;
    assert_eq!(store.bars(before, None).await?, []);
    Ok(())
}

/// An aggregated bar replaces an earlier version of itself.
///
/// # Errors
/// When the store fails.
pub async fn derived_ones_replace_themselves(store: &dyn Store) -> Outcome {
    derive(store, &[bar_of(10)?]).await?;
    let committed = derive(store, &[bar_of(20)?, sample::bar("000660", MINUTE)?]).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount { inserted: 1, updated: 1 });
    assert_eq!(store.bars(sample::ever()?, None).await?, [sample::bar("000660", MINUTE)?, bar_of(20)?]);
    Ok(())
}

/// A recorded bar replaces an aggregated one and itself, and no aggregated bar replaces it.
///
/// # Errors
/// When the store fails.
pub async fn recorded_ones_stand_above_derived_ones(store: &dyn Store) -> Outcome {
    derive(store, &[bar_of(10)?]).await?;
    let committed = record(store, &[bar_of(20)?]).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount { inserted: 0, updated: 1 });
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(20)?]);

    let committed = derive(store, &[bar_of(30)?]).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount::default());
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(20)?]);

    record(store, &[bar_of(40)?]).await?;
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(40)?]);

    let both = Batch { bars: vec![bar_of(50)?], recorded_bars: vec![bar_of(60)?], ..Batch::default() };
    store.commit(&both).await?;
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(60)?]);
    Ok(())
}

/// A bar that comes as a record and as an aggregate in the same batch, new to the store, is the recorded one.
///
/// # Errors
/// When the store fails.
pub async fn of_one_batch_are_the_recorded_ones(store: &dyn Store) -> Outcome {
    let both = Batch { bars: vec![bar_of(1)?], recorded_bars: vec![bar_of(2)?], ..Batch::default() };
    let committed = store.commit(&both).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount { inserted: 1, updated: 0 });
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(2)?]);
    Ok(())
}

/// Of bars with equal keys in one batch the last is kept.
///
/// # Errors
/// When the store fails.
pub async fn of_equal_keys_the_last_is_kept(store: &dyn Store) -> Outcome {
    let committed = derive(store, &[bar_of(1)?, bar_of(2)?]).await?;
    assert_eq!(committed.of(Table::ScalpBars), TableCount { inserted: 1, updated: 0 });
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(2)?]);
    record(store, &[bar_of(3)?, bar_of(4)?]).await?;
    assert_eq!(store.bars(sample::ever()?, None).await?, [bar_of(4)?]);
    Ok(())
}

/// Of a range and of a symbol the aggregated bars become those that are given; recorded ones and all others stay. What is right
/// is not touched, and a dry run touches nothing.
///
/// # Errors
/// When the store fails.
pub async fn of_a_range_are_made_again(store: &dyn Store) -> Outcome {
    let [before, later, after] = ["00:00", "00:02", "00:03"].map(|time| format!("2026-01-22T{time}:00Z"));
    let [samsung, hynix] = ["005930", "000660"];
    let recorded = Bar { volume: Quantity::new(9)?, ..sample::bar(samsung, &later)? };
    let outside = [sample::bar(samsung, &before)?, sample::bar(samsung, &after)?];
    let right = sample::bar(hynix, &later)?;
    derive(store, &outside).await?;
    derive(store, &[bar_of(1)?, sample::bar(hynix, MINUTE)?, right.clone()]).await?;
    record(store, std::slice::from_ref(&recorded)).await?;
    let untouched = store.bars(sample::ever()?, None).await?;

    let bars = vec![right.clone(), bar_of(2)?, sample::bar(samsung, &later)?];
    let derived = Derived { range: sample::range(MINUTE, &after)?, symbol: None, bars, gaps: None };
    let rebuilt = Rebuilt { bars: Rewritten { written: 1, unchanged: 1, removed: 1 }, ..Rebuilt::default() };
    assert_eq!(store.rebuild(&derived, true).await?, rebuilt);
    assert_eq!(store.bars(sample::ever()?, None).await?, untouched);
    assert_eq!(store.rebuild(&derived, false).await?, rebuilt);
    let [first, last] = outside;
    let expected = [right.clone(), first.clone(), bar_of(2)?, recorded.clone(), last.clone()];
    assert_eq!(store.bars(sample::ever()?, None).await?, expected);
    let again = Rebuilt { bars: Rewritten { written: 0, unchanged: 2, removed: 0 }, ..Rebuilt::default() };
    assert_eq!(store.rebuild(&derived, false).await?, again);

    let none = Derived { symbol: Some(samsung.parse()?), bars: Vec::new(), ..derived };
    let rebuilt = Rebuilt { bars: Rewritten { removed: 1, ..Rewritten::default() }, ..Rebuilt::default() };
    assert_eq!(store.rebuild(&none, false).await?, rebuilt);
    assert_eq!(store.bars(sample::ever()?, None).await?, [right, first, recorded, last]);
    Ok(())
}

/// Ten-minute bars with every value and with none.
///
/// # Errors
/// When the store fails.
pub async fn of_ten_minutes_come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let full = sample::swing_bar("005930", "2026-01-22T00:10:00Z")?;
    let missing = SwingBar {
        open: None,
        high: None,
        low: None,
        close: None,
        volume: None,
        bid_price: None,
        ask_price: None,
        schema_version: SchemaVersion::V1,
        mitigation_level: 3,
        quality_flag: QualityFlag::Degraded,
        ..sample::swing_bar("003410", "2026-01-21T22:29:31.123456Z")?
    };
    let swing_bars = vec![full.clone(), missing.clone()];
    let committed = store.commit(&Batch { swing_bars, ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::SwingBars), TableCount { inserted: 2, updated: 0 });
    assert_eq!(store.swing_bars(sample::ever()?, None).await?, [missing.clone(), full.clone()]);
    assert_eq!(store.swing_bars(sample::ever()?, Some(full.symbol)).await?, [full]);
    let early = sample::range("2026-01-21T22:29:31.123456Z", "2026-01-22T00:10:00Z")?;
    assert_eq!(store.swing_bars(early, None).await?, [missing]);
    Ok(())
}

/// Ten-minute bars are replaced by their key; of equal keys in one batch the last is kept.
///
/// # Errors
/// When the store fails.
pub async fn of_ten_minutes_are_replaced(store: &dyn Store) -> Outcome {
    let later = sample::swing_bar("005930", "2026-01-22T00:20:00Z")?;
    let swing_bars = vec![closing_at("1")?, later.clone(), closing_at("2")?];
    let committed = store.commit(&Batch { swing_bars, ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::SwingBars), TableCount { inserted: 2, updated: 0 });
    assert_eq!(store.swing_bars(sample::ever()?, None).await?, [closing_at("2")?, later.clone()]);

    let swing_bars = vec![closing_at("3")?, closing_at("4")?];
    let committed = store.commit(&Batch { swing_bars, ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::SwingBars), TableCount { inserted: 0, updated: 1 });
    assert_eq!(store.swing_bars(sample::ever()?, None).await?, [closing_at("4")?, later]);
    Ok(())
}
