//! The portfolio's record: policy, targets, snapshots, plans, orders and executions.
//!
//! These are the rows of seven tables; what may follow what is decided where plans are made and executed.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Money, Price, Problem, Quantity, Symbol};

/// The name of a policy: 1 to 50 printable characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyId(String);

impl PolicyId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is empty, over 50 characters, or holds a control character.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidValue> {
        let name = name.into();
        if let Some(strange) = name.chars().find(|c| c.is_control()) {
            return Err(InvalidValue::new("policy id", name, Problem::Character(strange)));
        }
        match name.chars().count() {
            1..=50 => Ok(Self(name)),
            found => Err(InvalidValue::new("policy id", name, Problem::Length { found, expected: "1 to 50" })),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PolicyId {
    type Error = InvalidValue;

    fn try_from(name: String) -> Result<Self, InvalidValue> {
        Self::new(name)
    }
}

impl From<PolicyId> for String {
    fn from(id: PolicyId) -> Self {
        id.0
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The number of a row of `portfolio_snapshot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotId(pub i64);

/// The number of a row of `rebalance_plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(pub i64);

/// The number of a row of `rebalance_orders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub i64);

/// A share of a portfolio's value, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Weight(Decimal);

impl Weight {
    /// Checks a share.
    ///
    /// # Errors
    /// [`InvalidValue`] outside 0 to 1.
    pub fn new(share: Decimal) -> Result<Self, InvalidValue> {
        if share < Decimal::ZERO || share > Decimal::ONE {
            return Err(InvalidValue::new("weight", share.to_string(), Problem::OutOfRange { range: "0 to 1" }));
        }
        Ok(Self(share.normalize()))
    }

    /// The share, 0 to 1.
    #[must_use]
    pub const fn share(self) -> Decimal {
        self.0
    }
}

impl TryFrom<Decimal> for Weight {
    type Error = InvalidValue;

    fn try_from(share: Decimal) -> Result<Self, InvalidValue> {
        Self::new(share)
    }
}

impl From<Weight> for Decimal {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// How often a portfolio is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RebalanceFrequency {
    /// Each trading day.
    Daily,
    /// The first trading day of a week.
    Weekly,
    /// The first trading day of a month.
    #[default]
    Monthly,
}

/// How a portfolio should look and when it is put right: a row of `portfolio_policy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortfolioPolicy {
    /// Its name.
    pub policy_id: PolicyId,
    /// Its title.
    pub policy_name: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// The drift from which a plan is made.
    pub rebalance_threshold: Weight,
    /// How often the calendar asks for a look.
    pub rebalance_frequency: RebalanceFrequency,
    /// Whether it is in force.
    pub is_active: bool,
}

/// A symbol's target: a row of `target_weights`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetWeight {
    /// Of which policy.
    pub policy_id: PolicyId,
    /// The symbol.
    pub symbol: Symbol,
    /// Its share of the portfolio.
    pub target_weight: Weight,
    /// When it was stored.
    pub updated_at: DateTime<Utc>,
}

/// A portfolio's value at an instant: a row of `portfolio_snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortfolioSnapshot {
    /// Its number.
    pub snapshot_id: SnapshotId,
    /// By which policy it was measured.
    pub policy_id: PolicyId,
    /// When it was taken.
    pub snapshot_time: DateTime<Utc>,
    /// Holdings and cash in won.
    pub total_value: Money,
    /// Cash in won.
    pub cash: Money,
}

/// One holding in a snapshot: a row of `portfolio_positions`.
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
}

/// How far a plan has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanStatus {
    /// Made, not yet approved.
    Pending,
    /// Approved, not yet begun.
    Approved,
    /// Orders are going out.
    Executing,
    /// All orders ended.
    Done,
    /// Stopped by an error.
    Failed,
    /// Withdrawn.
    Cancelled,
}

/// A set of orders that brings a portfolio to its policy: a row of `rebalance_plan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebalancePlan {
    /// Its number.
    pub plan_id: PlanId,
    /// The policy it serves.
    pub policy_id: PolicyId,
    /// The snapshot it starts from.
    pub snapshot_id: SnapshotId,
    /// How far it has come.
    pub status: PlanStatus,
    /// Why it was made.
    pub reason: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

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
    /// Sent, not yet ended.
    Executing,
    /// Filled whole.
    Filled,
    /// Refused by the broker.
    Rejected,
    /// Withdrawn.
    Cancelled,
}

/// One order of a plan: a row of `rebalance_orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebalanceOrder {
    /// Its number.
    pub order_id: OrderId,
    /// Of which plan.
    pub plan_id: PlanId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares to trade.
    pub target_qty: Quantity,
    /// With or without a price.
    pub order_type: OrderType,
    /// How far it has come.
    pub status: OrderStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
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
    /// At which price in won; `None` for a refusal.
    pub filled_price: Option<Price>,
    /// When.
    pub exec_time: DateTime<Utc>,
    /// The broker's fee in won.
    pub commission: Money,
    /// The difference to the price at decision, times the quantity, in won; positive is worse.
    pub slippage: Money,
    /// What came of it.
    pub status: ExecutionStatus,
    /// The broker's words for a refusal.
    pub error_msg: Option<String>,
}

impl FromStr for Side {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match name {
            "BUY" => Ok(Self::Buy),
            "SELL" => Ok(Self::Sell),
            _ => Err(InvalidValue::new("side", name, Problem::UnknownName { names: "BUY, SELL" })),
        }
    }
}
