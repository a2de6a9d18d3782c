//! The questions that people ask most.

use async_trait::async_trait;
use obs_model::{Bar, Coverage, PortfolioSnapshot, SwingBar, Symbol, Tick};

use crate::{StoreError, TimeRange};

/// The questions that people ask most; with ticks, bars and gaps of a range they are what `backfill verify` times. Each is
/// answered from an index, in milliseconds also among millions of ticks.
#[async_trait]
pub trait QueryRepository: Send + Sync {
    /// The newest one-minute bars of a symbol, at most `number`, by time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. An unknown symbol is not an error.
    async fn last_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<Bar>, StoreError>;

    /// The newest ten-minute bars of a symbol, at most `number`, by time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. An unknown symbol is not an error.
    async fn last_swing_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, StoreError>;

    /// The newest tick of every symbol, with the quotes around it, by symbol.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn latest_quotes(&self) -> Result<Vec<Tick>, StoreError>;

    /// How well each symbol was observed in a range, such as a day, by symbol: from the one-minute bars that start in it.
    /// Symbols without bars are not there.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn coverage_by_symbol(&self, range: TimeRange) -> Result<Vec<SymbolCoverage>, StoreError>;

    /// The newest snapshot of a portfolio, whatever its policy.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn latest_snapshot(&self) -> Result<Option<PortfolioSnapshot>, StoreError>;
}

/// How well a symbol was observed in some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SymbolCoverage {
    /// The symbol.
    pub symbol: Symbol,
    /// Minutes with a bar.
    pub bars: u64,
    /// The mean coverage of these bars; minutes without a trade have none and do not count.
    pub mean: Coverage,
}
