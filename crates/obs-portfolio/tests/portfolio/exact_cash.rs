//! A table over every amount of cash, an independent way to the optimum, agrees for thirty symbols.

use obs_model::Price;
use obs_portfolio::{Asset, CostRates, Limits, Proof, allocate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{asset, weight, won};

/// Prices and amounts are multiples of this many won.
const STEP: usize = 1_000;
const CASH: usize = 10_000_000;

/// The least summed error in ten-thousandths of a won: for each symbol in turn, what every amount of cash can come to.
fn least_error(assets: &[Asset]) -> i64 {
    let mut least = vec![0_i64; CASH / STEP + 1];
    for asset in assets {
        let price = asset.price.whole_won().unwrap() as usize / STEP;
        let scale = Decimal::from(CASH as i64 * Price::SCALE);
        let goal: i64 = (asset.target.share() * scale).trunc().try_into().unwrap();
        let next = (0..least.len()).map(|cash| {
            let with = |shares: usize| {
                let error = ((shares * price * STEP) as i64 * Price::SCALE - goal).abs();
                least[cash - shares * price] + error
            };
            (0..=cash / price).map(with).min().unwrap()
        });
        least = next.collect();
    }
    least[CASH / STEP]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn thirty_symbols_agree(rows in prop::collection::vec((10_i64..400, 1_u32..1_000), 30)) {
        let sum: u32 = rows.iter().map(|row| row.1).sum();
        let assets: Vec<Asset> = rows.iter().enumerate().map(|(at, (price, part))| {
            // Six decimals of ten million won are whole won, so that goals are exact.
            let target = Decimal::new(i64::from(part * 1_000 / sum) * 1_000, 6);
            Asset { target: weight(&target.to_string()), ..asset(&format!("{at:06}"), price * STEP as i64, 0, "0") }
        }).collect();
        let found = allocate(&assets, won(&CASH.to_string()), &Limits::default(), &CostRates::NONE).unwrap();
        prop_assert_eq!(found.proof, Proof::Optimal);
        prop_assert_eq!(found.error.won(), Decimal::new(least_error(&assets), 4));
    }
}
