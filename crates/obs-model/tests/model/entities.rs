//! The rows as JSON: what a service that embeds the model sends and receives.

use chrono::{DateTime, Utc};
use obs_model::{
    Approval, Bar, BrokerKind, Coverage, ExecutionStatus, FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, Ohlc,
    OrderId, OrderStatus, OrderType, PlanDigest, PlanId, PlanStatus, PortfolioPosition, PriceSource, QualityFlag, Quantity,
    RebalanceExecution, RebalanceFrequency, RebalanceOrder, RebalancePlan, SchemaVersion, SessionId, Side, SnapshotId,
    SwingBar, Tick,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The JSON of a value, after reading it back and finding the same value.
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Value {
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(json.clone()).unwrap(), value);
    json
}

fn tick() -> Tick {
    Tick {
        symbol: "005930".parse().unwrap(),
        event_time: at("2026-01-23T00:00:01Z"),
        last_price: Some("71900.5".parse().unwrap()),
        volume: Some(Quantity::new(3).unwrap()),
        bid_price: None,
        ask_price: Some("72000".parse().unwrap()),
        bid_size: Some(Quantity::ZERO),
        ask_size: None,
        session_id: SessionId::new("s1").unwrap(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Gap,
    }
}

#[test]
fn a_tick_is_an_object_of_its_columns() {
    let expected = json!({
        "symbol": "005930", "event_time": "2026-01-23T00:00:01Z", "last_price": "71900.5", "volume": 3,
        "bid_price": null, "ask_price": "72000", "bid_size": 0, "ask_size": null,
        "session_id": "s1", "mitigation_level": 0, "quality_flag": "gap",
    });
    assert_eq!(both_ways(&tick()), expected);
}

#[test]
fn a_price_in_json_may_be_a_whole_number_and_never_a_float() {
    let mut json = both_ways(&tick());
    json["last_price"] = json!(71_900);
    assert_eq!(serde_json::from_value::<Tick>(json.clone()).unwrap().last_price, "71900".parse().ok());
    json["last_price"] = json!(71_900.5);
    assert!(serde_json::from_value::<Tick>(json).is_err());
}

#[test]
fn no_member_skips_its_check() {
    let wrong = [
        ("symbol", json!("5930")),
        ("event_time", json!("2026-01-23T00:00:01")),
        ("last_price", json!("0")),
        ("volume", json!(-1)),
        ("session_id", json!("")),
        ("mitigation_level", json!(256)),
        ("quality_flag", json!("good")),
    ];
    for (member, value) in wrong {
        let mut json = both_ways(&tick());
        json[member] = value.clone();
        assert!(serde_json::from_value::<Tick>(json).is_err(), "{member}: {value}");
    }
}

#[test]
fn a_swing_bar_reads_back() {
    let bar = SwingBar {
        symbol: "0004V0".parse().unwrap(),
        bar_time: at("2026-01-23T00:10:00Z"),
        open: None,
        high: None,
        low: None,
        close: Some("18350".parse().unwrap()),
        volume: Some(Quantity::ZERO),
        bid_price: None,
        ask_price: None,
        session_id: SessionId::new("s1").unwrap(),
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Degraded,
    };
    let json = both_ways(&bar);
    assert_eq!((&json["schema_version"], &json["open"]), (&json!("2.0"), &Value::Null));
}

#[test]
fn feed_events_read_back_with_their_change() {
    let session_id = SessionId::new("s1").unwrap();
    let symbol = "005930".parse().unwrap();
    let changes = [
        (FeedChange::Opened, json!({"change": "opened"})),
        (FeedChange::Subscribed { symbol }, json!({"change": "subscribed", "symbol": "005930"})),
        (FeedChange::Unsubscribed { symbol }, json!({"change": "unsubscribed", "symbol": "005930"})),
        (FeedChange::Alive, json!({"change": "alive"})),
        (FeedChange::Closed { reason: GapReason::WsTimeout }, json!({"change": "closed", "reason": "ws_timeout"})),
    ];
    for (change, expected) in changes {
        let feed_id = FeedId::nth_of(&session_id, 1).unwrap();
        let event = FeedEvent { feed_id, session_id: session_id.clone(), at: at("2026-01-23T00:00:00Z"), change };
        assert_eq!(both_ways(&event)["change"], expected);
    }
}

#[test]
fn bars_and_gaps_are_written_with_their_checked_parts() {
    let [open, high, low, close] = [101, 104, 99, 102].map(|won| obs_model::Price::from_won(won).unwrap());
    let bar = Bar {
        symbol: "005930".parse().unwrap(),
        bar_time: at("2026-01-23T00:00:00Z"),
        ohlc: Ohlc::new(open, high, low, close).unwrap(),
        volume: Quantity::new(12).unwrap(),
        coverage: Coverage::of_slots(60),
        session_id: SessionId::new("s1").unwrap(),
        quality_flag: QualityFlag::Degraded,
    };
    let json = serde_json::to_value(&bar).unwrap();
    assert_eq!(json["ohlc"], json!({"open": "101", "high": "104", "low": "99", "close": "102"}));
    assert_eq!(json["coverage"], json!(0.5));

    let ends = (at("2026-01-23T00:00:00Z"), at("2026-01-23T00:01:00Z"));
    let symbols = vec!["005930".parse().unwrap()];
    let gap = Gap::new(ends, GapScope::Scalp, GapReason::WsDisconnect, symbols, SessionId::new("s1").unwrap()).unwrap();
    let expected = json!({
        "start": "2026-01-23T00:00:00Z", "end": "2026-01-23T00:01:00Z", "scope": "scalp", "reason": "ws_disconnect",
        "symbols": ["005930"], "session_id": "s1",
    });
    assert_eq!(serde_json::to_value(&gap).unwrap(), expected);
}

#[test]
fn the_portfolio_reads_back_with_the_names_of_the_tables() {
    let position = PortfolioPosition {
        snapshot_id: SnapshotId(7),
        symbol: "005930".parse().unwrap(),
        quantity: Quantity::new(10).unwrap(),
        market_price: "71900".parse().unwrap(),
        market_value: "719000".parse().unwrap(),
        current_weight: serde_json::from_value(json!("0.25")).unwrap(),
        target_weight: serde_json::from_value(json!("0.2")).unwrap(),
        price_time: Some(at("2026-01-23T00:30:00Z")),
        price_source: Some(PriceSource::SwingBar),
        doubt: None,
    };
    let expected = json!({
        "snapshot_id": 7, "symbol": "005930", "quantity": 10, "market_price": "71900", "market_value": "719000",
        "current_weight": "0.25", "target_weight": "0.2", "price_time": "2026-01-23T00:30:00Z", "price_source": "swing_bar",
        "doubt": null,
    });
    assert_eq!(both_ways(&position), expected);

    let plan = RebalancePlan {
        plan_id: PlanId(1),
        policy_id: obs_model::PolicyId::new("balanced").unwrap(),
        policy_version: Some(2),
        snapshot_id: SnapshotId(7),
        status: PlanStatus::Approved,
        reason: "drift 6.1 %".to_owned(),
        created_at: at("2026-01-23T00:31:00Z"),
        expires_at: Some(at("2026-01-23T06:30:00Z")),
        digest: Some(PlanDigest::new("0f".repeat(32)).unwrap()),
        forecast: None,
        approval: Some(Approval {
            at: at("2026-01-23T00:40:00Z"),
            digest: PlanDigest::new("0f".repeat(32)).unwrap(),
            broker: BrokerKind::KisPaper,
        }),
        completed_at: None,
        error: None,
    };
    let json = both_ways(&plan);
    assert_eq!((&json["status"], &json["approval"]["broker"]), (&json!("approved"), &json!("kis-paper")));

    let order = RebalanceOrder {
        order_id: OrderId(2),
        plan_id: PlanId(1),
        sequence: Some(1),
        symbol: "005930".parse().unwrap(),
        side: Side::Sell,
        target_qty: Quantity::new(2).unwrap(),
        order_type: OrderType::Limit,
        limit_price: Some("71800".parse().unwrap()),
        decision_price: Some("71900".parse().unwrap()),
        status: OrderStatus::Executing,
        created_at: at("2026-01-23T00:31:00Z"),
        replaces: None,
        submitted_at: Some(at("2026-01-23T00:41:00Z")),
        broker_order: None,
    };
    let json = both_ways(&order);
    assert_eq!(
        (&json["side"], &json["order_type"], &json["status"]),
        (&json!("SELL"), &json!("LIMIT"), &json!("executing"))
    );

    let execution = RebalanceExecution {
        order_id: OrderId(2),
        filled_qty: Quantity::new(2).unwrap(),
        filled_price: Some("71850".parse().unwrap()),
        exec_time: at("2026-01-23T00:31:02Z"),
        commission: "21.555".parse().unwrap(),
        tax: Some("287".parse().unwrap()),
        slippage: "-100".parse().unwrap(),
        status: ExecutionStatus::Filled,
        error_msg: None,
    };
    let json = both_ways(&execution);
    assert_eq!(
        (&json["commission"], &json["slippage"], &json["status"]),
        (&json!("21.555"), &json!("-100"), &json!("FILLED"))
    );

    assert_eq!(both_ways(&RebalanceFrequency::Monthly), "monthly");
    assert!(Side::Sell < Side::Buy, "sells come before the buys they pay for");
    assert!("Buy".parse::<Side>().is_err());
}
