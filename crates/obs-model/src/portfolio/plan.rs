//! Plans: sets of orders that bring a portfolio to its policy.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{OrderId, PlanDigest, PlanId, PolicyId, SnapshotId};
use crate::{InvalidValue, Money, text};

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

/// Who fills orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerKind {
    /// Nobody: fills are worked out from stored quotes.
    Paper,
    /// The paper-trading hosts of Korea Investment & Securities.
    KisPaper,
    /// Its live hosts: real money.
    KisLive,
}

/// A set of orders that brings a portfolio to its policy: a row of `rebalance_plan`. What the Python system did not record is
/// `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebalancePlan {
    /// Its number.
    pub plan_id: PlanId,
    /// The policy it serves.
    pub policy_id: PolicyId,
    /// Which version of it.
    pub policy_version: Option<u32>,
    /// The snapshot it starts from.
    pub snapshot_id: SnapshotId,
    /// How far it has come.
    pub status: PlanStatus,
    /// Why it was made.
    pub reason: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it may not be begun any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it consists of, as it was when it was made.
    pub digest: Option<PlanDigest>,
    /// What it is expected to do.
    pub forecast: Option<Forecast>,
    /// Its approval.
    pub approval: Option<Approval>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// Why it failed or was withdrawn.
    pub error: Option<String>,
}

/// Somebody's word that exactly this plan may be executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// When it was given.
    pub at: DateTime<Utc>,
    /// For what.
    pub digest: PlanDigest,
    /// Where it may be executed.
    pub broker: BrokerKind,
}

/// What a plan is expected to do, at the prices that it was decided at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Cash after all orders and their costs, in won.
    pub cash: Money,
    /// The least cash if every order is filled at its limit, in won.
    pub least_cash: Money,
    /// The broker's part of the costs in won.
    pub commission: Money,
    /// The state's part in won.
    pub tax: Money,
    /// What is bought and sold together, in won.
    pub turnover: Money,
    /// The drift before.
    pub drift_before: Decimal,
    /// The drift afterwards.
    pub drift_after: Decimal,
    /// No allocation within the limits is nearer to the targets by more than this, in won. Zero is proven optimal.
    pub gap: Money,
}

/// Something that happened to a plan: a row of `plan_events`. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEvent {
    /// To which plan.
    pub plan_id: PlanId,
    /// To which of its orders, if to one.
    pub order_id: Option<OrderId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What, in one word: [`PlanStep::name`](super::PlanStep::name), or `created`.
    pub event: String,
    /// In more words.
    pub detail: Option<String>,
}

impl PlanStatus {
    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Executing => "executing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for PlanStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PlanStatus {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let all = [Self::Pending, Self::Approved, Self::Executing, Self::Done, Self::Failed, Self::Cancelled];
        text::by_name("plan status", name, &all, Self::as_str, "pending, approved, executing, done, failed, cancelled")
    }
}

impl BrokerKind {
    /// All of them, the harmless ones first.
    pub const ALL: [Self; 3] = [Self::Paper, Self::KisPaper, Self::KisLive];

    /// The name in tables and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::KisPaper => "kis-paper",
            Self::KisLive => "kis-live",
        }
    }
}

impl fmt::Display for BrokerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for BrokerKind {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        text::by_name("broker", name, &Self::ALL, Self::as_str, "paper, kis-paper, kis-live")
    }
}
