//! How far holdings are from their targets.

use obs_model::{Money, Weight};
use rust_decimal::Decimal;

use crate::{AllocateError, units};

/// Decimals of a drift.
const DECIMALS: u32 = 12;

/// The square root of the summed squared differences between the weights that are and those that should be, cut to twelve
/// decimals. Cash is not a row of its own.
///
/// ```
/// use obs_model::Weight;
/// use obs_portfolio::drift;
///
/// let rows = [("530".parse()?, Weight::new("0.5".parse()?)?), ("460".parse()?, Weight::new("0.5".parse()?)?)];
/// assert_eq!(drift(rows, "1000".parse()?)?, "0.05".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AllocateError`] if the total is not above zero, an amount is negative or too large, or a weight has over 18 decimals.
pub fn drift(rows: impl IntoIterator<Item = (Money, Weight)>, total: Money) -> Result<Decimal, AllocateError> {
    let whole = units::from_money(total);
    if whole <= 0 {
        return Err(AllocateError::NoValue { total });
    }
    let largest = AllocateError::TooLarge { largest: units::to_money(units::LARGEST) };
    let mut squares = 0_i128;
    for (value, target) in rows {
        let value = units::from_money(value);
        if whole > units::LARGEST || !(0..=units::LARGEST).contains(&value) {
            return Err(largest);
        }
        let difference = value - units::part(target, whole)?.nearest();
        squares = squares.checked_add(difference * difference).ok_or_else(|| largest.clone())?;
    }
    Ok(root(squares, whole))
}

/// The drift of a sum of squared amounts. It never falls when the sum rises.
pub(crate) fn root(squares: i128, total: i128) -> Decimal {
    // As many more digits under the root as there is room for.
    let (mut under, mut grown) = (squares.unsigned_abs(), total.unsigned_abs());
    for _ in 0..DECIMALS {
        match under.checked_mul(100) {
            Some(larger) => (under, grown) = (larger, grown * 10),
            None => break,
        }
    }
    // A root has at most 20 digits, so twelve more fit.
    let parts = under.isqrt() * 10_u128.pow(DECIMALS) / grown.max(1);
    i128::try_from(parts)
        .ok()
        .and_then(|parts| Decimal::try_from_i128_with_scale(parts, DECIMALS).ok())
        .unwrap_or(Decimal::MAX)
        .normalize()
}
