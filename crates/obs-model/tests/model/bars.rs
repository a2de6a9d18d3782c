//! Open, high, low, close, and the coverage of a minute.

use obs_model::{Coverage, Ohlc, Price, QualityFlag, SLOTS_PER_MINUTE};
use proptest::prelude::*;

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn ohlc([open, high, low, close]: [i64; 4]) -> Result<Ohlc, obs_model::InvalidValue> {
    Ohlc::new(won(open), won(high), won(low), won(close))
}

proptest! {
    #[test]
    fn a_bar_stands_exactly_if_low_and_high_enclose_the_others(prices in proptest::array::uniform4(1_i64..6)) {
        let [open, high, low, close] = prices;
        let enclosed = low <= open && low <= close && open <= high && close <= high;
        prop_assert_eq!(ohlc(prices).is_ok(), enclosed);
    }

    #[test]
    fn a_ratio_stands_exactly_between_nothing_and_all(ratio: f64) {
        let within = (0.0..=1.0).contains(&ratio);
        prop_assert_eq!(Coverage::new(ratio).map(Coverage::ratio).ok(), within.then_some(ratio));
    }
}

#[test]
fn a_bar_keeps_its_four_prices() {
    let bar = ohlc([101, 104, 99, 102]).unwrap();
    assert_eq!([bar.open(), bar.high(), bar.low(), bar.close()], [won(101), won(104), won(99), won(102)]);
    assert_eq!(Ok(Ohlc::of(won(7))), ohlc([7, 7, 7, 7]));
}

#[test]
fn a_contradiction_shows_the_prices_and_the_rule() {
    assert_eq!(
        ohlc([100, 99, 98, 99]).unwrap_err().to_string(),
        r#""100 99 98 99" is not a bar: low ≤ open, close ≤ high does not hold"#
    );
}

#[test]
fn ratios_that_are_no_numbers_are_refused() {
    for (ratio, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf"), (-0.1, "-0.1")] {
        let expected = format!(r#""{shown}" is not a coverage: it is outside 0 to 1"#);
        assert_eq!(Coverage::new(ratio).unwrap_err().to_string(), expected);
    }
    assert_eq!(Coverage::new(0.0), Ok(Coverage::NONE));
    assert_eq!(Coverage::new(1.0), Ok(Coverage::FULL));
}

#[test]
fn slots_become_ratios_and_ratios_flags() {
    assert_eq!(SLOTS_PER_MINUTE, 120);
    let table = [
        (0, QualityFlag::Gap),
        (59, QualityFlag::Gap),
        (60, QualityFlag::Degraded),
        (83, QualityFlag::Degraded),
        (84, QualityFlag::Normal),
        (120, QualityFlag::Normal),
        (121, QualityFlag::Normal),
        (u32::MAX, QualityFlag::Normal),
    ];
    for (slots, flag) in table {
        let coverage = Coverage::of_slots(slots);
        assert_eq!(coverage, Coverage::new(f64::from(slots.min(120)) / 120.0).unwrap(), "{slots}");
        assert_eq!(QualityFlag::of_coverage(coverage), flag, "{slots} slots");
    }
}
