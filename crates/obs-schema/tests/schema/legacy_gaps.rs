//! The Python system's gap ledger.

use obs_model::{Gap, GapReason, GapScope, Severity};
use obs_schema::{Record, RejectReason};
use serde_json::{Value, json};

use crate::lines::{at, line_of, record, rejection, session, with};

fn gap(line: &Value) -> Gap {
    let Record::Gap(gap) = record(line) else { panic!("no gap: {line}") };
    gap
}

#[test]
fn an_entry_of_track_b_is_a_hole_in_one_symbols_ticks() {
    let ends = (at("2026-03-04T00:00:00.418903Z"), at("2026-03-04T00:01:30.418903Z"));
    let symbols = vec!["005930".parse().unwrap()];
    let expected = Gap::new(ends, GapScope::Scalp, GapReason::NoDataReceived, symbols, session("legacy")).unwrap();
    let found = gap(&line_of("gap ledger entry"));
    assert_eq!(found, expected);
    assert_eq!((found.seconds(), found.severity()), (90, Severity::Major));
}

#[test]
fn an_entry_of_track_a_is_a_hole_in_all_swing_bars() {
    let line = json!({
        "track_type": "track_a", "symbol": null, "gap_type": "minor", "gap_duration_seconds": 720.0,
        "last_update": "2026-03-04T09:00:00.5+09:00", "detected_at": "2026-03-04T09:12:00.5+09:00",
        "expected_interval_seconds": 600,
    });
    let ends = (at("2026-03-04T00:00:00.5Z"), at("2026-03-04T00:12:00.5Z"));
    let expected = Gap::new(ends, GapScope::Swing, GapReason::NoDataReceived, Vec::new(), session("legacy")).unwrap();
    assert_eq!(gap(&line), expected, "the length decides on the class, not the ledger's word");
    assert_eq!(gap(&line).severity(), Severity::Critical);
}

#[test]
fn an_entry_of_another_track_or_with_its_ends_swapped_is_refused() {
    let other = with(line_of("gap ledger entry"), "/track_type", json!("track_c")).to_string();
    assert_eq!(rejection(other.as_bytes()).to_string(), r#"bad_value: `track_type` is "track_c""#);
    let swapped = with(line_of("gap ledger entry"), "/detected_at", json!("2026-03-04T08:00:00+09:00")).to_string();
    assert_eq!(rejection(swapped.as_bytes()).reason, RejectReason::BadValue);
}
