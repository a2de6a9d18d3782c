//! Amounts of money.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{InvalidValue, Problem, text};

/// An amount of won, exact to four decimals. It may be negative: a fee refunded, a slippage gained.
///
/// It holds exactly what the column type `NUMERIC(20,4)` holds.
///
/// ```
/// use obs_model::Money;
///
/// let cash: Money = "1234567.89".parse()?;
/// assert_eq!(cash.to_string(), "1234567.89");
/// assert!("0.00001".parse::<Money>().is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// Digits behind the point.
    pub const DECIMALS: u32 = 4;

    /// The first amount of won that is too large: 17 digits.
    const LIMIT: i64 = 10_000_000_000_000_000;

    const RANGE: Problem = Problem::OutOfRange { range: "16 digits of won" };

    /// Checks an amount.
    ///
    /// # Errors
    /// [`InvalidValue`] with more than four decimals or more than 16 digits of won.
    pub fn new(won: Decimal) -> Result<Self, InvalidValue> {
        let refuse = |problem| Err(InvalidValue::new("sum of money", won.to_string(), problem));
        let normal = won.normalize();
        if normal.scale() > Self::DECIMALS {
            return refuse(Problem::TooManyDecimals { max: Self::DECIMALS });
        }
        if normal.abs() >= Decimal::from(Self::LIMIT) {
            return refuse(Self::RANGE);
        }
        Ok(Self(normal))
    }

    /// The amount in won.
    #[must_use]
    pub const fn won(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Money {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let refuse = |problem| Err(InvalidValue::new("sum of money", text, problem));
        // The decimal's own parser would admit `1_000`, `+1` and `.5`.
        if text::plain_number(text).is_none() {
            return refuse(Problem::NotANumber);
        }
        let shortest = if text.contains('.') { text.trim_end_matches('0') } else { text };
        // `from_str_exact` refuses what it would otherwise have to round.
        match Decimal::from_str_exact(shortest) {
            Ok(won) => Self::new(won),
            Err(rust_decimal::Error::Underflow) => refuse(Problem::TooManyDecimals { max: Self::DECIMALS }),
            Err(_) => refuse(Self::RANGE),
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize_number(deserializer)
    }
}
