//! Input that no allocation can serve is refused with what a person can do about it.

use obs_portfolio::{Asset, CashBuffer, CostRates, Limits, allocate};

use crate::{asset, weight, won};

fn refusal(assets: &[Asset], cash: &str, limits: Limits) -> String {
    allocate(assets, won(cash), &limits, &CostRates::NONE).unwrap_err().to_string()
}

#[test]
fn what_must_stay_and_may_not_is_named() {
    let stuck =
        Asset { is_tradable: false, target: weight("0.2"), maximum: weight("0.3"), ..asset("005930", 1_000, 40, "0") };
    assert_eq!(
        refusal(&[stuck], "60000", Limits::default()),
        "no allocation keeps all limits: 005930 must stay (no-trade) at 0.4 and its limits are 0 to 0.3"
    );
}

#[test]
fn minimum_weights_beyond_what_the_buffer_leaves_are_counted() {
    let wanted = Asset { minimum: weight("0.9"), ..asset("005930", 1_000, 0, "0.9") };
    let limits = Limits { buffer: CashBuffer::Won(won("20000")), ..Limits::default() };
    assert_eq!(
        refusal(&[wanted], "100000", limits),
        "no allocation keeps all limits: minimum weights, no-trade holdings and the cash buffer need 110000 won and 100000 are there"
    );
}

#[test]
fn a_turnover_limit_that_forbids_what_the_weights_need_is_counted() {
    let wanted = Asset { minimum: weight("0.5"), ..asset("005930", 1_000, 0, "0.5") };
    let limits = Limits { turnover: Some("0.1".parse().unwrap()), ..Limits::default() };
    assert_eq!(
        refusal(&[wanted], "100000", limits),
        "no allocation keeps all limits: the weight limits need 50000 won of trades and the turnover limit allows 10000"
    );
}

#[test]
fn a_symbol_without_a_whole_number_of_shares_between_its_limits_is_named() {
    let dear = Asset { minimum: weight("0.1"), maximum: weight("0.2"), ..asset("005930", 60_000, 0, "0.15") };
    assert_eq!(
        refusal(&[dear], "100000", Limits::default()),
        "no allocation keeps all limits: 005930 at 60000 won has no whole number of shares between the weights 0.1 and 0.2 \
         that an order of at least 0 won reaches"
    );
}

#[test]
fn contradictions_of_the_input_are_named() {
    let half = asset("005930", 1_000, 0, "0.5");
    assert_eq!(refusal(&[half, half], "1000", Limits::default()), "005930 stands in two rows; merge them");
    assert_eq!(
        refusal(&[half, asset("000660", 1_000, 0, "0.6")], "1000", Limits::default()),
        "the target weights add up to 1.1; lower them to 1 or less, what is left is cash"
    );
    assert_eq!(
        refusal(&[Asset { maximum: weight("0.4"), ..half }], "1000", Limits::default()),
        "the target of 005930 is 0.5 and its limits are 0 to 0.4; move one of them"
    );
    assert_eq!(refusal(&[half], "0", Limits::default()), "the portfolio is worth 0 won; there must be something to divide");
    let negative = Limits { turnover: Some("-0.1".parse().unwrap()), ..Limits::default() };
    assert_eq!(refusal(&[half], "1000", negative), "a turnover limit of -0.1 is negative; 0 forbids every trade");
    let odd = CostRates { sales_tax: "1".parse().unwrap(), ..CostRates::NONE };
    assert_eq!(
        allocate(&[half], won("1000"), &Limits::default(), &odd).unwrap_err().to_string(),
        "1 is no cost rate: give a share of the traded amount from 0 to below 1 with at most 10 decimals"
    );
}

#[test]
fn the_largest_inputs_are_refused_or_served_without_a_panic() {
    let most = asset("005930", 99_999_999_999, i64::MAX, "1");
    assert!(refusal(&[most], "1", Limits::default()).contains("an amount is negative or above 10000000000000 won"));
    let whole = asset("005930", 1, 10_000_000_000_000, "0");
    let found = allocate(&[whole], won("0"), &Limits::default(), &CostRates::NONE).unwrap();
    assert_eq!((found.cash, found.error), (won("10000000000000"), won("0")));
}
