//! Shares of a portfolio.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Problem};

/// A share of a portfolio's value, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Weight(Decimal);

impl Weight {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// Everything.
    pub const ONE: Self = Self(Decimal::ONE);

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
