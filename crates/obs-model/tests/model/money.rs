//! Amounts of money.

use obs_model::Money;
use proptest::prelude::*;
use rust_decimal::Decimal;

const LIMIT: i128 = 10_i128.pow(20);

proptest! {
    #[test]
    fn every_written_form_gives_the_same_amount_back(raw in 1 - LIMIT..LIMIT) {
        let won = Decimal::from_i128_with_scale(raw, Money::DECIMALS);
        let money = Money::new(won).unwrap();
        prop_assert_eq!(money.won(), won);
        prop_assert_eq!(money.to_string().parse(), Ok(money));
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }
}

#[test]
fn texts_that_are_amounts_and_how_they_are_written() {
    let table = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0000", "0"),
        ("0010.50", "10.5"),
        ("-1234567.89", "-1234567.89"),
        ("100", "100"),
        ("1.00000000000000000000000000000000000000", "1"),
        ("9999999999999999.9999", "9999999999999999.9999"),
        ("-9999999999999999.9999", "-9999999999999999.9999"),
    ];
    for (text, written) in table {
        assert_eq!(text.parse::<Money>().map(|money| money.to_string()), Ok(written.to_owned()), "{text}");
    }
}

#[test]
fn texts_that_are_no_amounts_and_why() {
    let not_a_number = "it is not a decimal number";
    let out_of_range = "it is outside 16 digits of won";
    let too_precise = "it has more than 4 decimals";
    let table = [
        ("", not_a_number),
        (" 1", not_a_number),
        ("+1", not_a_number),
        ("--1", not_a_number),
        ("1.", not_a_number),
        (".5", not_a_number),
        ("1_000", not_a_number),
        ("1e3", not_a_number),
        ("10000000000000000", out_of_range),
        ("-10000000000000000", out_of_range),
        ("99999999999999999999999999999999999999", out_of_range),
        ("0.00001", too_precise),
        ("0.00000000000000000000000000000000000001", too_precise),
    ];
    for (text, problem) in table {
        assert_eq!(text.parse::<Money>().unwrap_err().problem().to_string(), problem, "{text:?}");
    }
    assert_eq!(
        "0.00001".parse::<Money>().unwrap_err().to_string(),
        r#""0.00001" is not a sum of money: it has more than 4 decimals"#
    );
}

#[test]
fn json_numbers_are_amounts_when_whole_and_refused_when_floats() {
    assert_eq!(serde_json::from_str::<Money>("-500").unwrap(), "-500".parse().unwrap());
    for json in ["0.5", "1e3", "true", "null"] {
        assert!(serde_json::from_str::<Money>(json).is_err(), "{json}");
    }
}
