//! Allocations whose answer is known.

use obs_portfolio::{Asset, CashBuffer, CostRates, Limits, Proof, allocate};

use crate::{asset, weight, won};

fn wanted(assets: &[Asset], cash: &str, limits: Limits, rates: CostRates) -> Vec<i64> {
    let found = allocate(assets, won(cash), &limits, &rates).unwrap();
    assert_eq!(found.proof, Proof::Optimal);
    found.shares.iter().map(|row| row.wanted.shares()).collect()
}

#[test]
fn a_share_is_bought_above_its_target_where_that_is_closer() {
    // 550 won are closer to two shares of 300 than to one.
    let assets = [asset("000660", 300, 0, "0.55"), asset("005930", 100, 0, "0.1")];
    assert_eq!(wanted(&assets, "1000", Limits::default(), CostRates::NONE), [2, 1]);
}

#[test]
fn exactly_what_is_there_may_be_spent() {
    let assets = [asset("000660", 500, 0, "0.5"), asset("005930", 250, 0, "0.5")];
    assert_eq!(wanted(&assets, "1000", Limits::default(), CostRates::NONE), [1, 2]);
    // A won of costs is not there.
    let rates = CostRates { buy_commission: "0.002".parse().unwrap(), ..CostRates::NONE };
    assert_eq!(wanted(&assets, "1000", Limits::default(), rates), [1, 1]);
}

#[test]
fn sales_pay_for_purchases_and_their_costs() {
    let assets = [asset("000660", 1_000, 100, "0.5"), asset("005930", 1_000, 0, "0.5")];
    let found = allocate(&assets, won("0"), &Limits::default(), &CostRates::default()).unwrap();
    // Fifty sold bring 50,000 less 7 of commission and 100 of tax: enough for 49, whose commission is 6.
    assert_eq!(found.shares.iter().map(|row| row.wanted.shares()).collect::<Vec<_>>(), [50, 49]);
    assert_eq!((found.cash, found.costs.commission, found.costs.tax), (won("887"), won("13"), won("100")));
    assert_eq!((found.drift_before, found.drift_after), ("0.707106781186".parse().unwrap(), "0.01".parse().unwrap()));
}

#[test]
fn an_order_below_the_minimum_is_not_made() {
    let assets = [asset("000660", 100, 4, "0.5"), asset("005930", 100, 4, "0.5")];
    let limits = Limits { least_order: won("150"), ..Limits::default() };
    assert_eq!(wanted(&assets, "200", Limits::default(), CostRates::NONE), [5, 5]);
    assert_eq!(wanted(&assets, "200", limits, CostRates::NONE), [4, 4]);
}

#[test]
fn cash_below_the_buffer_is_raised() {
    let limits = Limits { buffer: CashBuffer::Share(weight("0.2")), ..Limits::default() };
    assert_eq!(wanted(&[asset("005930", 100, 10, "0.8")], "0", limits, CostRates::NONE), [8]);
}
