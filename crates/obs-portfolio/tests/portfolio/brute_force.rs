//! Every combination of shares of small portfolios, tried one by one, knows no better allocation.

use obs_model::{Money, Weight};
use obs_portfolio::{AllocateError, Asset, CashBuffer, CostRates, Limits, Proof, allocate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{asset, peer::Portfolio};

const CODES: [&str; 5] = ["000660", "005930", "035420", "035720", "373220"];

/// A symbol: price, shares held, target and limits in hundredths, and whether it may be traded and is taxed.
fn row() -> impl Strategy<Value = (i64, i64, u32, u32, u32, bool, bool)> {
    (150_i64..900, 0_i64..4, 0_u32..34, 0_u32..34, 0_u32..60, prop::bool::weighted(0.9), any::<bool>())
}

fn hundredths(count: u32) -> Weight {
    Weight::new(Decimal::new(i64::from(count.min(100)), 2)).unwrap()
}

fn assets() -> impl Strategy<Value = Vec<Asset>> {
    let limited = prop::bool::weighted(0.5);
    (prop::collection::vec(row(), 1..=4), limited).prop_map(|(rows, limited)| {
        let count = rows.len() as u32;
        let rows = rows.into_iter().zip(CODES).map(|((price, held, target, below, above, is_tradable, is_taxed), code)| {
            let target = target * 3 / count.max(3);
            let (low, high) = if limited { (target.saturating_sub(below), target + above) } else { (0, 100) };
            let limits = (hundredths(low), hundredths(high));
            let target = hundredths(target);
            Asset { target, minimum: limits.0, maximum: limits.1, is_tradable, is_taxed, ..asset(code, price, held, "0") }
        });
        rows.collect()
    })
}

fn rates() -> impl Strategy<Value = CostRates> {
    // Rates of a hundred times the real ones make costs of a few won in so small portfolios.
    let rate = |most: i64| (0..most).prop_map(|parts| Decimal::new(parts, 4));
    prop_oneof![
        Just(CostRates::NONE),
        Just(CostRates::default()),
        (rate(300), rate(300), rate(500)).prop_map(|(buy_commission, sell_commission, sales_tax)| CostRates {
            buy_commission,
            sell_commission,
            sales_tax
        }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let buffer = prop_oneof![
        Just(CashBuffer::Won(Money::ZERO)),
        (0_i64..400).prop_map(|amount| CashBuffer::Won(Money::new(Decimal::from(amount)).unwrap())),
        (0_u32..20).prop_map(|share| CashBuffer::Share(hundredths(share))),
    ];
    let least_order = prop_oneof![Just(0_i64), 1_i64..1500].prop_map(|amount| Money::new(Decimal::from(amount)).unwrap());
    let turnover = prop::option::of((0_i64..150).prop_map(|share| Decimal::new(share, 2)));
    (buffer, least_order, turnover).prop_map(|(buffer, least_order, turnover)| Limits {
        buffer,
        least_order,
        turnover,
        ..Limits::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_combination_is_better(assets in assets(), cash in 0_i64..3_000, limits in limits(), rates in rates()) {
        let cash = Money::new(Decimal::from(cash)).unwrap();
        let portfolio = Portfolio { assets: &assets, cash, limits: &limits, rates: &rates };
        match allocate(&assets, cash, &limits, &rates) {
            Ok(found) => {
                prop_assert_eq!(found.proof, Proof::Optimal);
                portfolio.check(&found);
                let best = portfolio.best().expect("an allocation was found");
                prop_assert_eq!((found.error.won(), found.turnover.won()), best);
            }
            Err(AllocateError::Infeasible(conflicts)) => {
                prop_assert!(!conflicts.is_empty());
                prop_assert_eq!(portfolio.best(), None, "{:?}", conflicts);
            }
            Err(AllocateError::NoValue { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(assets in assets(), cash in 0_i64..3_000, limits in limits(), turn in 0_usize..4) {
        let cash = Money::new(Decimal::from(cash)).unwrap();
        let mut turned = assets.clone();
        turned.rotate_left(turn % assets.len());
        let rates = CostRates::default();
        prop_assert_eq!(allocate(&turned, cash, &limits, &rates), allocate(&assets, cash, &limits, &rates));
    }
}
