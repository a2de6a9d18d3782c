//! Names and numbers of the portfolio's rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Problem};

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

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a row of `rebalance_plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(pub i64);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a row of `rebalance_orders`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub i64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a plan consists of, in 64 hexadecimal digits: an approval holds for the plan with this digest and no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Checks a digest.
    ///
    /// # Errors
    /// [`InvalidValue`] unless it has 64 digits, each 0 to 9 or a to f.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let found = text.chars().count();
        if found != 64 {
            return Err(InvalidValue::new("plan digest", text, Problem::Length { found, expected: "64" }));
        }
        match text.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            Some(strange) => Err(InvalidValue::new("plan digest", text, Problem::Character(strange))),
            None => Ok(Self(text)),
        }
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits: what people compare and type.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl TryFrom<String> for PlanDigest {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<PlanDigest> for String {
    fn from(digest: PlanDigest) -> Self {
        digest.0
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
