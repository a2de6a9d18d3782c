//! How a portfolio should look.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{PolicyId, Weight};
use crate::{InvalidValue, Symbol, text};

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
    /// When it was first stored.
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

/// A policy as it was applied at some time: a row of `policy_versions`. What was planned by an older one stays explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Of which policy.
    pub policy_id: PolicyId,
    /// Counted from 1.
    pub version: u32,
    /// When it was applied.
    pub applied_at: DateTime<Utc>,
    /// The whole file.
    pub text: String,
}

impl RebalanceFrequency {
    /// The name in tables and files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}

impl fmt::Display for RebalanceFrequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RebalanceFrequency {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let all = [Self::Daily, Self::Weekly, Self::Monthly];
        text::by_name("rebalance frequency", name, &all, Self::as_str, "daily, weekly, monthly")
    }
}
