//! What a portfolio is worth, which prices are refused, and when a plan is due.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, Price, PriceSource, Quantity, RebalanceFrequency, Symbol, Weight};
use obs_portfolio::{
    Doubt, KnownPrice, PriceRules, Reason, Tolerance, Valuation, ValuationError, asked_by_calendar, reasons, value,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{weight, won};

fn at(time: &str) -> DateTime<Utc> {
    format!("{time}+09:00").parse().unwrap()
}

fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

fn known(price: i64, time: &str) -> KnownPrice {
    let price = Price::from_won(price).unwrap();
    KnownPrice { price, at: at(time), source: PriceSource::Tick, is_in_gap: false, is_halted: false }
}

/// 10 shares of 005930, none of 000660 yet, and a million won.
struct Portfolio {
    holdings: BTreeMap<Symbol, Quantity>,
    targets: BTreeMap<Symbol, Weight>,
    prices: BTreeMap<Symbol, KnownPrice>,
    rules: PriceRules,
    cash: &'static str,
}

impl Portfolio {
    fn new() -> Self {
        Self {
            holdings: BTreeMap::from([(symbol("005930"), Quantity::new(10).unwrap())]),
            targets: BTreeMap::from([(symbol("005930"), weight("0.5")), (symbol("000660"), weight("0.3"))]),
            prices: BTreeMap::from([
                (symbol("005930"), known(70_000, "2026-11-23T09:30:00")),
                (symbol("000660"), known(500_000, "2026-11-23T09:30:30")),
            ]),
            rules: PriceRules { oldest: TimeDelta::minutes(10), accepted: BTreeSet::new() },
            cash: "1000000",
        }
    }

    /// Its value on that Monday, half an hour after the opening.
    fn value(&self, now: &str) -> Result<Valuation, ValuationError> {
        let Self { holdings, targets, prices, rules, cash } = self;
        value(holdings, won(cash), targets, prices, rules, &Calendar::krx(), at(now))
    }

    fn set_price(&mut self, code: &str, change: impl FnOnce(&mut KnownPrice)) {
        change(self.prices.get_mut(&symbol(code)).unwrap());
    }
}

#[test]
fn holdings_and_cash_make_the_total_and_the_weights_make_one() {
    let valuation = Portfolio::new().value("2026-11-23T09:31:00").unwrap();
    assert_eq!(valuation.total, won("1700000"));
    let rows: Vec<_> = valuation.positions.iter().map(|row| (row.symbol.to_string(), row.value, row.weight)).collect();
    let expected = [("000660", won("0"), weight("0")), ("005930", won("700000"), weight("0.411764705882"))];
    assert_eq!(rows, expected.map(|(code, value, weight)| (code.to_owned(), value, weight)));
    assert_eq!(valuation.cash_weight, weight("0.588235294118"));
    // sqrt((0.411764… - 0.5)^2 + 0.3^2)
    assert_eq!(valuation.drift.round_dp(6), "0.312707".parse::<Decimal>().unwrap());
}

#[test]
fn every_price_that_is_not_good_enough_is_named() {
    let mut portfolio = Portfolio::new();
    portfolio.targets.insert(symbol("035720"), weight("0.1"));
    portfolio.set_price("005930", |known| known.is_halted = true);
    portfolio.set_price("000660", |known| known.at = at("2026-11-23T09:20:00"));
    let error = portfolio.value("2026-11-23T09:31:00").unwrap_err();
    let stale = Doubt::Stale { age: TimeDelta::minutes(11) };
    let doubtful = vec![(symbol("000660"), stale), (symbol("005930"), Doubt::Halted), (symbol("035720"), Doubt::Missing)];
    assert_eq!(error, ValuationError::Doubtful(doubtful));
    assert_eq!(
        error.to_string(),
        "these prices are not good enough: 000660 is 11 minutes of trading old, 005930 is halted, 035720 has none; \
         wait, or accept them by name"
    );
}

#[test]
fn a_doubtful_price_is_accepted_by_name_and_a_missing_one_is_not() {
    let mut portfolio = Portfolio::new();
    portfolio.set_price("005930", |known| known.is_in_gap = true);
    portfolio.rules.accepted = BTreeSet::from([symbol("005930"), symbol("000660")]);
    let valuation = portfolio.value("2026-11-23T09:31:00").unwrap();
    assert_eq!(valuation.positions.iter().map(|row| row.doubt).collect::<Vec<_>>(), [None, Some(Doubt::Gap)]);
    portfolio.prices.remove(&symbol("000660"));
    let error = portfolio.value("2026-11-23T09:31:00").unwrap_err();
    assert_eq!(error, ValuationError::Doubtful(vec![(symbol("000660"), Doubt::Missing)]));
}

#[test]
fn only_time_in_which_the_market_was_open_makes_a_price_old() {
    let mut portfolio = Portfolio::new();
    for code in ["005930", "000660"] {
        portfolio.set_price(code, |known| known.at = at("2026-11-20T15:25:00"));
    }
    // Friday's last five minutes, a weekend, and Monday's first five.
    assert!(portfolio.value("2026-11-22T12:00:00").is_ok());
    assert!(portfolio.value("2026-11-23T09:05:00").is_ok());
    assert!(matches!(portfolio.value("2026-11-23T09:05:01"), Err(ValuationError::Doubtful(_))));
}

#[test]
fn a_portfolio_that_owes_is_refused() {
    let mut portfolio = Portfolio::new();
    portfolio.cash = "-1";
    let error = portfolio.value("2026-11-23T09:31:00").unwrap_err();
    assert_eq!(error.to_string(), "cash is -1 won; a portfolio that owes cannot be divided");
}

#[test]
fn a_plan_is_due_for_drift_for_a_band_and_for_cash() {
    let valuation = Portfolio::new().value("2026-11-23T09:31:00").unwrap();
    let told =
        |tolerance: Tolerance| -> Vec<String> { reasons(&valuation, &tolerance).iter().map(ToString::to_string).collect() };
    let loose = Tolerance { drift: weight("1"), ..Tolerance::default() };
    assert_eq!(told(loose.clone()), [""; 0]);
    assert_eq!(told(Tolerance { drift: weight("0.05"), ..loose.clone() }), ["drift 31.27 % is above 5 %"]);
    assert_eq!(
        told(Tolerance { band: Some(weight("0.1")), ..loose.clone() }),
        ["000660 is at 0 %, more than 10 points from 30 %"]
    );
    // A tenth of its target is narrower than ten points.
    let relative = Tolerance { band: Some(weight("0.1")), relative_band: "0.1".parse().ok(), ..loose.clone() };
    assert_eq!(
        told(relative),
        ["000660 is at 0 %, more than 3 points from 30 %", "005930 is at 41.18 %, more than 5 points from 50 %"]
    );
    assert_eq!(
        told(Tolerance { cash_band: Some(weight("0.05")), ..loose }),
        ["cash is at 58.82 %, more than 5 points from 20 %"]
    );
}

#[test]
fn the_calendar_asks_once_a_period_and_on_trading_days_only() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let asks = |frequency, last: Option<&str>, today: &str| {
        asked_by_calendar(frequency, last.map(day), day(today), &Calendar::krx()).map(|reason| match reason {
            Reason::Calendar { since, .. } => since.to_string(),
            other => panic!("{other:?}"),
        })
    };
    use RebalanceFrequency::{Daily, Monthly, Weekly};
    assert_eq!(asks(Daily, Some("2026-11-20"), "2026-11-23"), Some("2026-11-23".to_owned()));
    assert_eq!(asks(Daily, Some("2026-11-23"), "2026-11-23"), None);
    // A Sunday.
    assert_eq!(asks(Daily, None, "2026-11-22"), None);
    assert_eq!(asks(Weekly, Some("2026-11-20"), "2026-11-23"), Some("2026-11-23".to_owned()));
    assert_eq!(asks(Weekly, Some("2026-11-23"), "2026-11-27"), None);
    // Monday was missed.
    assert_eq!(asks(Weekly, Some("2026-11-20"), "2026-11-25"), Some("2026-11-23".to_owned()));
    assert_eq!(asks(Monthly, Some("2026-10-30"), "2026-11-02"), Some("2026-11-01".to_owned()));
    assert_eq!(asks(Monthly, Some("2026-11-02"), "2026-11-30"), None);
    assert_eq!(asks(Monthly, None, "2026-11-23"), Some("2026-11-01".to_owned()));
}

