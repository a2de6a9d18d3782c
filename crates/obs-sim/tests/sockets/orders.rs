//! Orders: accepted, filled, changed, refused.

use std::time::Duration;

use crate::{
    broker::{Broker, CHANGEABLE, keys},
    support::{HandClock, morning, settings, until},
};
use chrono::TimeDelta;
use obs_model::{Calendar, Side};
use obs_sim::{
    CallLimits, Environment, Order, SimSettings, Simulator, StartingHolding,
    market::{Listing, MarketSettings},
};
use serde_json::{Value, json};

const NO_LIMITS: CallLimits =
    CallLimits { calls_per_second: Some(1_000), ledger_calls_per_second: Some(1_000), refused_with_200: false };

/// A market that does not trade: Samsung at 151,000 with the ask a tick above.
fn still(clock: &HandClock) -> SimSettings {
    let market = MarketSettings { trades_per_second: 0, ..MarketSettings::new(7) };
    let samsung = StartingHolding { symbol: "005930".parse().unwrap(), quantity: 10, price: 100_000 };
    SimSettings { market, limits: NO_LIMITS, holdings: vec![samsung], ..settings(clock) }
}

/// One that trades Samsung alone, a hundred times a second.
fn lively(clock: &HandClock) -> SimSettings {
    let listings = Listing::defaults()[..1].to_vec();
    let market = MarketSettings { listings, trades_per_second: 100, ..MarketSettings::new(5) };
    SimSettings { market, limits: NO_LIMITS, ..settings(clock) }
}

fn order(simulator: &Simulator, index: usize) -> Order {
    simulator.orders()[index].clone()
}

fn number(answer: &Value) -> String {
    answer["output"]["ODNO"].as_str().unwrap().to_owned()
}

/// The fee of the API, cut to whole won: 0.0140527 %.
fn fee(amount: i64) -> i64 {
    amount * 140_527 / 1_000_000_000
}

#[tokio::test]
async fn an_accepted_order_is_not_filled_before_the_lag_and_then_at_the_quote() {
    let clock = morning();
    let settings = SimSettings { fill_lag: Duration::from_secs(2), ..still(&clock) };
    let simulator = Simulator::start(settings).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let answer = broker.buy("005930", "01", 1, 0).await;
    answer.check();
    assert_eq!(keys(&answer.body), ["msg1", "msg_cd", "output", "rt_cd"]);
    assert_eq!(keys(&answer.body["output"]), ["KRX_FWDG_ORD_ORGNO", "ODNO", "ORD_TMD"]);
    assert_eq!((answer.status, answer.code()), (200, "APBK0013"));
    assert_eq!(answer.body["output"]["ORD_TMD"], "100000");
    assert_eq!(number(&answer.body).len(), 10);

    clock.advance(TimeDelta::milliseconds(1_999));
    let open = broker.orders().await;
    assert_eq!([&open["output1"][0]["tot_ccld_qty"], &open["output1"][0]["rmn_qty"]], ["0", "1"]);
    clock.advance(TimeDelta::milliseconds(1));
    until("it is filled", || order(&simulator, 0).filled == 1).await;
    let row = broker.orders().await["output1"][0].clone();
    assert_eq!([&row["tot_ccld_qty"], &row["rmn_qty"], &row["avg_prvs"]], ["1", "0", "151100"]);
    assert_eq!(
        broker.balance().await["output2"][0]["prvs_rcdl_excc_amt"],
        (100_000_000 - 151_100 - fee(151_100)).to_string()
    );
}

