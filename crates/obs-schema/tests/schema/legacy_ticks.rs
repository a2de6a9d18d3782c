//! The Python system's ticks in their versions, and bars of a minute.

use obs_model::{Bar, Coverage, Ohlc, QualityFlag, Tick};
use obs_schema::{Record, TickRecord};
use serde_json::{Value, json};

use crate::lines::{at, line_of, price, record, session, shares, with, without};

fn expected_scalp() -> TickRecord {
    TickRecord {
        received_at: at("2026-03-04T00:00:01.25Z"),
        cumulative_volume: shares(1_000_000),
        tick: Tick {
            symbol: "005930".parse().unwrap(),
            event_time: at("2026-03-04T00:00:01Z"),
            last_price: price("61300"),
            volume: None,
            bid_price: price("61200"),
            ask_price: price("61400"),
            bid_size: None,
            ask_size: None,
            session_id: session("s1"),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    }
}

fn tick(line: &Value) -> TickRecord {
    let Record::Tick(tick) = record(line) else { panic!("no tick: {line}") };
    tick
}

/// The expected tick at the moment of receipt, for lines whose exchange time is not to be had.
fn at_receipt() -> TickRecord {
    let mut expected = expected_scalp();
    expected.tick.event_time = expected.received_at;
    expected.tick.quality_flag = QualityFlag::Degraded;
    expected
}

#[test]
fn version_a_has_what_the_provider_gave_and_no_exchange_time() {
    for (name, last) in [("current", 61_300), ("last", 61_300), ("price", 61_300), ("close", 61_300)] {
        let line = json!({
            "timestamp": "2026-03-04T09:00:01.250000+09:00", "symbol": "005930", "price": {name: last, "open": 61_000},
            "volume": {"accumulated": 1_000_000}, "source": "websocket", "session_id": "s1",
        });
        let mut expected = at_receipt();
        (expected.tick.bid_price, expected.tick.ask_price) = (None, None);
        assert_eq!(tick(&line), expected, "{name}");
    }
}

#[test]
fn version_b_has_the_exchange_time_and_the_days_volume() {
    assert_eq!(tick(&line_of("scalp tick")), expected_scalp());
}

#[test]
fn version_b_may_have_empty_quotes_and_nulls() {
    for quotes in
        [json!({}), json!({"bid_price": null, "ask_price": null}), json!({"bid_price": 0, "ask_price": 0}), Value::Null]
    {
        let mut expected = expected_scalp();
        (expected.tick.bid_price, expected.tick.ask_price) = (None, None);
        assert_eq!(tick(&with(line_of("scalp tick"), "/bid_ask", quotes.clone())), expected, "{quotes}");
    }
    let mut expected = expected_scalp();
    expected.cumulative_volume = None;
    let no_volume = with(line_of("scalp tick"), "/volume", json!({"accumulated": null, "trade_value": null}));
    assert_eq!(tick(&no_volume), expected);
}

#[test]
fn version_d_may_have_a_plain_volume_and_quotes_at_the_top() {
    let mut line = without(with(line_of("scalp tick"), "/volume", json!(1_000_000)), "/bid_ask");
    line = with(with(line, "/bid_price", json!(61_200)), "/ask_price", json!(61_400));
    assert_eq!(tick(&line), expected_scalp());
}

#[test]
fn the_stand_alone_script_kept_the_trades_own_volume() {
    let line = with(line_of("scalp tick"), "/volume/tick", json!(7));
    let mut expected = expected_scalp();
    expected.tick.volume = shares(7);
    assert_eq!(tick(&line), expected);
}

#[test]
fn an_exchange_time_far_from_the_receipt_is_not_believed() {
    for stated in [json!("134840"), json!("2026-03-04T09:00:01"), json!("090060"), json!("9:00"), json!(90_001), Value::Null]
    {
        let line = with(line_of("scalp tick"), "/execution_time", stated.clone());
        assert_eq!(tick(&line), at_receipt(), "{stated}");
    }
}

#[test]
fn an_exchange_time_is_believed_up_to_ten_minutes_off() {
    let received = |ts: &str| tick(&with(line_of("scalp tick"), "/timestamp", json!(ts))).tick.quality_flag;
    assert_eq!(received("2026-03-04T09:10:01.000000+09:00"), QualityFlag::Normal);
    assert_eq!(received("2026-03-04T09:10:01.000001+09:00"), QualityFlag::Degraded);
    assert_eq!(received("2026-03-04T08:50:01.000000+09:00"), QualityFlag::Normal, "a clock that is slow");
    assert_eq!(received("2026-03-04T08:50:00.999999+09:00"), QualityFlag::Degraded);
}

#[test]
fn the_exchange_time_is_of_the_korean_day_of_the_receipt() {
    // 09:00:01 in Korea is midnight and a second of the same date in UTC; 08:59:59 is the day before.
    let line = with(line_of("scalp tick"), "/timestamp", json!("2026-03-03T23:59:59.250000+00:00"));
    let line = with(line, "/execution_time", json!("085959"));
    assert_eq!(tick(&line).tick.event_time, at("2026-03-03T23:59:59Z"));
}

#[test]
fn a_flat_tick_has_a_price_and_the_days_volume() {
    let received_at = at("2026-03-04T00:00:01.5Z");
    let expected = TickRecord {
        received_at,
        cumulative_volume: shares(2_417),
        tick: Tick {
            symbol: "028260".parse().unwrap(),
            event_time: received_at,
            last_price: price("38650"),
            bid_price: None,
            ask_price: None,
            session_id: session("legacy"),
            ..expected_scalp().tick
        },
    };
    assert_eq!(tick(&line_of("flat tick")), expected);
}

#[test]
fn a_table_tick_has_the_volume_of_its_trade() {
    let event_time = at("2026-03-04T00:00:00Z");
    let expected = TickRecord {
        received_at: event_time,
        cumulative_volume: None,
        tick: Tick {
            symbol: "005930".parse().unwrap(),
            event_time,
            last_price: price("61050"),
            volume: shares(1_000),
            bid_price: price("61000"),
            ask_price: price("61100"),
            bid_size: shares(100),
            ask_size: shares(200),
            session_id: session("test"),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    };
    assert_eq!(tick(&line_of("table tick")), expected);

    let mut empty_bid = expected.clone();
    (empty_bid.tick.bid_price, empty_bid.tick.bid_size) = (None, None);
    let line = with(with(line_of("table tick"), "/bid_price", json!(0)), "/bid_size", Value::Null);
    assert_eq!(tick(&line), empty_bid);

    let mut marked = expected;
    (marked.tick.quality_flag, marked.tick.mitigation_level) = (QualityFlag::Gap, 2);
    let line = with(with(line_of("table tick"), "/quality_flag", json!("gap")), "/mitigation_level", json!(2));
    assert_eq!(tick(&line), marked);
}

#[test]
fn a_table_bar_keeps_a_coverage_with_float_noise() {
    let [open, high, low, close] = ["61000", "61200", "60800", "61100"].map(|text| text.parse().unwrap());
    let expected = |ratio| Bar {
        symbol: "005930".parse().unwrap(),
        bar_time: at("2026-03-04T00:00:00Z"),
        ohlc: Ohlc::new(open, high, low, close).unwrap(),
        volume: shares(47_300).unwrap(),
        coverage: Coverage::new(ratio).unwrap(),
        session_id: session("test"),
        quality_flag: QualityFlag::Normal,
    };
    assert_eq!(record(&line_of("table bar")), Record::Bar(expected(0.95)));
    let noisy = line_of("table bar").to_string().replace("0.95", "0.6599999999999999");
    let noisy = serde_json::from_str(&noisy).unwrap();
    assert_eq!(record(&noisy), Record::Bar(expected(0.659_999_999_999_999_9)));
}