proptest! {
    #[test]
    fn weights_and_cash_add_up_to_one_and_values_to_the_total(
        rows in prop::collection::btree_map("[0-9]{6}", (0_i64..100_000, 1_i64..1_000_000), 1..30),
        cash in 1_i64..1_000_000_000,
    ) {
        let time = "2026-11-23T09:30:00";
        let holdings = rows.iter().map(|(code, (shares, _))| (symbol(code), Quantity::new(*shares).unwrap())).collect();
        let prices = rows.iter().map(|(code, (_, price))| (symbol(code), known(*price, time))).collect();
        let rules = PriceRules { oldest: TimeDelta::minutes(1), accepted: BTreeSet::new() };
        let cash = won(&cash.to_string());
        let valuation = value(&holdings, cash, &BTreeMap::new(), &prices, &rules, &Calendar::krx(), at(time)).unwrap();
        let weights: Decimal = valuation.positions.iter().map(|row| row.weight.share()).sum();
        prop_assert_eq!(weights + valuation.cash_weight.share(), Decimal::ONE);
        let values: Decimal = valuation.positions.iter().map(|row| row.value.won()).sum();
        prop_assert_eq!(values + cash.won(), valuation.total.won());
        // What is cut off is less than a millionth of a millionth a row.
        let exact = cash.won() / valuation.total.won();
        prop_assert!((valuation.cash_weight.share() - exact).abs() < Decimal::new(31, 12));
    }
}