#[tokio::test]
async fn a_large_order_is_filled_piece_by_piece_and_pays_one_fee() {
    let clock = morning();
    let simulator = Simulator::start(lively(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    assert_eq!(broker.buy("005930", "00", 600, 155_000).await.code(), "APBK0013");
    let mut parts = Vec::new();
    while order(&simulator, 0).remaining() > 0 {
        let traded = simulator.ledger().market_volume("005930".parse().unwrap());
        clock.advance(TimeDelta::milliseconds(500));
        until("the market trades", || simulator.ledger().market_volume("005930".parse().unwrap()) > traded).await;
        parts.push(order(&simulator, 0).filled);
    }
    parts.dedup();
    assert!(parts.len() > 1, "{parts:?}");
    let Order { filled, filled_value, .. } = order(&simulator, 0);
    assert_eq!(filled, 600);
    assert!((600 * 140_000..=600 * 155_000).contains(&filled_value));
    let balance = broker.balance().await;
    let totals = &balance["output2"][0];
    assert_eq!(totals["prvs_rcdl_excc_amt"], (100_000_000 - filled_value - fee(filled_value)).to_string());
    assert_eq!([&totals["dnca_tot_amt"], &totals["nxdy_excc_amt"]], ["100000000", "100000000"]);
    assert_eq!(totals["thdt_tlex_amt"], fee(filled_value).to_string());
    assert_eq!(balance["output1"][0]["pchs_amt"], filled_value.to_string());
}

#[tokio::test]
async fn a_limit_order_waits_until_the_price_comes_to_it() {
    let clock = morning();
    let simulator = Simulator::start(lively(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    assert_eq!(broker.buy("005930", "00", 10, 149_900).await.code(), "APBK0013");
    let samsung = "005930".parse().unwrap();
    let ledger = simulator.ledger();
    let mut steps = 0;
    while order(&simulator, 0).remaining() > 0 {
        assert!(steps < 400, "the price never came down");
        steps += 1;
        let traded = ledger.market_volume(samsung);
        clock.advance(TimeDelta::seconds(1));
        until("the market trades", || ledger.market_volume(samsung) > traded).await;
    }
    assert!(steps > 1);
    let day = clock.now().date_naive();
    let low = simulator.candles(samsung, day).iter().map(|candle| candle.low).min().unwrap();
    assert!(low <= 149_900);
    assert!(order(&simulator, 0).filled_value <= 10 * 149_900);
}

#[tokio::test]
async fn revisions_and_cancellations_are_orders_with_numbers_of_their_own() {
    let clock = morning();
    let simulator = Simulator::start(still(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let first = number(&broker.buy("005930", "00", 10, 140_000).await.body);
    let revised = broker.change("01", &first, "00", Some(4), 141_000).await;
    assert_eq!(revised.code(), "APBK0013");
    let second = number(&revised.body);
    let third = number(&broker.change("02", &second, "00", None, 0).await.body);
    assert!(first < second && second < third);

    let listed = broker.orders().await;
    let row = |index: usize| {
        let row = &listed["output1"][index];
        ["odno", "orgn_odno", "ord_qty", "ord_unpr", "rmn_qty", "cncl_cfrm_qty", "cncl_yn"]
            .map(|name| row[name].as_str().unwrap())
    };
    assert_eq!(row(2), [&first, "", "10", "140000", "6", "4", ""]);
    assert_eq!(row(1), [&second, &first, "4", "141000", "0", "4", "Y"]);
    assert_eq!(row(0)[..3], [&third, &second, "4"]);

    let query = broker.with_account(json!({
        "CTX_AREA_FK100": "", "CTX_AREA_NK100": "", "INQR_DVSN_1": "0", "INQR_DVSN_2": "0",
    }));
    let changeable = broker.get(CHANGEABLE, "TTC0084R", &query).await;
    changeable.check();
    assert_eq!(changeable.body["output"].as_array().unwrap().len(), 1);
    assert_eq!([&changeable.body["output"][0]["odno"], &changeable.body["output"][0]["psbl_qty"]], [first.as_str(), "6"]);

    // Nothing is left of the second, seven are too many of the first.
    assert_eq!(broker.change("02", &second, "00", None, 0).await.code(), "APBK0344");
    assert_eq!(broker.change("02", &first, "00", Some(7), 0).await.code(), "APBK0344");
}

#[tokio::test]
async fn orders_that_must_not_rest_are_filled_at_once_or_taken_back() {
    let clock = morning();
    let simulator = Simulator::start(still(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    for (division, price) in [("11", 151_100), ("12", 151_100), ("11", 151_000)] {
        assert_eq!(broker.buy("005930", division, 1, price).await.code(), "APBK0013");
    }
    assert_eq!(broker.buy("005930", "12", 600, 151_100).await.code(), "APBK0013");
    clock.advance(TimeDelta::seconds(1));
    until("all are settled", || simulator.orders().iter().all(|order| order.remaining() == 0)).await;
    let outcomes: Vec<(i64, i64)> = simulator.orders().iter().map(|order| (order.filled, order.cancelled)).collect();
    assert_eq!(outcomes[2], (0, 1));
    assert!(outcomes[3] == (0, 600) || outcomes[3] == (600, 0));
    assert!(outcomes[..2].iter().all(|outcome| [(1, 0), (0, 1)].contains(outcome)));
}

/// What is wrong with an order: its side, code, type, quantity and price in won.
type Wrong<'a> = (Side, &'a str, &'a str, i64, i64);

const WRONG: [Wrong; 6] = [
    (Side::Buy, "005930", "00", 1, 151_050),
    (Side::Buy, "005930", "00", 1, 200_000),
    (Side::Buy, "005930", "01", 600, 0),
    (Side::Sell, "005930", "00", 11, 151_000),
    (Side::Buy, "999999", "00", 1, 1_000),
    (Side::Buy, "100000", "00", 1, 900),
];

async fn refusals(environment: Environment) -> Vec<(String, String)> {
    let mut settings = SimSettings { environment, ..still(&morning()) };
    let penny = Listing { symbol: "100000".parse().unwrap(), ..settings.market.listings[0].clone() };
    settings.market.listings.push(Listing { base_price: 900, ..penny });
    let simulator = Simulator::start(settings).await.unwrap();
    let broker = Broker::log_in(&simulator, 0, if environment == Environment::Live { 'T' } else { 'V' }).await;
    let mut codes = Vec::new();
    for (side, symbol, division, quantity, price) in WRONG {
        let tr_id = if side == Side::Buy { "TTC0012U" } else { "TTC0011U" };
        let answer = broker.order(tr_id, symbol, division, quantity, price).await;
        answer.check();
        assert_eq!((answer.status, answer.body.get("output")), (200, None));
        codes.push((answer.code().to_owned(), answer.body["msg1"].as_str().unwrap().trim_end().to_owned()));
    }
    codes
}

#[tokio::test]
async fn wrong_orders_are_refused_with_the_codes_of_paper_trading() {
    let codes = refusals(Environment::Paper).await;
    let expected = [
        ("40030000", "모의투자 주문처리가 안되었습니다(호가단위 오류)"),
        ("40270000", "모의투자 상/하한가 오류"),
        ("40250000", "모의투자 주문가능금액이 부족합니다."),
        ("40240000", "모의투자 잔고내역이 없습니다."),
        ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)"),
        ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)"),
    ];
    assert_eq!(codes, expected.map(|(code, text)| (code.to_owned(), text.to_owned())));
}

#[tokio::test]
async fn the_live_broker_uses_one_code_for_several_reasons_and_takes_cheap_stocks() {
    let codes = refusals_live().await;
    assert_eq!(codes, ["APBK0506", "APBK0507", "APBK0918", "APBK0918", "APBK0656"]);
}

async fn refusals_live() -> Vec<String> {
    let simulator = Simulator::start(still(&morning())).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let mut codes = Vec::new();
    for (side, symbol, division, quantity, price) in &WRONG[..5] {
        let tr_id = if *side == Side::Buy { "TTC0802U" } else { "TTC0801U" };
        codes.push(broker.order(tr_id, symbol, division, *quantity, *price).await.code().to_owned());
    }
    codes
}

#[tokio::test]
async fn before_the_opening_and_after_the_close_nothing_is_taken() {
    for (time, code) in [
        ("2026-01-21T23:59:59Z", "40570000"),
        ("2026-01-22T00:00:00Z", "40600000"),
        ("2026-01-22T06:29:59Z", "40600000"),
        ("2026-01-22T06:30:00Z", "40580000"),
        ("2026-01-24T02:00:00Z", "40580000"),
    ] {
        let clock = HandClock::at(time);
        let mut settings = SimSettings { environment: Environment::Paper, ..still(&clock) };
        settings.market.calendar = Calendar::krx();
        let simulator = Simulator::start(settings).await.unwrap();
        let broker = Broker::paper(&simulator).await;
        assert_eq!(broker.buy("005930", "00", 1, 150_000).await.code(), code, "{time}");
    }
}
