//! Lines that are in order and carry no data.

use obs_schema::{Decoded, Decoder, NonData};
use serde_json::{Value, json};

use crate::lines::decode;

fn trigger() -> Value {
    json!({
        "timestamp": "2026-03-04T14:21:07.390112+09:00", "symbol": "005930", "slot_id": 1, "trigger_type": "volume_surge",
        "priority_score": 0.9, "detected_at": "2026-03-04T14:21:07.390112+09:00",
        "details": {"current_volume": 4200000, "avg_volume_10m": 700000, "surge_ratio": 6.0},
    })
}

#[test]
fn a_trigger_is_known_with_and_without_details() {
    assert_eq!(decode(&trigger()), Decoded::NonData(NonData::Trigger));
    let mut line = trigger();
    line["details"] = json!({"price_change": 0.04, "current_price": 61100});
    assert_eq!(decode(&line), Decoded::NonData(NonData::Trigger));
    let bare = json!({
        "timestamp": "2026-03-04T10:33:52.615004+00:00", "symbol": "000660", "slot_id": 0, "trigger_type": "volume_surge",
        "priority_score": 0.9, "source": "mock_test",
    });
    assert_eq!(decode(&bare), Decoded::NonData(NonData::Trigger));
}

#[test]
fn an_overflow_entry_is_known_even_of_a_symbol_that_is_none() {
    for symbol in ["005930", "SYM041", "CCC003", "nothing"] {
        let line = json!({
            "timestamp": "2026-03-04T11:05:48.272610+09:00", "symbol": symbol, "trigger_type": "bootstrap",
            "priority_score": 0.88, "detected_at": "2026-03-04T11:05:48.271604+09:00", "reason": "all_slots_occupied",
        });
        assert_eq!(decode(&line), Decoded::NonData(NonData::Overflow), "{symbol}");
    }
}

#[test]
fn a_pattern_record_and_a_decision_are_known() {
    let pattern = json!({
        "snapshot": {
            "meta": {"timestamp": "2026-03-04T00:52:40.310Z", "session_id": "s1", "mode": "PROD"},
            "context": {"source": "market", "stage": "raw", "symbol": "005930", "market": "KRX"},
            "observation": {"inputs": {"price": 61300}, "computed": {}, "state": {}},
        },
        "regime_tags": {}, "condition_tags": [], "outcome_labels": {}, "metadata": {"schema_version": "v1.0.0"},
    });
    assert_eq!(decode(&pattern), Decoded::NonData(NonData::PatternRecord));
    let decision = json!({"decision_id": "d1", "created_at": "2026-03-04T00:52:40Z", "action": "BUY", "symbol": "005930"});
    assert_eq!(decode(&decision), Decoded::NonData(NonData::Decision));
}

#[test]
fn an_empty_line_is_blank() {
    for line in ["", " ", "\r", "\t \r"] {
        assert_eq!(Decoder::default().decode(line.as_bytes()), Decoded::NonData(NonData::Blank), "{line:?}");
    }
}

#[test]
fn a_line_may_end_in_a_carriage_return() {
    let line = format!("{}\r", trigger());
    assert_eq!(Decoder::default().decode(line.as_bytes()), Decoded::NonData(NonData::Trigger));
}

#[test]
fn summaries_name_each_kind() {
    let names = [NonData::Blank, NonData::Trigger, NonData::Overflow, NonData::PatternRecord, NonData::Decision];
    let names = names.map(|kind| kind.to_string());
    assert_eq!(names, ["blank line", "trigger event", "overflow entry", "pattern record", "decision"]);
}
