//! Ticks.

use chrono::{DateTime, Utc};
use obs_model::{Price, QualityFlag, Quantity, Tick};

use super::{Made, Outcome, sample};
use crate::{Batch, Store, Table, TableCount, TimeRange};

/// Fractions, the smallest and the largest values, missing ones, letters in the symbol, every flag.
///
/// # Errors
/// When the store fails.
pub async fn come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let plain = sample::tick("005930", "2026-01-22T00:00:01Z")?;
    let fractions = Tick {
        symbol: "0004V0".parse()?,
        last_price: Some("71950.5".parse()?),
        bid_price: Some("0.25".parse()?),
        ask_price: Some("1.0001".parse()?),
        quality_flag: QualityFlag::Degraded,
        ..sample::tick("005930", "2026-01-22T00:00:02.000001Z")?
    };
    let largest = Tick {
        symbol: "Q530031".parse()?,
        last_price: Some(Price::MAX),
        volume: Some(Quantity::MAX),
        bid_price: Some(Price::MAX),
        ask_price: Some(Price::MAX),
        bid_size: Some(Quantity::MAX),
        ask_size: Some(Quantity::MAX),
        mitigation_level: u8::MAX,
        quality_flag: QualityFlag::Gap,
        ..sample::tick("005930", "2026-01-22T00:00:03.999999Z")?
    };
    let smallest = Tick {
        last_price: Some(Price::MIN),
        volume: Some(Quantity::ZERO),
        bid_price: Some(Price::MIN),
        ask_price: Some(Price::MIN),
        bid_size: Some(Quantity::ZERO),
        ask_size: Some(Quantity::ZERO),
        ..sample::tick("005930", "2026-01-22T00:00:04Z")?
    };
    let missing = Tick {
        last_price: None,
        volume: None,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        ..sample::tick("005930", "2026-01-22T00:00:05Z")?
    };
    // Every count of base-10000 digits that a price can have.
    let prices = ["9999", "10000", "10000.5", "99999999", "100000000", "100000000.0001", "0.9999", "1", "20000"];
    let widths = prices
        .into_iter()
        .map(|price| Ok(Tick { last_price: Some(price.parse()?), ..sample::tick("005930", "2026-01-22T00:00:06Z")? }));
    let mut ticks = vec![plain, fractions, largest, smallest, missing];
    ticks.extend(widths.collect::<Made<Vec<_>>>()?);

    let committed = store.commit(&Batch { ticks: ticks.clone(), ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::ScalpTicks), TableCount { inserted: ticks.len() as u64, updated: 0 });
    assert_eq!(store.ticks(sample::ever()?, None).await?, ticks);
    Ok(())
}

/// Korean midnight, instants before 2000, and nanoseconds, which are cut off towards the past.
///
/// # Errors
/// When the store fails.
pub async fn keep_their_instant(store: &dyn Store) -> Outcome {
    let stored = [
        ("1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z"),
        ("1999-12-31T23:59:59.9999999Z", "1999-12-31T23:59:59.999999Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2026-01-22T00:00:00.0000019+09:00", "2026-01-21T15:00:00.000001Z"),
        ("2026-01-22T23:59:59.999999+09:00", "2026-01-22T14:59:59.999999Z"),
    ];
    let ticks = stored.iter().map(|(given, _)| sample::tick("005930", given)).collect::<Made<Vec<_>>>()?;
    store.commit(&Batch { ticks, ..Batch::default() }).await?;

    let read = store.ticks(sample::ever()?, None).await?;
    let expected = stored.iter().map(|(_, kept)| sample::at(kept)).collect::<Made<Vec<_>>>()?;
    assert_eq!(read.iter().map(|tick| tick.event_time).collect::<Vec<_>>(), expected);
    Ok(())
}

/// Thousands of trades of one second, in two batches and with two symbols, come back in the order of arrival.
///
/// # Errors
/// When the store fails.
pub async fn of_one_second_keep_their_order(store: &dyn Store) -> Outcome {
    let nth = |n: i64| {
        let symbol = if n % 3 == 0 { "000660" } else { "005930" };
        Ok(Tick { volume: Some(Quantity::new(n)?), ..sample::tick(symbol, "2026-01-22T00:00:01Z")? })
    };
    let first = (0..4_321).rev().map(nth).collect::<Made<Vec<_>>>()?;
    let second = (5_000..5_007).map(nth).collect::<Made<Vec<_>>>()?;
    store.commit(&Batch { ticks: first.clone(), ..Batch::default() }).await?;
    store.commit(&Batch { ticks: second.clone(), ..Batch::default() }).await?;

    let all = [first, second].concat();
    assert_eq!(store.count(Table::ScalpTicks).await?, 4_328);
    assert!(store.ticks(sample::ever()?, None).await? == all, "another order");
    let symbol = "000660".parse()?;
    let own = all.into_iter().filter(|tick| tick.symbol == symbol).collect::<Vec<_>>();
    assert!(store.ticks(sample::ever()?, Some(symbol)).await? == own, "another order");
    Ok(())
}

/// A range has its first instant and not its last, and the newest tick need not be the last that came.
///
/// # Errors
/// When the store fails.
pub async fn are_found_by_half_open_ranges(store: &dyn Store) -> Outcome {
    let before = sample::tick("005930", "2026-01-22T00:00:59.999999Z")?;
    let first = sample::tick("005930", "2026-01-22T00:01:00Z")?;
    let other = sample::tick("000660", "2026-01-22T00:01:30Z")?;
    let last = sample::tick("005930", "2026-01-22T00:01:59.999999Z")?;
    let after = sample::tick("005930", "2026-01-22T00:02:00Z")?;
    let ticks = vec![after.clone(), last.clone(), other.clone(), first.clone(), before];
    store.commit(&Batch { ticks, ..Batch::default() }).await?;

    let minute = sample::range("2026-01-22T00:01:00Z", "2026-01-22T00:02:00Z")?;
    assert_eq!(store.ticks(minute, None).await?, [first.clone(), other, last.clone()]);
    assert_eq!(store.ticks(minute, Some("005930".parse()?)).await?, [first, last]);
    let all = TimeRange { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };
    assert_eq!(store.ticks(all, None).await?.len(), 5);
    assert_eq!(store.ticks(minute, Some("035720".parse()?)).await?, []);
    assert_eq!(store.newest_tick().await?, Some(after.event_time));
    Ok(())
}
