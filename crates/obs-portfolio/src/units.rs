//! Amounts as whole numbers: ten-thousandths of a won, the finest that [`Money`] and [`Price`](obs_model::Price) hold.

use obs_model::{Money, Price, Weight};
use rust_decimal::Decimal;

use crate::AllocateError;

/// Ten-thousandths in one won.
pub(crate) const WON: i128 = Price::SCALE as i128;
/// The largest portfolio, in ten-thousandths of a won: sums of squares of such amounts still fit an `i128`.
pub(crate) const LARGEST: i128 = 10_000_000_000_000 * WON;
/// The most decimals of a weight: a share of the largest portfolio still fits.
pub(crate) const WEIGHT_DECIMALS: u32 = 18;

pub(crate) fn from_money(amount: Money) -> i128 {
    // An amount has at most four decimals and 20 digits.
    let won = amount.won();
    won.mantissa() * 10_i128.pow(Money::DECIMALS.saturating_sub(won.scale()))
}

/// The amount of a count that is within [`Money`]'s range, which is far beyond [`LARGEST`].
pub(crate) fn to_money(units: i128) -> Money {
    let units = units.clamp(-100 * LARGEST, 100 * LARGEST);
    Money::new(Decimal::from_i128_with_scale(units, Money::DECIMALS)).unwrap_or_default()
}

/// A weight's part of an amount: rounded down, and what is left over in parts of the divisor.
pub(crate) fn part(weight: Weight, of: i128) -> Result<Part, AllocateError> {
    share(weight.share(), of)
}

/// As [`part`], for shares that may be above 1.
pub(crate) fn share(share: Decimal, of: i128) -> Result<Part, AllocateError> {
    let share = share.normalize();
    if share.scale() > WEIGHT_DECIMALS {
        return Err(AllocateError::TooManyDecimals { share, most: WEIGHT_DECIMALS });
    }
    let product = share.mantissa().checked_mul(of).ok_or(AllocateError::TooLarge { largest: to_money(LARGEST) })?;
    Ok(Part { product, divisor: 10_i128.pow(share.scale()) })
}

/// A fraction of an amount, not yet rounded.
pub(crate) struct Part {
    product: i128,
    divisor: i128,
}

impl Part {
    pub(crate) const fn floor(&self) -> i128 {
        self.product.div_euclid(self.divisor)
    }

    pub(crate) const fn ceil(&self) -> i128 {
        -(-self.product).div_euclid(self.divisor)
    }

    /// To the nearest, half upwards.
    pub(crate) const fn nearest(&self) -> i128 {
        (self.product + self.divisor / 2).div_euclid(self.divisor)
    }
}
