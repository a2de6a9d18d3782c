//! Pages from the store.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use obs_model::{SwingBar, Symbol, Tick};
use obs_store::{Origin, SourcedBar, Store, StoreError};

use crate::parameters::Asked;

/// Ticks with their row numbers, by time and number.
pub(super) async fn ticks(
    store: &dyn Store,
    asked: &Asked,
    after: Option<(DateTime<Utc>, i64)>,
) -> Result<Vec<(i64, Tick)>, StoreError> {
    let ticks = store.ticks(asked.range, asked.symbol).await?;
    let numbered = (0_i64..).zip(ticks);
    let rest = numbered.filter(|(id, tick)| after.is_none_or(|after| (tick.event_time, *id) > after));
    Ok(rest.take(asked.limit + 1).collect())
}

/// One-minute bars, by time and symbol.
pub(super) async fn bars(
    store: &dyn Store,
    asked: &Asked,
    healed: bool,
    after: Option<(DateTime<Utc>, Symbol)>,
) -> Result<Vec<SourcedBar>, StoreError> {
    let bars = if healed {
        store.bars_with_healing(asked.range, asked.symbol).await?
    } else {
        let observed = store.bars(asked.range, asked.symbol).await?;
        observed.into_iter().map(|bar| SourcedBar { bar, origin: Origin::Observed }).collect()
    };
    Ok(rest(bars, after, asked.limit, |of| (of.bar.bar_time, of.bar.symbol)))
}

/// Ten-minute bars, by time and symbol.
pub(super) async fn swing_bars(
    store: &dyn Store,
    asked: &Asked,
    after: Option<(DateTime<Utc>, Symbol)>,
) -> Result<Vec<SwingBar>, StoreError> {
    let bars = store.swing_bars(asked.range, asked.symbol).await?;
    Ok(rest(bars, after, asked.limit, |bar| (bar.bar_time, bar.symbol)))
}

/// Of rows that are all in memory those behind a key, in its order, and one more than the limit.
pub(super) fn rest<T, K: Ord>(mut rows: Vec<T>, after: Option<K>, limit: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    rows.retain(|row| after.as_ref().is_none_or(|after| key(row).cmp(after) == Ordering::Greater));
    rows.sort_by_key(key);
    rows.truncate(limit + 1);
    rows
}
