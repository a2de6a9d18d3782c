//! What pages ask the store for.

use std::cmp::Ordering;

use obs_store::PageOf;

use crate::parameters::Asked;

/// A page behind a key, and one row more: it tells whether there is a next page.
pub(super) fn page<K>(asked: &Asked, after: Option<K>) -> PageOf<K> {
    let limit = u32::try_from(asked.limit).unwrap_or(u32::MAX).saturating_add(1);
    PageOf { range: asked.range, symbol: asked.symbol, after, limit }
}

/// Of rows that are all in memory those behind a key, in its order, and one more than the limit.
pub(super) fn rest<T, K: Ord>(mut rows: Vec<T>, after: Option<K>, limit: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    rows.retain(|row| after.as_ref().is_none_or(|after| key(row).cmp(after) == Ordering::Greater));
    rows.sort_by_key(key);
    rows.truncate(limit + 1);
    rows
}
