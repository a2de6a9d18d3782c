//! Counts of shares.

use obs_model::Quantity;
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_written_form_gives_the_same_count_back(shares in 0_i64..) {
        let quantity = Quantity::new(shares).unwrap();
        prop_assert_eq!(quantity.shares(), shares);
        prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
        let json = serde_json::to_string(&quantity).unwrap();
        prop_assert_eq!(&json, &shares.to_string(), "a JSON number");
        prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
    }

    #[test]
    fn sums_and_differences_never_leave_the_range(a in 0_i64.., b in 0_i64..) {
        let (x, y) = (Quantity::new(a).unwrap(), Quantity::new(b).unwrap());
        prop_assert_eq!(x.checked_add(y).map(Quantity::shares), a.checked_add(b));
        prop_assert_eq!(x.checked_sub(y).map(Quantity::shares), (a >= b).then(|| a - b));
        prop_assert_eq!(x.saturating_add(y).shares(), a.saturating_add(b));
    }
}

#[test]
fn texts_that_are_counts() {
    for (text, shares) in [("0", 0), ("-0", 0), ("007", 7), ("9223372036854775807", i64::MAX)] {
        assert_eq!(text.parse::<Quantity>().map(Quantity::shares), Ok(shares), "{text}");
    }
}

#[test]
fn texts_that_are_no_counts_and_why() {
    let not_a_number = "it is not a decimal number";
    let out_of_range = "it is outside 0 to 9223372036854775807";
    let table = [
        ("", not_a_number),
        ("-", not_a_number),
        ("+1", not_a_number),
        (" 1", not_a_number),
        ("--1", not_a_number),
        ("1.0", not_a_number),
        ("1e3", not_a_number),
        ("１", not_a_number),
        ("-1", out_of_range),
        ("9223372036854775808", out_of_range),
        ("-99999999999999999999", out_of_range),
    ];
    for (text, problem) in table {
        assert_eq!(text.parse::<Quantity>().unwrap_err().problem().to_string(), problem, "{text:?}");
    }
    assert_eq!(
        Quantity::new(-1).unwrap_err().to_string(),
        r#""-1" is not a quantity: it is outside 0 to 9223372036854775807"#
    );
}

#[test]
fn json_numbers_are_counts_when_whole_and_not_negative() {
    assert_eq!(serde_json::from_str::<Quantity>("120").unwrap(), Quantity::new(120).unwrap());
    assert_eq!(serde_json::from_str::<Quantity>(r#""120""#).unwrap(), Quantity::new(120).unwrap());
    for json in ["-1", "1.0", "1.5", "9223372036854775808", "true", "null"] {
        assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
    }
}
