//! Sound lines, one of each shape, and short ways to decode.
//!
//! The lines are composed after the shapes in `README.md`; their values are invented.

use chrono::{DateTime, Utc};
use obs_model::{Price, Quantity, SessionId};
use obs_schema::{Decoded, Decoder, Record, Rejection};
use serde_json::{Value, json};

/// What carries data: a name for messages, the line, and the members without which it is refused.
pub struct Shape {
    pub name: &'static str,
    pub line: Value,
    /// Missing from such a line, each of these is a reject of reason `missing_field`.
    pub required: &'static [&'static str],
}

/// One sound line of every shape that carries data.
pub fn shapes() -> Vec<Shape> {
    let shape = |name, line, required| Shape { name, line, required };
    vec![
        shape(
            "our tick",
            json!({
                "v": "2.0", "kind": "tick", "ts": "2026-03-04T09:00:01.250000+09:00",
                "event_time": "2026-03-04T09:00:01.000000+09:00", "symbol": "005930", "last_price": 71900, "volume": 3,
                "cumulative_volume": 120, "bid_price": 71800, "ask_price": null, "bid_size": 10, "ask_size": null,
                "session_id": "s1", "mitigation_level": 0, "quality_flag": "normal",
            }),
            &["ts", "event_time", "symbol", "last_price", "volume", "session_id", "kind"],
        ),
        shape(
            "our swing bar",
            json!({
                "v": "2.0", "kind": "swing", "ts": "2026-03-04T09:10:02.473000+09:00",
                "bar_time": "2026-03-04T09:00:00.000000+09:00", "symbol": "005930", "open": 71900, "high": 72000,
                "low": 71800, "close": 71950.5, "volume": 900, "bid_price": 71900, "ask_price": 72000, "session_id": "s1",
                "mitigation_level": 0, "quality_flag": "normal",
            }),
            &["ts", "bar_time", "symbol", "session_id"],
        ),
        shape(
            "our gap",
            json!({
                "v": "2.0", "kind": "gap", "gap_start_ts": "2026-03-04T09:00:00.000000+09:00",
                "gap_end_ts": "2026-03-04T09:01:30.000000+09:00", "gap_seconds": 90, "scope": "scalp",
                "reason": "ws_disconnect", "symbols": ["005930"], "session_id": "s1",
            }),
            &["gap_start_ts", "gap_end_ts", "scope", "reason", "symbols", "session_id"],
        ),
        shape(
            "our feed event",
            json!({
                "v": "2.0", "kind": "feed", "ts": "2026-03-04T09:00:00.000000+09:00", "feed_id": "s1#1",
                "session_id": "s1", "change": "subscribed", "symbol": "005930",
            }),
            &["ts", "feed_id", "session_id", "change", "symbol"],
        ),
        shape(
            "swing snapshot",
            json!({
                "ts": "2026-03-04T00:11:06.304718Z", "session": "observer-1", "dataset": "track_a_swing",
                "market": "kr_stocks", "symbol": "000660",
                "price": {"open": 612000, "high": 618500, "low": 607000, "close": 615500}, "volume": 84213,
                "bid_price": null, "ask_price": null, "source": "kis",
            }),
            &["ts", "symbol", "price", "volume"],
        ),
        shape(
            "scalp tick",
            json!({
                "timestamp": "2026-03-04T09:00:01.250000+09:00", "symbol": "005930", "execution_time": "090001",
                "price": {"current": 61300, "open": 61000, "high": 61800, "low": 60700, "change_rate": 0.49},
                "volume": {"accumulated": 1000000, "trade_value": 61300000000_i64},
                "bid_ask": {"bid_price": 61200, "ask_price": 61400}, "source": "websocket", "session_id": "s1",
            }),
            &["timestamp", "symbol", "price"],
        ),
        shape(
            "flat tick",
            json!({
                "timestamp": "2026-03-04T00:00:01.5+00:00", "symbol": "028260", "price": 38650, "volume": 2417,
                "source": "mock_websocket",
            }),
            &["symbol", "volume"],
        ),
        shape(
            "flat swing row",
            json!({
                "timestamp": "2026-03-04T00:10:25.117302+00:00", "symbol": "005930", "price": 61120, "volume": 100000,
                "open": 61000, "high": 61930, "low": 60510,
            }),
            &["symbol"],
        ),
        shape(
            "table tick",
            json!({
                "symbol": "005930", "event_time": "2026-03-04T00:00:00Z", "bid_price": 61000, "ask_price": 61100,
                "bid_size": 100, "ask_size": 200, "last_price": 61050, "volume": 1000, "session_id": "test",
                "mitigation_level": 0, "quality_flag": "normal",
            }),
            &["symbol", "event_time", "bid_price", "ask_price", "last_price", "session_id"],
        ),
        shape(
            "table bar",
            json!({
                "symbol": "005930", "bar_time": "2026-03-04T00:00:00Z", "open": 61000, "high": 61200, "low": 60800,
                "close": 61100, "volume": 47300, "coverage_ratio": 0.95, "session_id": "test", "quality_flag": "normal",
            }),
            &["symbol", "open", "high", "low", "close", "volume", "coverage_ratio", "session_id"],
        ),
        shape(
            "table swing bar",
            json!({
                "symbol": "005930", "bar_time": "2026-03-04T00:00:00Z", "open": 61000, "high": 61400, "low": 60600,
                "close": 61200, "volume": 100000, "bid_price": 61150, "ask_price": 61250, "session_id": "test",
                "schema_version": "1.0", "mitigation_level": 0, "quality_flag": "normal",
            }),
            &["symbol", "close", "session_id"],
        ),
        shape(
            "gap ledger entry",
            json!({
                "track_type": "track_b", "symbol": "005930", "gap_type": "major", "gap_duration_seconds": 90.0,
                "last_update": "2026-03-04T09:00:00.418903+09:00", "detected_at": "2026-03-04T09:01:30.418903+09:00",
                "expected_interval_seconds": 2,
            }),
            &["track_type", "last_update", "detected_at"],
        ),
    ]
}

/// The sound line of a shape.
pub fn line_of(name: &str) -> Value {
    shapes().into_iter().find(|shape| shape.name == name).map(|shape| shape.line).unwrap()
}

/// The line with another value at a JSON pointer such as `/price/close`.
pub fn with(mut line: Value, pointer: &str, value: Value) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    line.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(member.to_owned(), value);
    line
}

/// The line without the member at a JSON pointer.
pub fn without(mut line: Value, pointer: &str) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    assert!(line.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member).is_some(), "{pointer}");
    line
}

pub fn decode(line: &Value) -> Decoded {
    Decoder::default().decode(line.to_string().as_bytes())
}

pub fn record(line: &Value) -> Record {
    match decode(line) {
        Decoded::Record(record) => record,
        other => panic!("{line}\nis {other:?}"),
    }
}

pub fn rejection(line: &[u8]) -> Rejection {
    match Decoder::default().decode(line) {
        Decoded::Reject(rejection) => rejection,
        other => panic!("{}\nis {other:?}", String::from_utf8_lossy(line)),
    }
}

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn price(text: &str) -> Option<Price> {
    Some(text.parse().unwrap())
}

pub fn shares(shares: i64) -> Option<Quantity> {
    Some(Quantity::new(shares).unwrap())
}

pub fn session(name: &str) -> SessionId {
    name.parse().unwrap()
}
