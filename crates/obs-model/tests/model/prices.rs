//! Prices: text, decimal, JSON and the count of ten-thousandths name the same price.

use obs_model::Price;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn any_price() -> impl Strategy<Value = Price> {
    let raw = prop_oneof![
        Price::MIN.ten_thousandths()..=Price::MAX.ten_thousandths(),
        1..=100_000_000_i64,
        (1..=99_999_999_i64).prop_map(|won| won * Price::SCALE),
    ];
    raw.prop_map(|raw| Price::from_ten_thousandths(raw).unwrap())
}

proptest! {
    #[test]
    fn every_written_form_gives_the_same_price_back(price in any_price()) {
        prop_assert_eq!(price.to_string().parse(), Ok(price));
        prop_assert_eq!(Price::parse_or_none(&price.to_string()), Ok(Some(price)));
        prop_assert_eq!(Price::try_from(Decimal::from(price)), Ok(price));
        prop_assert_eq!(Price::from_ten_thousandths(price.ten_thousandths()), Ok(price));
        let json = serde_json::to_string(&price).unwrap();
        prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
        prop_assert_eq!(serde_json::to_value(price).unwrap(), price.to_string());
    }

    #[test]
    fn the_order_of_prices_is_the_order_of_their_decimals(a in any_price(), b in any_price()) {
        prop_assert_eq!(a.cmp(&b), Decimal::from(a).cmp(&Decimal::from(b)));
    }

    #[test]
    fn an_exponent_moves_the_point_and_nothing_else(digits in 1_i64..10_000_000_000, exponent in -15_i32..12) {
        let text = format!("{digits}e{exponent}");
        let exact = if exponent < 0 {
            Decimal::new(digits, exponent.unsigned_abs())
        } else {
            Decimal::from(i128::from(digits) * 10_i128.pow(exponent.unsigned_abs()))
        };
        prop_assert_eq!(text.parse::<Price>().ok(), Price::try_from(exact).ok());
    }
}

#[test]
fn texts_that_are_prices() {
    let table = [
        ("0.0001", 1),
        ("1", 10_000),
        ("71950.5", 719_505_000),
        ("71950.5000", 719_505_000),
        ("71950.50000000000000000000000000000000000000", 719_505_000),
        ("00071950", 719_500_000),
        ("0.1234", 1_234),
        ("99999999999.99990", 999_999_999_999_999),
        ("99999999999.9999", 999_999_999_999_999),
        ("7.2e4", 720_000_000),
        ("7.2E+4", 720_000_000),
        ("0.0000072e10", 720_000_000),
        ("720000e-1", 720_000_000),
        ("1e-4", 1),
        ("1000e-7", 1),
        ("9e10", 900_000_000_000_000),
    ];
    for (text, raw) in table {
        assert_eq!(text.parse::<Price>().map(Price::ten_thousandths), Ok(raw), "{text}");
    }
}

#[test]
fn texts_that_are_no_prices_and_why() {
    let not_a_number = "it is not a decimal number";
    let out_of_range = "it is outside 0.0001 to 99999999999.9999";
    let too_precise = "it has more than 4 decimals";
    let table = [
        ("", not_a_number),
        (" 1", not_a_number),
        ("1 ", not_a_number),
        ("+1", not_a_number),
        ("--1", not_a_number),
        ("-", not_a_number),
        ("1.", not_a_number),
        (".5", not_a_number),
        (".", not_a_number),
        ("1.2.3", not_a_number),
        ("1,000", not_a_number),
        ("1_000", not_a_number),
        ("0x10", not_a_number),
        ("NaN", not_a_number),
        ("inf", not_a_number),
        ("７１９００", not_a_number),
        ("1e", not_a_number),
        ("e5", not_a_number),
        ("1e+", not_a_number),
        ("1e+-5", not_a_number),
        ("1e5.0", not_a_number),
        ("1e5e5", not_a_number),
        ("1_0e1", not_a_number),
        (".5e1", not_a_number),
        ("0", out_of_range),
        ("0.0000", out_of_range),
        ("-0", out_of_range),
        ("0e9", out_of_range),
        ("-1", out_of_range),
        ("-0.0001", out_of_range),
        ("-1e3", out_of_range),
        ("100000000000", out_of_range),
        ("9999999999999999999999999999999999999999", out_of_range),
        ("1e11", out_of_range),
        ("1e400", out_of_range),
        ("1e99999999999999999999", out_of_range),
        ("1.00001", too_precise),
        ("0.00001", too_precise),
        ("1.00000000000000000000000000000000000001", too_precise),
        ("1.00000000000000000000000000000000000001e0", too_precise),
        ("1e-5", too_precise),
        ("1e-400", too_precise),
        ("1e-99999999999999999999", too_precise),
    ];
    for (text, problem) in table {
        assert_eq!(text.parse::<Price>().unwrap_err().problem().to_string(), problem, "{text:?}");
    }
}

