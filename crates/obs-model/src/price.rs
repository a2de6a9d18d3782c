//! Prices of one share.

use std::{fmt, num::NonZeroI64, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{InvalidValue, Problem, text};

/// The price of one share in won, exact to four decimals and always above zero.
///
/// It counts ten-thousandths of a won in an `i64` and holds exactly what the column type `NUMERIC(15,4)` holds. "No price" is
/// `Option::None`, never a zero: the broker sends 0 for an empty side of the book or a stock that has not traded, and readers
/// turn that into `None` ([`Price::from_won_or_none`]).
///
/// ```
/// use obs_model::Price;
///
/// let price: Price = "71950.5".parse()?;
/// assert_eq!(price.ten_thousandths(), 719_505_000);
/// assert_eq!(price.to_string(), "71950.5");
/// assert_eq!(Price::from_won(71_900)?.to_string(), "71900");
/// assert!("1.00001".parse::<Price>().is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(
    // Not zero, so that an `Option<Price>` is no larger: a tick has three, and millions are read in a row.
    NonZeroI64,
);

impl Price {
    /// Ten-thousandths in one won.
    pub const SCALE: i64 = 10_000;
    /// Digits behind the point.
    pub const DECIMALS: u32 = 4;
    /// The smallest price: one ten-thousandth of a won.
    pub const MIN: Self = Self::of(1);
    /// The largest price: eleven digits of won and four decimals.
    pub const MAX: Self = Self::of(999_999_999_999_999);

    const RANGE: Problem = Problem::OutOfRange { range: "0.0001 to 99999999999.9999" };

    /// A price from its count of ten-thousandths of a won.
    ///
    /// # Errors
    /// [`InvalidValue`] outside [`Price::MIN`] to [`Price::MAX`].
    pub fn from_ten_thousandths(raw: i64) -> Result<Self, InvalidValue> {
        match NonZeroI64::new(raw).map(Self) {
            Some(price) if price >= Self::MIN && price <= Self::MAX => Ok(price),
            _ => Err(Self::refuse(Decimal::new(raw, Self::DECIMALS).normalize().to_string(), Self::RANGE)),
        }
    }

    /// A price in whole won.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is not above zero, or too large.
    pub fn from_won(won: i64) -> Result<Self, InvalidValue> {
        let raw = won.checked_mul(Self::SCALE).ok_or_else(|| Self::refuse(won.to_string(), Self::RANGE))?;
        Self::from_ten_thousandths(raw)
    }

    /// A price in whole won as the broker sends it, where 0 says that there is none.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is negative or too large.
    #[inline]
    pub fn from_won_or_none(won: i64) -> Result<Option<Self>, InvalidValue> {
        if won == 0 { Ok(None) } else { Self::from_won(won).map(Some) }
    }

    /// A decimal number in won, where 0 says that there is no price.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is not a decimal number of at most four decimals, negative or too large.
    pub fn parse_or_none(text: &str) -> Result<Option<Self>, InvalidValue> {
        match Self::parse_raw(text)? {
            0 => Ok(None),
            raw => Self::from_ten_thousandths(raw).map(Some),
        }
    }

