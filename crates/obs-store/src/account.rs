//! What is known to be missing, and what stands in for it.

use std::str::FromStr;

use async_trait::async_trait;
use obs_model::{Bar, HealedBar, Symbol, VolumeBreak};

use crate::{StoreError, TimeRange};

/// Lost shares, and minutes that the broker told afterwards.
#[async_trait]
pub trait AccountRepository: Send + Sync {
    /// The volume breaks that touch a range, by the trade behind them and symbol.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn volume_breaks(&self, range: TimeRange) -> Result<Vec<VolumeBreak>, StoreError>;

    /// The healed bars that start in a range, of one symbol or of all, by symbol and time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn healed_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, StoreError>;

    /// The one-minute bars that start in a range, of one symbol or of all, by symbol and time: the healed one where it exists
    /// and the observed one does not, or is not normal. They are the rows of the view `scalp_1m_bars_healed`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn bars_with_healing(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SourcedBar>, StoreError>;
}

/// A bar, and where its prices and its volume come from.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcedBar {
    /// The bar. A healed one has the coverage and the flag of the observed one, which it does not better; where there is none,
    /// no coverage and the flag `gap`.
    pub bar: Bar,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a bar's prices and volume come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// From recorded ticks, or from a recorded bar.
    Observed,
    /// From the broker's chart, afterwards.
    Healed,
}

impl Origin {
    /// The name in the view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Healed => "healed",
        }
    }
}

impl FromStr for Origin {
    type Err = UnknownOrigin;

    fn from_str(name: &str) -> Result<Self, UnknownOrigin> {
        let known = [Self::Observed, Self::Healed].into_iter().find(|origin| origin.as_str() == name);
        known.ok_or_else(|| UnknownOrigin(name.chars().take(80).collect()))
    }
}

/// A text that names no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of observed, healed")]
pub struct UnknownOrigin(String);
