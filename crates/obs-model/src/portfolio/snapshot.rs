//! What a portfolio holds and is worth.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{BrokerKind, PolicyId, SnapshotId, Weight};
use crate::{InvalidValue, Money, Price, Quantity, Symbol, text};

/// A portfolio's value at an instant: a row of `portfolio_snapshot`. What the Python system did not record is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortfolioSnapshot {
    /// Its number.
    pub snapshot_id: SnapshotId,
    /// By which policy it was measured.
    pub policy_id: PolicyId,
    /// By which version of it.
    pub policy_version: Option<u32>,
    /// When it was taken.
    pub snapshot_time: DateTime<Utc>,
    /// Holdings and cash in won.
    pub total_value: Money,
    /// Cash in won.
    pub cash: Money,
    /// How far the weights are from the targets: the root of the summed squares of their differences.
    pub drift: Option<Decimal>,
    /// Who said what is held.
    pub source: Option<HoldingsSource>,
}

/// One holding in a snapshot: a row of `portfolio_positions`. What the Python system did not record is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortfolioPosition {
    /// In which snapshot.
    pub snapshot_id: SnapshotId,
    /// The symbol.
    pub symbol: Symbol,
    /// Shares held.
    pub quantity: Quantity,
    /// The price it was valued at, in won.
    pub market_price: Price,
    /// Quantity times price, in won.
    pub market_value: Money,
    /// Its share of the total.
    pub current_weight: Weight,
    /// The share it should have.
    pub target_weight: Weight,
    /// When the price was true.
    pub price_time: Option<DateTime<Utc>>,
    /// Where the price was found.
    pub price_source: Option<PriceSource>,
    /// What was accepted about the price, by name, in words.
    pub doubt: Option<String>,
}

/// Who said what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldingsSource {
    /// A file.
    File,
    /// A broker.
    Broker(BrokerKind),
}

/// Where a price was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The last trade that was recorded.
    Tick,
    /// The close of a one-minute bar.
    MinuteBar,
    /// The close of a ten-minute bar.
    SwingBar,
    /// The broker's quote.
    Quote,
}

impl HoldingsSource {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Broker(broker) => broker.as_str(),
        }
    }
}

impl fmt::Display for HoldingsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HoldingsSource {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let [paper, kis_paper, kis_live] = BrokerKind::ALL.map(Self::Broker);
        let all = [Self::File, paper, kis_paper, kis_live];
        text::by_name("source of holdings", name, &all, Self::as_str, "file, paper, kis-paper, kis-live")
    }
}

impl Serialize for HoldingsSource {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for HoldingsSource {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl PriceSource {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::MinuteBar => "minute_bar",
            Self::SwingBar => "swing_bar",
            Self::Quote => "quote",
        }
    }
}

impl fmt::Display for PriceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PriceSource {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let all = [Self::Tick, Self::MinuteBar, Self::SwingBar, Self::Quote];
        text::by_name("price source", name, &all, Self::as_str, "tick, minute_bar, swing_bar, quote")
    }
}
