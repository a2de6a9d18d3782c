//! Counts of shares.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{InvalidValue, Problem, text};

/// A count of shares, zero or more.
///
/// ```
/// use obs_model::Quantity;
///
/// let traded = Quantity::new(120)?;
/// assert_eq!(traded.checked_add(Quantity::new(80)?), Some(Quantity::new(200)?));
/// assert!(Quantity::new(-1).is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

impl Quantity {
    /// No shares.
    pub const ZERO: Self = Self(0);
    /// The largest count.
    pub const MAX: Self = Self(i64::MAX);

    const RANGE: Problem = Problem::OutOfRange { range: "0 to 9223372036854775807" };

    /// Checks a count.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is negative.
    #[inline]
    pub fn new(shares: i64) -> Result<Self, InvalidValue> {
        if shares < 0 {
            return Err(InvalidValue::new("quantity", shares.to_string(), Self::RANGE));
        }
        Ok(Self(shares))
    }

    /// The number of shares.
    #[must_use]
    pub const fn shares(self) -> i64 {
        self.0
    }

    /// The sum, unless it is too large.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it is below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|shares| *shares >= 0).map(Self)
    }

    /// The sum, held at [`Quantity::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Quantity {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Some(shares) = text::small_whole(text) {
            return Ok(Self(shares));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidValue::new("quantity", text, Problem::NotANumber));
        }
        text.parse().map_err(|_| InvalidValue::new("quantity", text, Self::RANGE)).and_then(Self::new)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize_number(deserializer)
    }
}
