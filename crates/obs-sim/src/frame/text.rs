//! How the broker writes times, signs and rates, in frames and in answers alike.

use chrono::{DateTime, Utc};
use obs_model::KST;

use crate::market::Reference;

/// The Korean time of day, `HHMMSS`.
pub(crate) fn hour(at: DateTime<Utc>) -> String {
    at.with_timezone(&KST).format("%H%M%S").to_string()
}

/// The code of a price's change on the day: limits have codes of their own.
pub(crate) fn sign_of_day(price: i64, reference: &Reference) -> u8 {
    match price {
        price if price == reference.upper_limit => 1,
        price if price == reference.lower_limit => 4,
        _ => sign(price - reference.base_price),
    }
}

/// The code of a difference: up, flat, down.
pub(crate) const fn sign(difference: i64) -> u8 {
    match difference {
        1.. => 2,
        0 => 3,
        _ => 5,
    }
}

pub(crate) fn percent(part: i64, whole: i64) -> String {
    decimal(part, whole, 100)
}

/// `part / whole × factor` with two decimals, half away from zero; 0.00 of nothing.
pub(crate) fn decimal(part: i64, whole: i64, factor: i128) -> String {
    let whole = i128::from(whole);
    if whole == 0 {
        return hundredths(0);
    }
    let scaled = i128::from(part) * factor * 100;
    let rounded = (2 * scaled.abs() + whole.abs()) / (2 * whole.abs());
    hundredths(rounded * scaled.signum() * whole.signum())
}

pub(crate) fn hundredths(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let digits = hundredths.abs();
    format!("{sign}{}.{:02}", digits / 100, digits % 100)
}
