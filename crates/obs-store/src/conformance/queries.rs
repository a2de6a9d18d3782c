//! The questions that people ask most.

use obs_model::{Bar, Coverage, Price, Tick};

use super::{Made, Outcome, sample};
use crate::{Batch, Store, SymbolCoverage};

/// Of one symbol, the newest, in the order of time, and no more than there are.
///
/// # Errors
/// When the store fails.
pub async fn the_last_bars(store: &dyn Store) -> Outcome {
    let times = ["00:00", "00:01", "00:02", "00:03"];
    let bars = times.map(|time| sample::bar("005930", &format!("2026-01-22T{time}:00Z")));
    let bars = bars.into_iter().collect::<Made<Vec<_>>>()?;
    let other = sample::bar("000660", "2026-01-22T00:09:00Z")?;
    store.commit(&Batch { bars: [bars.as_slice(), &[other]].concat(), ..Batch::default() }).await?;

    let symbol = "005930".parse()?;
    assert_eq!(store.last_bars(symbol, 2).await?, bars[2..]);
    assert_eq!(store.last_bars(symbol, 100).await?, bars);
    assert_eq!(store.last_bars(symbol, 0).await?, []);
    assert_eq!(store.last_bars("0004V0".parse()?, 2).await?, []);
    Ok(())
}

/// As the last one-minute bars.
///
/// # Errors
/// When the store fails.
pub async fn the_last_swing_bars(store: &dyn Store) -> Outcome {
    let times = ["00:00", "00:10", "00:20", "00:30"];
    let bars = times.map(|time| sample::swing_bar("005930", &format!("2026-01-22T{time}:00Z")));
    let bars = bars.into_iter().collect::<Made<Vec<_>>>()?;
    let other = sample::swing_bar("000660", "2026-01-22T00:40:00Z")?;
    store.commit(&Batch { swing_bars: [bars.as_slice(), &[other]].concat(), ..Batch::default() }).await?;

    let symbol = "005930".parse()?;
    assert_eq!(store.last_swing_bars(symbol, 2).await?, bars[2..]);
    assert_eq!(store.last_swing_bars(symbol, 100).await?, bars);
    assert_eq!(store.last_swing_bars(symbol, 0).await?, []);
    assert_eq!(store.last_swing_bars("0004V0".parse()?, 2).await?, []);
    Ok(())
}

/// The newest tick of each symbol by event time, and within the same instant the one that arrived last.
///
/// # Errors
/// When the store fails.
pub async fn the_latest_quotes(store: &dyn Store) -> Outcome {
    assert_eq!(store.latest_quotes().await?, []);
    let at_price =
        |symbol, time, won| Made::Ok(Tick { last_price: Some(Price::from_won(won)?), ..sample::tick(symbol, time)? });
    let newest = at_price("005930", "2026-01-22T00:00:02Z", 3)?;
    let only = at_price("0004V0", "2026-01-21T00:00:00Z", 4)?;
    let ticks = vec![
        at_price("005930", "2026-01-22T00:00:02Z", 1)?,
        at_price("005930", "2026-01-22T00:00:02Z", 2)?,
        newest.clone(),
        at_price("005930", "2026-01-22T00:00:01Z", 5)?,
        only.clone(),
    ];
    store.commit(&Batch { ticks, ..Batch::default() }).await?;
    assert_eq!(store.latest_quotes().await?, [only, newest]);
    Ok(())
}

/// The mean over the bars of a range.
///
/// # Errors
/// When the store fails.
pub async fn coverage_by_symbol(store: &dyn Store) -> Outcome {
    let covered = |symbol, time, ratio| Made::Ok(Bar { coverage: Coverage::new(ratio)?, ..sample::bar(symbol, time)? });
    let bars = vec![
        covered("005930", "2026-01-22T00:00:00Z", 0.25)?,
        covered("005930", "2026-01-22T00:01:00Z", 1.0)?,
        covered("0004V0", "2026-01-22T00:01:00Z", 1.0)?,
        covered("0004V0", "2026-01-23T00:00:00Z", 0.0)?,
    ];
    store.commit(&Batch { bars, ..Batch::default() }).await?;
    let of =
        |symbol: &str, bars, mean| Made::Ok(SymbolCoverage { symbol: symbol.parse()?, bars, mean: Coverage::new(mean)? });
    let day = sample::range("2026-01-22T00:00:00Z", "2026-01-23T00:00:00Z")?;
    assert_eq!(store.coverage_by_symbol(day).await?, [of("0004V0", 1, 1.0)?, of("005930", 2, 0.625)?]);
    assert_eq!(store.latest_snapshot().await?, None);
    Ok(())
}
