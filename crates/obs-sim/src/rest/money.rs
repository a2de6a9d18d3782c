//! Decimal fractions as the broker writes them.

/// A quotient of whole numbers with so many decimals, rounded half away from zero; without a divisor it is zero.
///
/// The broker pads rates with zeros: `8.51`, `8.50956697`, `198600.0000`.
pub(crate) fn quotient(dividend: i64, divisor: i64, decimals: u32) -> String {
    let unit = 10_i128.pow(decimals);
    let (dividend, divisor) = (i128::from(dividend) * unit, i128::from(divisor));
    let scaled = if divisor == 0 { 0 } else { (2 * dividend.abs() / divisor.abs() + 1) / 2 };
    let negative = scaled != 0 && (dividend < 0) != (divisor < 0);
    let sign = if negative { "-" } else { "" };
    let (whole, fraction) = (scaled / unit, scaled % unit);
    if decimals == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction:0width$}", width = decimals as usize)
    }
}

/// A share in percent.
pub(crate) fn percent(part: i64, whole: i64, decimals: u32) -> String {
    quotient(part.saturating_mul(100), whole, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_rounded_and_padded_as_the_broker_does() {
        assert_eq!(percent(16_900, 198_600, 2), "8.51");
        assert_eq!(percent(16_900, 198_600, 8), "8.50956697");
        assert_eq!(quotient(198_600, 1, 4), "198600.0000");
        assert_eq!(quotient(-1, 2, 0), "-1");
        assert_eq!(quotient(-1, 3, 2), "-0.33");
        assert_eq!((quotient(5, 0, 2), quotient(-1, 1_000, 2)), ("0.00".to_owned(), "0.00".to_owned()));
    }
}
