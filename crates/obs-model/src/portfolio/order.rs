//! Orders and their fills.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{OrderId, PlanId};
use crate::{InvalidValue, Money, Price, Quantity, Symbol, text};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Sell; sells come first, they pay for the buys.
    Sell,
    /// Buy.
    Buy,
}

/// With or without a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderType {
    /// At the best price there is.
    #[default]
    Market,
    /// At a given price or better.
    Limit,
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Not yet sent.
    Pending,
    /// Sent, or just about to be, and not yet ended.
    Executing,
    /// Filled whole.
    Filled,
    /// Refused by the broker.
    Rejected,
    /// Withdrawn; a part may have been filled before.
    Cancelled,
}

/// An order that is not yet in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOrder {
    /// Its place in the plan, from 1: sells first. Orders of one symbol go one after the other.
    pub sequence: u32,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares to trade.
    pub quantity: Quantity,
    /// The worst price in won that is accepted, on the exchange's grid; `None` is an order at the market.
    pub limit_price: Option<Price>,
    /// The price in won that it was decided at; slippage is measured from it.
    pub decision_price: Price,
}

/// One order of a plan: a row of `rebalance_orders`. What the Python system did not record is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebalanceOrder {
    /// Its number.
    pub order_id: OrderId,
    /// Of which plan.
    pub plan_id: PlanId,
    /// Its place in the plan, from 1; `None` for an order of the Python system.
    pub sequence: Option<u32>,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares to trade.
    pub target_qty: Quantity,
    /// With or without a price.
    pub order_type: OrderType,
    /// The worst price in won that is accepted.
    pub limit_price: Option<Price>,
    /// The price in won that it was decided at.
    pub decision_price: Option<Price>,
    /// How far it has come.
    pub status: OrderStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The order whose rest it trades.
    pub replaces: Option<OrderId>,
    /// When it was about to be sent, the last time.
    pub submitted_at: Option<DateTime<Utc>>,
    /// What the broker knows it by; `None` while it was not sent, or nobody knows whether it was.
    pub broker_order: Option<BrokerOrder>,
}

/// What a broker knows an order by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BrokerOrder {
    /// The day of the order, in Korea.
    pub day: NaiveDate,
    /// The broker's branch that took it; may be empty.
    pub branch: String,
    /// Its number on that day.
    pub number: String,
}

/// What came of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionStatus {
    /// A part was filled.
    Partial,
    /// All of it was filled.
    Filled,
    /// The broker refused it.
    Rejected,
}

/// One fill or refusal: a row of `rebalance_execution`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebalanceExecution {
    /// Of which order.
    pub order_id: OrderId,
    /// Shares filled.
    pub filled_qty: Quantity,
    /// At which price in won, on average; `None` for a refusal.
    pub filled_price: Option<Price>,
    /// When.
    pub exec_time: DateTime<Utc>,
    /// The broker's fee in won.
    pub commission: Money,
    /// The securities transaction tax in won; `None` where the Python system did not record it.
    pub tax: Option<Money>,
    /// The difference to the price at decision, times the quantity, in won; positive is worse.
    pub slippage: Money,
    /// What came of it.
    pub status: ExecutionStatus,
    /// The broker's words for a refusal.
    pub error_msg: Option<String>,
}

impl Side {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sell => "SELL",
            Self::Buy => "BUY",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Side {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        text::by_name("side", name, &[Self::Buy, Self::Sell], Self::as_str, "BUY, SELL")
    }
}

impl OrderType {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
        }
    }
}

impl FromStr for OrderType {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        text::by_name("order type", name, &[Self::Market, Self::Limit], Self::as_str, "MARKET, LIMIT")
    }
}

impl OrderStatus {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Executing => "executing",
            Self::Filled => "filled",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Filled | Self::Rejected | Self::Cancelled)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let all = [Self::Pending, Self::Executing, Self::Filled, Self::Rejected, Self::Cancelled];
        text::by_name("order status", name, &all, Self::as_str, "pending, executing, filled, rejected, cancelled")
    }
}

impl ExecutionStatus {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "PARTIAL",
            Self::Filled => "FILLED",
            Self::Rejected => "REJECTED",
        }
    }
}

impl FromStr for ExecutionStatus {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let all = [Self::Partial, Self::Filled, Self::Rejected];
        text::by_name("execution status", name, &all, Self::as_str, "PARTIAL, FILLED, REJECTED")
    }
}
