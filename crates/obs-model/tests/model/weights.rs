//! Shares of a portfolio's value.

use obs_model::Weight;
use proptest::prelude::*;
use rust_decimal::Decimal;

proptest! {
    #[test]
    fn a_share_reads_back_from_decimal_and_json(raw in 0..=10_i64.pow(12)) {
        let share = Decimal::new(raw, 12);
        let weight = Weight::new(share).unwrap();
        prop_assert_eq!(weight.share(), share);
        prop_assert_eq!(Weight::try_from(Decimal::from(weight)), Ok(weight));
        let json = serde_json::to_string(&weight).unwrap();
        prop_assert_eq!(serde_json::from_str::<Weight>(&json).unwrap(), weight);
    }
}

#[test]
fn shares_lie_between_nothing_and_all() {
    assert_eq!(Weight::new(Decimal::ZERO), Ok(Weight::default()));
    assert_eq!(Weight::new(Decimal::new(10_000, 4)).unwrap().share().to_string(), "1");
    assert!(Weight::new(Decimal::new(-1, 28)).is_err());
    assert_eq!(
        Weight::new(Decimal::new(10_001, 4)).unwrap_err().to_string(),
        r#""1.0001" is not a weight: it is outside 0 to 1"#
    );
}

#[test]
fn no_json_skips_the_check() {
    assert_eq!(serde_json::from_str::<Weight>(r#""0.25""#).unwrap(), Weight::new(Decimal::new(25, 2)).unwrap());
    for json in [r#""1.5""#, r#""-0.1""#, r#""x""#, "0.25", "null"] {
        assert!(serde_json::from_str::<Weight>(json).is_err(), "{json}");
    }
}
