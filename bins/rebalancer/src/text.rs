//! Amounts, shares and times as people read them.

use chrono::{DateTime, Utc};
use obs_cli::grouped;
use obs_model::{KST, Money, Price};
use rust_decimal::{Decimal, RoundingStrategy};

/// An amount with its thousands set apart, such as `-1,234,567.5`.
pub(crate) fn won(amount: Money) -> String {
    set_apart(amount.won())
}

/// A price with its thousands set apart.
pub(crate) fn price(price: Price) -> String {
    set_apart(Decimal::from(price))
}

/// A share of a whole in percent, with two decimals.
pub(crate) fn percent(share: Decimal) -> String {
    let rounded = (share * Decimal::ONE_HUNDRED).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.2} %")
}

/// An instant in Korea, to the second.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Text that came from elsewhere, such as a broker's words: a terminal must not take it for commands.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn set_apart(amount: Decimal) -> String {
    let amount = amount.normalize();
    let digits = amount.abs().to_string();
    let (whole, fraction) = digits.split_once('.').map_or((digits.as_str(), None), |(whole, part)| (whole, Some(part)));
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
    // An amount of money has at most 16 digits before the point.
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    fraction.map_or_else(|| format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_thousands_set_apart_and_keep_every_decimal() {
        for (amount, shown) in [("0", "0"), ("999", "999"), ("1234567.5", "1,234,567.5"), ("-1000", "-1,000")] {
            assert_eq!(won(amount.parse().unwrap()), shown);
        }
    }

    #[test]
    fn shares_are_rounded_to_two_decimals_of_a_percent() {
        for (share, shown) in [("0.2", "20.00 %"), ("0.123456", "12.35 %"), ("-0.00005", "-0.01 %"), ("1", "100.00 %")] {
            assert_eq!(percent(share.parse().unwrap()), shown);
        }
    }

    #[test]
    fn a_brokers_words_cannot_command_a_terminal() {
        assert_eq!(plain("no\u{1b}[2J"), "no\u{fffd}[2J");
    }
}