#[test]
fn a_refusal_names_the_text_and_the_limit() {
    let refusal = |text: &str| text.parse::<Price>().unwrap_err().to_string();
    assert_eq!(refusal("1.00001"), r#""1.00001" is not a price: it has more than 4 decimals"#);
    assert_eq!(refusal("-5"), r#""-5" is not a price: it is outside 0.0001 to 99999999999.9999"#);
    assert_eq!(refusal("abc\n"), r#""abc\n" is not a price: it is not a decimal number"#);
    let long = refusal(&"x".repeat(1_000_000));
    assert_eq!(long, format!(r#""{}…" is not a price: it is not a decimal number"#, "x".repeat(60)));
}

#[test]
fn counts_and_decimals_are_held_to_the_same_range() {
    assert_eq!(Price::from_ten_thousandths(1), Ok(Price::MIN));
    assert_eq!(Price::from_ten_thousandths(999_999_999_999_999), Ok(Price::MAX));
    for raw in [i64::MIN, -1, 0, 1_000_000_000_000_000, i64::MAX] {
        assert!(Price::from_ten_thousandths(raw).is_err(), "{raw}");
    }
    for won in [i64::MIN, -1, 0, 100_000_000_000, i64::MAX] {
        assert!(Price::from_won(won).is_err(), "{won}");
    }
    for decimal in [Decimal::MIN, Decimal::ZERO, Decimal::new(1, 5), Decimal::new(1, 28), Decimal::MAX] {
        assert!(Price::try_from(decimal).is_err(), "{decimal}");
    }
    assert_eq!(Price::try_from(Decimal::new(719_000, 1)), Price::from_won(71_900));
}

#[test]
fn zero_is_no_price_where_the_source_says_so() {
    assert_eq!(Price::from_won_or_none(0), Ok(None));
    assert_eq!(Price::from_won_or_none(5).unwrap(), Price::from_won(5).ok());
    assert!(Price::from_won_or_none(-5).is_err());
    for text in ["0", "0.0", "-0", "0e5", "000"] {
        assert_eq!(Price::parse_or_none(text), Ok(None), "{text}");
    }
    assert!(Price::parse_or_none("").is_err());
    assert!(Price::parse_or_none("-1").is_err());
}

#[test]
fn only_a_price_without_a_fraction_is_whole_won() {
    assert_eq!("71900".parse::<Price>().unwrap().whole_won(), Some(71_900));
    assert_eq!("71900.5".parse::<Price>().unwrap().whole_won(), None);
}

#[test]
fn width_and_decimals_of_a_format_apply_with_and_without_a_fraction() {
    let (whole, half): (Price, Price) = ("71900".parse().unwrap(), "71950.5".parse().unwrap());
    assert_eq!(format!("[{whole:9}] [{half:9}]"), "[    71900] [  71950.5]");
    assert_eq!(format!("[{whole:<9}] [{half:<9}]"), "[71900    ] [71950.5  ]");
    assert_eq!(format!("{whole:.2} {half:.2}"), "71900.00 71950.50");
}

#[test]
fn json_numbers_are_prices_when_whole_and_refused_when_floats() {
    let won = |won| Price::from_won(won).unwrap();
    assert_eq!(serde_json::from_str::<Price>("71900").unwrap(), won(71_900));
    assert_eq!(serde_json::from_str::<Price>(r#""71900""#).unwrap(), won(71_900));
    for json in ["71900.5", "71900.0", "7e4", "-1", "0", "true", "null", "[1]", "100000000000", "18446744073709551615"] {
        assert!(serde_json::from_str::<Price>(json).is_err(), "{json}");
    }
    let error = serde_json::from_str::<Price>("71900.5").unwrap_err().to_string();
    assert_eq!(error, "invalid type: floating point `71900.5`, expected a text or a whole number at line 1 column 7");
}
