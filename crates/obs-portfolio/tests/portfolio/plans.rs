//! Plans in some situations: which orders they have, at which prices, and why others are not there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, Money, PlannedOrder, Price, PriceSource, Quantity, Symbol};
use obs_portfolio::{
    KnownPrice, OrderRules, PlanError, PlanRequest, Planned, Policy, PriceRules, Proof, Valuation, plan, value,
};

use crate::{policies::policy, won};

pub(crate) fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

pub(crate) fn price(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn at(time: &str) -> DateTime<Utc> {
    format!("{time}+09:00").parse().unwrap()
}

/// What rows of code, price and shares are worth, and which of them are halted.
pub(crate) fn valued(policy: &Policy, rows: &[(&str, Price, i64)], cash: Money, halted: &[&str]) -> Valuation {
    let now = at("2026-11-23T09:31:00");
    let holdings = rows.iter().map(|(code, _, shares)| (symbol(code), Quantity::new(*shares).unwrap()));
    let holdings = holdings.filter(|(_, shares)| *shares > Quantity::ZERO).collect();
    let known = |price, code| KnownPrice {
        price,
        at: now,
        source: PriceSource::Tick,
        is_in_gap: false,
        is_halted: halted.contains(&code),
    };
    let prices = rows.iter().map(|(code, price, _)| (symbol(code), known(*price, *code))).collect();
    let accepted: BTreeSet<Symbol> = halted.iter().map(|code| symbol(code)).collect();
    let rules = PriceRules { oldest: TimeDelta::minutes(1), accepted };
    value(&holdings, cash, policy.targets(), &prices, &rules, &Calendar::always(), now).unwrap()
}

fn planned(policy: &Policy, rows: &[(&str, i64, i64)], cash: &str) -> Planned {
    let rows: Vec<_> = rows.iter().map(|(code, won, shares)| (*code, price(*won), *shares)).collect();
    plan(&request(policy, &valued(policy, &rows, won(cash), &[]))).unwrap()
}

pub(crate) fn request<'a>(policy: &'a Policy, valuation: &'a Valuation) -> PlanRequest<'a> {
    PlanRequest { policy, valuation, limits: BTreeMap::new(), volumes: BTreeMap::new() }
}

fn lines(orders: &[PlannedOrder]) -> Vec<String> {
    let limit = |order: &PlannedOrder| order.limit_price.map_or("market".to_owned(), |limit| limit.to_string());
    let line = |order: &PlannedOrder| {
        format!("{} {} {} {} {}", order.sequence, order.side, order.quantity, order.symbol, limit(order))
    };
    orders.iter().map(line).collect()
}

fn why(planned: &Planned) -> Vec<String> {
    planned.untouched().iter().map(|(symbol, why)| format!("{symbol}: {why}")).collect()
}

const HALVES: &str = "id = \"x\"\ncash = 0.1\ntargets = { \"005930\" = 0.5, \"000660\" = 0.4 }\n";

#[test]
fn sells_come_first_and_what_has_no_target_is_sold() {
    let policy = policy(HALVES);
    let rows = [("000660", 500_000, 0), ("005930", 70_000, 20), ("035420", 200_000, 40), ("051910", 9_990, 30)];
    let planned = planned(&policy, &rows, "300300");
    // 10,000,000 won in all: 71 (5,000,000 / 70,000) and 8 shares are wanted.
    assert_eq!(planned.allocation.total, won("10000000"));
    assert_eq!(
        lines(&planned.orders),
        [
            // 199,000 on a grid of 100; half a percent below 9,990 is 9,940.05.
            "1 SELL 40 035420 199000",
            "2 SELL 30 051910 9950",
            "3 BUY 8 000660 502000",
            "4 BUY 51 005930 70300",
        ]
    );
    // Costs of each order cut to won: sold 8,000,000 and 299,700, bought 4,000,000 and 3,570,000.
    assert_eq!(planned.forecast.commission, won(&(1_124 + 42 + 562 + 501).to_string()));
    assert_eq!(planned.forecast.tax, won(&(16_000 + 599).to_string()));
    let costs = 1_124 + 42 + 562 + 501 + 16_000 + 599;
    assert_eq!(planned.forecast.cash, won(&(300_300 + 8_299_700 - 7_570_000 - costs).to_string()));
    assert_eq!(planned.forecast.gap, won("0"));
    assert_eq!(planned.allocation.proof, Proof::Optimal);
    assert!(planned.forecast.least_cash > won("0") && planned.forecast.least_cash < planned.forecast.cash);
    assert_eq!(why(&planned), [""; 0]);
}

#[test]
fn limit_prices_keep_to_the_grid_and_to_the_limits_of_the_day() {
    let tight = policy(&format!("{HALVES}funds = [\"000660\"]\n[orders]\ndistance = 0.0001\n"));
    let rows =
        [("000660", price(35_005), 0), ("005930", "70050".parse().unwrap(), 0), ("035420", "199950".parse().unwrap(), 10)];
    let valuation = valued(&tight, &rows, won("10000000"), &[]);
    let orders = plan(&request(&tight, &valuation)).unwrap().orders;
    // No grid price within a ten-thousandth on the worse side: the next one that still admits the price at decision.
    let limits: Vec<_> = orders.iter().map(|order| (order.symbol.to_string(), order.limit_price.unwrap())).collect();
    let expected = [("035420", 199_900), ("005930", 70_100), ("000660", 35_005)];
    assert_eq!(limits, expected.map(|(code, won)| (code.to_owned(), price(won))));

    let wide = policy(&format!("{HALVES}[orders]\ndistance = 0.3\naway = 0.3\n"));
    let rows = [("000660", price(500_000), 0), ("005930", price(70_000), 0), ("035420", price(200_000), 40)];
    let valuation = valued(&wide, &rows, won("20000000"), &[]);
    let mut request = request(&wide, &valuation);
    request.limits.insert(symbol("005930"), (price(50_000), price(75_000)));
    request.limits.insert(symbol("035420"), (price(150_000), price(260_000)));
    let limits: Vec<_> = plan(&request).unwrap().orders.iter().map(|order| order.limit_price.unwrap()).collect();
    assert_eq!(limits, [price(150_000), price(75_000), price(650_000)]);
}

#[test]
fn orders_are_split_by_volume_into_equal_parts_of_no_less_than_the_smallest_order() {
    let policy = policy("id = \"x\"\ncash = 0.1\ntargets.\"005930\" = 0.9\n[limits]\nleast_order_won = 500000\n");
    let valuation = valued(&policy, &[("005930", price(10_000), 0)], won("10000000"), &[]);
    let sizes = |mean: i64| -> Vec<i64> {
        let mut request = request(&policy, &valuation);
        request.volumes.insert(symbol("005930"), Quantity::new(mean).unwrap());
        plan(&request).unwrap().orders.iter().map(|order| order.quantity.shares()).collect()
    };
    assert_eq!(sizes(100_000), [900]);
    assert_eq!(sizes(4_000), [300, 300, 300]);
    assert_eq!(sizes(2_500), [225, 225, 225, 225]);
    assert_eq!(sizes(2_490), [225, 225, 225, 225]);
    // 18 orders of 50 shares are the most that reach 500,000 won each.
    assert_eq!(sizes(1), [50; 18]);
}

#[test]
fn costs_of_a_split_order_are_those_of_its_parts() {
    let text = "id = \"x\"\ncash = 0.1\ntargets.\"005930\" = 0.9\n[costs]\nbuy_commission = 0.00015\n";
    let policy = policy(text);
    let valuation = valued(&policy, &[("005930", price(10_000), 0)], won("10000000"), &[]);
    let mut request = request(&policy, &valuation);
    assert_eq!(plan(&request).unwrap().forecast.commission, won("1350"));
    request.volumes.insert(symbol("005930"), Quantity::new(1_300).unwrap());
    let planned = plan(&request).unwrap();
    // Six of 129 and one of 126 would be seven of 128 or 129: 193.5 and 192 won, each cut.
    let sizes: Vec<i64> = planned.orders.iter().map(|order| order.quantity.shares()).collect();
    assert_eq!(sizes, [129, 129, 129, 129, 128, 128, 128]);
    assert_eq!(planned.forecast.commission, won(&(4 * 193 + 3 * 192).to_string()));
    assert_eq!(planned.forecast.cash, won(&(1_000_000 - 4 * 193 - 3 * 192).to_string()));
}

#[test]
fn less_is_bought_where_orders_at_their_limits_would_overdraw() {
    // All of it should be invested: at prices half a percent worse there is not enough for it.
    let policy = policy("id = \"x\"\ntargets.\"005930\" = 1\n[costs]\nbuy_commission = 0\n");
    let planned = planned(&policy, &[("005930", 10_000, 0)], "10000000");
    // 995 shares at 10,050 won are 9,999,750.
    assert_eq!(lines(&planned.orders), ["1 BUY 995 005930 10050"]);
    assert_eq!((planned.forecast.cash, planned.forecast.least_cash), (won("50000"), won("250")));
    // The policy's own limits admit 1,000 shares.
    assert_eq!(planned.forecast.gap, won("50000"));
    assert_eq!(why(&planned), ["005930: there is no more cash to spend"]);
}

#[test]
fn orders_at_the_market_are_reckoned_with_at_the_price_at_which_the_plan_would_expire() {
    let policy = policy("id = \"x\"\ntargets.\"005930\" = 1\n[orders]\ntype = \"market\"\n[costs]\nbuy_commission = 0\n");
    let valuation = valued(&policy, &[("005930", price(10_000), 0)], won("10000000"), &[]);
    let mut request = request(&policy, &valuation);
    let free = plan(&request).unwrap();
    // 980 shares at 10,200 won are 9,996,000.
    assert_eq!(lines(&free.orders), ["1 BUY 980 005930 market"]);
    assert_eq!(free.forecast.least_cash, won("4000"));
    request.limits.insert(symbol("005930"), (price(9_000), price(10_100)));
    assert_eq!(lines(&plan(&request).unwrap().orders), ["1 BUY 990 005930 market"]);
}

#[test]
fn nothing_to_trade_is_a_plan_without_orders() {
    let policy = policy(HALVES);
    let planned = planned(&policy, &[("000660", 100_000, 4), ("005930", 100_000, 5)], "100000");
    assert_eq!((planned.orders.len(), planned.forecast.turnover, planned.forecast.cash), (0, won("0"), won("100000")));
    assert_eq!((planned.forecast.drift_before, planned.forecast.drift_after), ("0".parse().unwrap(), "0".parse().unwrap()));
    assert_eq!(why(&planned), [""; 0]);
}

#[test]
fn what_stays_off_its_target_has_a_reason() {
    let rows = [("000660", 100_000, 4), ("005930", 100_000, 4)];
    // 1,000,000 won: one share of 005930 is missing.
    let told =
        |more: &str, rows: &[(&str, i64, i64)], cash: &str| why(&planned(&policy(&format!("{HALVES}{more}")), rows, cash));
    assert_eq!(told("no_trade = [\"005930\"]", &rows, "200000"), ["005930: it is on the no-trade list"]);
    assert_eq!(
        told("[limits]\nleast_order_won = 250000", &rows, "200000"),
        ["005930: 100000 won are missing or too much, and an order is at least 250000 won"]
    );
    assert_eq!(told("[limits]\nturnover = 0.05", &rows, "200000"), ["005930: the turnover limit is used up"]);
    let dear = [("000660", 100_000, 4), ("005930", 450_000, 1)];
    assert_eq!(told("", &dear, "150000"), ["005930: 50000 won are missing or too much, and one share is 450000 won"]);
    assert_eq!(
        told(
            "[limits]\nmaximum_of = { \"005930\" = 0.5 }\nleast_order_won = 150000\n",
            &[("000660", 100_000, 4), ("005930", 90_000, 4)],
            "240000"
        ),
        ["005930: its weight would leave its limits"]
    );

    let policy = policy(HALVES);
    let rows = rows.map(|(code, won, shares)| (code, price(won), shares));
    let halted = valued(&policy, &rows, won("200000"), &["005930"]);
    assert_eq!(why(&plan(&request(&policy, &halted)).unwrap()), ["005930: the exchange has halted it"]);
}

#[test]
fn a_valuation_of_another_policy_is_refused() {
    let (older, newer) = (policy("id = \"x\"\ncash = 1"), policy(HALVES));
    let valuation = valued(&older, &[("035420", price(200_000), 1)], won("1"), &[]);
    let error = plan(&request(&newer, &valuation)).unwrap_err();
    assert_eq!(error, PlanError::Unvalued(vec![symbol("000660"), symbol("005930")]));
    assert_eq!(
        error.to_string(),
        "the valuation has no price for 000660, 005930; take a new snapshot with the present policy"
    );
}

#[test]
fn a_limit_that_the_holdings_break_and_no_order_can_mend_is_refused() {
    let policy = policy(&format!("{HALVES}no_trade = [\"005930\"]\n[limits]\nmaximum = 0.5\n"));
    let valuation = valued(&policy, &[("000660", price(1_000), 0), ("005930", price(1_000), 60)], won("40000"), &[]);
    assert_eq!(
        plan(&request(&policy, &valuation)).unwrap_err().to_string(),
        "no allocation keeps all limits: 005930 must stay (no-trade) at 0.6 and its limits are 0 to 0.5"
    );
}

#[test]
fn a_plan_expires_with_its_session_or_after_minutes_of_trading() {
    let krx = Calendar::krx();
    let expiry = |rules: OrderRules, made: &str| rules.expiry(at(made), &krx).unwrap();
    let usual = OrderRules::default();
    assert_eq!(expiry(usual, "2026-11-23T09:31:00"), at("2026-11-23T15:30:00"));
    // Made on a Friday evening: with Monday's close.
    assert_eq!(expiry(usual, "2026-11-20T18:00:00"), at("2026-11-23T15:30:00"));
    let hour = OrderRules { validity: Some(TimeDelta::minutes(60)), ..usual };
    assert_eq!(expiry(hour, "2026-11-23T09:31:00"), at("2026-11-23T10:31:00"));
    assert_eq!(expiry(hour, "2026-11-20T15:00:00"), at("2026-11-23T09:30:00"));
    assert_eq!(expiry(hour, "2026-11-20T14:30:00"), at("2026-11-20T15:30:00"));
}

#[test]
fn an_asset_without_a_target_may_be_sold_below_the_least_weight() {
    let policy = policy(&format!("{HALVES}[limits]\nminimum = 0.3\n"));
    let planned = planned(&policy, &[("000660", 100_000, 4), ("005930", 100_000, 5), ("035420", 10_000, 10)], "0");
    assert_eq!(lines(&planned.orders), ["1 SELL 10 035420 9950"]);
}
