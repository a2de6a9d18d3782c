//! Rows of long lists, some at a time.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use obs_model::{SwingBar, Symbol, Tick};

use crate::{SourcedBar, StoreError, TimeRange};

/// Which rows of a list over time: those behind a key, and no more than some.
///
/// Going on behind the last row's key finds every row that was there from the beginning, once, whatever is written meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOf<K> {
    /// Of this time.
    pub range: TimeRange,
    /// Of this symbol, or of all.
    pub symbol: Option<Symbol>,
    /// Behind this key; `None` begins.
    pub after: Option<K>,
    /// At most so many.
    pub limit: u32,
}

/// Long lists, some rows at a time, in the order of time. Each page is found in an index, also far from the beginning.
#[async_trait]
pub trait PageRepository: Send + Sync {
    /// Ticks with their row numbers, by event time and row number, which is the order of arrival.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn ticks_page(&self, page: PageOf<(DateTime<Utc>, i64)>) -> Result<Vec<(i64, Tick)>, StoreError>;

    /// One-minute bars by time and symbol: the observed ones, or with `healed` those of
    /// [`bars_with_healing`](crate::AccountRepository::bars_with_healing).
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>, healed: bool) -> Result<Vec<SourcedBar>, StoreError>;

    /// Ten-minute bars by time and symbol.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn swing_bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>) -> Result<Vec<SwingBar>, StoreError>;

    /// How many ticks a range has.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn count_ticks(&self, range: TimeRange) -> Result<u64, StoreError>;
}

impl<K: Copy> PageOf<K> {
    /// The range without the time before the key's, which has nothing more to give.
    #[must_use]
    pub fn rest(&self, time: impl Fn(K) -> DateTime<Utc>) -> TimeRange {
        let from = self.after.map_or(self.range.from, |after| time(after).max(self.range.from));
        TimeRange { from, ..self.range }
    }
}