    /// The count of ten-thousandths of a won.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0.get()
    }

    /// The price in whole won, if it has no fraction.
    #[must_use]
    pub const fn whole_won(self) -> Option<i64> {
        if self.0.get() % Self::SCALE == 0 { Some(self.0.get() / Self::SCALE) } else { None }
    }

    const fn of(raw: i64) -> Self {
        match NonZeroI64::new(raw) {
            Some(raw) => Self(raw),
            None => unreachable!(),
        }
    }

    fn refuse(text: impl Into<String>, problem: Problem) -> InvalidValue {
        InvalidValue::new("price", text, problem)
    }

    /// Reads a decimal number as ten-thousandths, without going through a float.
    fn parse_raw(text: &str) -> Result<i64, InvalidValue> {
        if let Some(raw) = text::small_whole(text).and_then(|won| won.checked_mul(Self::SCALE)) {
            return Ok(raw);
        }
        if let Some((number, exponent)) = text.split_once(['e', 'E']) {
            return Self::scientific_to_raw(text, number, exponent);
        }
        let Some((sign, whole, fraction)) = text::plain_number(text) else {
            return Err(Self::refuse(text, Problem::NotANumber));
        };
        let (kept, rest) = fraction.split_at(fraction.len().min(Self::DECIMALS as usize));
        if rest.bytes().any(|b| b != b'0') {
            return Err(Self::refuse(text, Problem::TooManyDecimals { max: Self::DECIMALS }));
        }
        let missing = Self::DECIMALS - kept.len() as u32;
        let raw = |whole: i64, kept: i64| whole.checked_mul(Self::SCALE)?.checked_add(kept * 10_i64.pow(missing));
        match (whole.parse(), kept.parse()) {
            (Ok(whole), Ok(kept)) => raw(whole, kept).map(|raw| sign * raw),
            _ => None,
        }
        .ok_or_else(|| Self::refuse(text, Self::RANGE))
    }

    /// Reads `1.5e3`, which JSON admits. A decimal library would round a long number first and so hide decimals.
    fn scientific_to_raw(text: &str, number: &str, exponent: &str) -> Result<i64, InvalidValue> {
        let not_a_number = || Self::refuse(text, Problem::NotANumber);
        let (sign, whole, fraction) = text::plain_number(number).ok_or_else(not_a_number)?;
        let size = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if size.is_empty() || !size.bytes().all(|b| b.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let written = format!("{whole}{fraction}");
        let padded = written.trim_start_matches('0');
        let digits = padded.trim_end_matches('0');
        if digits.is_empty() {
            return Ok(0);
        }
        let zeros = padded.len() - digits.len();
        // The number is `digits` times ten to this power, counted in ten-thousandths.
        let power = exponent.parse::<i32>().ok().and_then(|exponent| {
            i64::from(exponent)
                .checked_add(i64::from(Self::DECIMALS))?
                .checked_add_unsigned(zeros as u64)?
                .checked_sub_unsigned(fraction.len() as u64)
        });
        // An exponent that does not fit is as large, or as small, as its sign says.
        let power = power.unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
        if power < 0 {
            return Err(Self::refuse(text, Problem::TooManyDecimals { max: Self::DECIMALS }));
        }
        let factor = u32::try_from(power).ok().and_then(|power| 10_i64.checked_pow(power));
        let raw = factor.and_then(|factor| digits.parse::<i64>().ok()?.checked_mul(factor));
        raw.map(|raw| sign * raw).ok_or_else(|| Self::refuse(text, Self::RANGE))
    }

    fn decimal_to_raw(decimal: Decimal) -> Result<i64, InvalidValue> {
        let normal = decimal.normalize();
        if normal.scale() > Self::DECIMALS {
            return Err(Self::refuse(decimal.to_string(), Problem::TooManyDecimals { max: Self::DECIMALS }));
        }
        let factor = 10_i128.pow(Self::DECIMALS - normal.scale());
        i64::try_from(normal.mantissa() * factor).map_err(|_| Self::refuse(decimal.to_string(), Self::RANGE))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole_won() {
            // The common case, without the decimal's arithmetic. A whole number has no decimals to cut or fill up.
            Some(won) if f.precision().is_none() => fmt::Display::fmt(&won, f),
            _ => fmt::Display::fmt(&Decimal::from(*self), f),
        }
    }
}

impl FromStr for Price {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::parse_raw(text).and_then(Self::from_ten_thousandths)
    }
}

impl From<Price> for Decimal {
    fn from(price: Price) -> Self {
        Self::new(price.0.get(), Price::DECIMALS).normalize()
    }
}

impl TryFrom<Decimal> for Price {
    type Error = InvalidValue;

    fn try_from(decimal: Decimal) -> Result<Self, InvalidValue> {
        Self::decimal_to_raw(decimal).and_then(Self::from_ten_thousandths)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize_number(deserializer)
    }
}
