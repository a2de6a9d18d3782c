//! Costs, drift and allocations, seen from outside.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod allocations;
mod brute_force;
mod conflicts;
mod costs;
mod digests;
mod exact_cash;
mod holdings;
mod peer;
mod plan_properties;
mod plans;
mod policies;
mod valuations;

use obs_model::{Money, Price, Quantity, Weight};
use obs_portfolio::Asset;

fn won(amount: &str) -> Money {
    amount.parse().unwrap()
}

fn weight(share: &str) -> Weight {
    Weight::new(share.parse().unwrap()).unwrap()
}

/// A stock that may be traded within 0 to 1.
fn asset(code: &str, price: i64, held: i64, target: &str) -> Asset {
    Asset {
        symbol: code.parse().unwrap(),
        price: Price::from_won(price).unwrap(),
        held: Quantity::new(held).unwrap(),
        target: weight(target),
        minimum: weight("0"),
        maximum: weight("1"),
        is_tradable: true,
        is_taxed: true,
    }
}
