//! Costs to the won, and drift.

use obs_model::Side;
use obs_portfolio::{CostRates, Costs, drift};

use crate::{weight, won};

#[test]
fn commission_and_tax_are_each_cut_to_whole_won() {
    let costs = |side, is_taxed| CostRates::default().of(side, won("7115999.5"), is_taxed).unwrap();
    // 7,115,999.5 x 0.000140527 = 999.99..., and x 0.002 = 14,231.999.
    assert_eq!(costs(Side::Buy, true), Costs { commission: won("999"), tax: won("0") });
    assert_eq!(costs(Side::Sell, true), Costs { commission: won("999"), tax: won("14231") });
    assert_eq!(costs(Side::Sell, false), Costs { commission: won("999"), tax: won("0") });
}

#[test]
fn drift_is_the_root_of_the_summed_squares_cut_to_twelve_decimals() {
    let rows = [(won("500"), weight("0.6")), (won("500"), weight("0.4"))];
    // The root of 0.02 is 0.14142135623730950...
    assert_eq!(drift(rows, won("1000")).unwrap(), "0.141421356237".parse().unwrap());
    assert_eq!(drift([(won("0.0001"), weight("0"))], won("10000000000000")).unwrap(), "0".parse().unwrap());
    assert_eq!(drift([(won("10000000000000"), weight("0"))], won("10000000000000")).unwrap(), "1".parse().unwrap());
    assert!(drift([], won("0")).is_err());
}
