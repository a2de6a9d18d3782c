//! The Python system's swing rows: the day so far, stored as it is and marked.

use chrono_tz::Tz;
use obs_model::{QualityFlag, SchemaVersion, SwingBar};
use obs_schema::{Decoded, Decoder, Record, RejectReason, SwingRecord};
use serde_json::{Value, json};

use crate::lines::{at, decode, line_of, price, record, rejection, session, shares, with, without};

fn expected_snapshot() -> SwingRecord {
    let ts = at("2026-03-04T00:11:06.304718Z");
    SwingRecord {
        received_at: ts,
        bar: SwingBar {
            symbol: "000660".parse().unwrap(),
            bar_time: ts,
            open: price("612000"),
            high: price("618500"),
            low: price("607000"),
            close: price("615500"),
            volume: shares(84_213),
            bid_price: None,
            ask_price: None,
            session_id: session("observer-1"),
            schema_version: SchemaVersion::V1,
            mitigation_level: 0,
            quality_flag: QualityFlag::Degraded,
        },
    }
}

fn swing(line: &Value) -> SwingRecord {
    let Record::Swing(swing) = record(line) else { panic!("no swing row: {line}") };
    swing
}

#[test]
fn a_snapshot_keeps_its_values_and_its_moment_and_is_degraded() {
    assert_eq!(swing(&line_of("swing snapshot")), expected_snapshot());
}

#[test]
fn a_snapshot_is_known_by_its_keys_with_and_without_the_data_set() {
    assert_eq!(swing(&without(line_of("swing snapshot"), "/dataset")), expected_snapshot());
}

#[test]
fn every_offset_that_the_files_hold_names_the_same_moment() {
    for ts in ["2026-03-04T00:11:06.304718Z", "2026-03-04T00:11:06.304718+00:00", "2026-03-04T09:11:06.304718+09:00"] {
        assert_eq!(swing(&with(line_of("swing snapshot"), "/ts", json!(ts))), expected_snapshot(), "{ts}");
    }
}

#[test]
fn a_time_without_an_offset_is_refused_until_its_zone_is_named() {
    for ts in ["2026-03-04T09:11:06.304718", "2026-03-04 09:11:06.304718"] {
        let line = with(line_of("swing snapshot"), "/ts", json!(ts)).to_string();
        assert_eq!(
            rejection(line.as_bytes()).to_string(),
            format!("naive_time: `ts`: {ts:?} has no offset; name its zone with --assume-tz")
        );
        let decoded = Decoder::assuming(Tz::Asia__Seoul).decode(line.as_bytes());
        assert_eq!(decoded, Decoded::Record(Record::Swing(expected_snapshot())), "{ts}");
    }
}

#[test]
fn a_named_zone_changes_no_time_that_has_an_offset() {
    let line = line_of("swing snapshot").to_string();
    let decoded = Decoder::assuming(Tz::America__New_York).decode(line.as_bytes());
    assert_eq!(decoded, Decoded::Record(Record::Swing(expected_snapshot())));
}

#[test]
fn an_hour_that_a_named_zone_skips_is_no_time() {
    let line = with(line_of("swing snapshot"), "/ts", json!("2026-03-29T02:30:00")).to_string();
    let Decoded::Reject(rejection) = Decoder::assuming(Tz::Europe__Berlin).decode(line.as_bytes()) else { panic!("{line}") };
    assert_eq!(rejection.to_string(), r#"bad_time: `ts`: "2026-03-29T02:30:00" does not exist in Europe/Berlin"#);
}

#[test]
fn bid_and_ask_may_be_null_absent_or_there() {
    let bare = without(without(line_of("swing snapshot"), "/bid_price"), "/ask_price");
    assert_eq!(swing(&bare), expected_snapshot());
    let quoted = with(with(bare, "/bid_price", json!(615_000)), "/ask_price", json!(616_000));
    let mut expected = expected_snapshot();
    (expected.bar.bid_price, expected.bar.ask_price) = (price("615000"), price("616000"));
    assert_eq!(swing(&quoted), expected);
}

#[test]
fn a_row_before_the_open_has_yesterdays_close_and_no_other_price() {
    let line = with(
        with(line_of("swing snapshot"), "/price", json!({"open": 0, "high": 0, "low": 0, "close": 18350})),
        "/volume",
        json!(0),
    );
    let mut expected = expected_snapshot();
    expected.bar = SwingBar { open: None, high: None, low: None, close: price("18350"), volume: shares(0), ..expected.bar };
    assert_eq!(swing(&line), expected);
}

#[test]
fn a_row_of_a_code_that_does_not_exist_has_no_price_and_is_kept() {
    let nothing = [
        json!({"open": 0, "high": 0, "low": 0, "close": 0}),
        json!({"open": 0.0, "high": 0.0, "low": 0.0, "close": 0.0}),
        json!({"open": null, "high": null, "low": null, "close": null}),
        json!({}),
    ];
    for prices in nothing {
        let line = with(line_of("swing snapshot"), "/price", prices);
        let mut expected = expected_snapshot();
        expected.bar = SwingBar { open: None, high: None, low: None, close: None, ..expected.bar };
        assert_eq!(swing(&line), expected, "{line}");
    }
}

#[test]
fn a_row_without_a_session_gets_a_name_and_one_with_a_wrong_session_does_not() {
    for session_value in [Value::Null, json!("")] {
        let found = swing(&with(line_of("swing snapshot"), "/session", session_value));
        assert_eq!(found.bar.session_id, session("legacy"));
    }
    let number = with(line_of("swing snapshot"), "/session", json!(7)).to_string();
    assert_eq!(rejection(number.as_bytes()).reason, RejectReason::WrongType);
    let spaced = with(line_of("swing snapshot"), "/session", json!("two words")).to_string();
    assert_eq!(rejection(spaced.as_bytes()).reason, RejectReason::BadValue);
}

#[test]
fn numbers_are_read_however_python_writes_them() {
    let prices = json!({"open": 612000.0, "high": "618500", "low": 6.07e5, "close": 615500.25});
    let line = with(with(line_of("swing snapshot"), "/price", prices), "/volume", json!(84_213.0));
    let mut expected = expected_snapshot();
    expected.bar.close = price("615500.25");
    assert_eq!(swing(&line), expected);
}

#[test]
fn a_flat_row_is_a_swing_row_with_the_price_as_close() {
    let ts = at("2026-03-04T00:10:25.117302Z");
    let expected = SwingRecord {
        received_at: ts,
        bar: SwingBar {
            symbol: "005930".parse().unwrap(),
            bar_time: ts,
            open: price("61000"),
            high: price("61930"),
            low: price("60510"),
            close: price("61120"),
            volume: shares(100_000),
            session_id: session("legacy"),
            ..expected_snapshot().bar
        },
    };
    assert_eq!(swing(&line_of("flat swing row")), expected);
}

#[test]
fn a_table_row_is_taken_at_its_word() {
    let bar_time = at("2026-03-04T00:00:00Z");
    let expected = SwingRecord {
        received_at: bar_time,
        bar: SwingBar {
            symbol: "005930".parse().unwrap(),
            bar_time,
            open: price("61000"),
            high: price("61400"),
            low: price("60600"),
            close: price("61200"),
            volume: shares(100_000),
            bid_price: price("61150"),
            ask_price: price("61250"),
            session_id: session("test"),
            schema_version: SchemaVersion::V1,
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    };
    assert_eq!(swing(&line_of("table swing bar")), expected);
    let bare = without(without(line_of("table swing bar"), "/quality_flag"), "/schema_version");
    assert_eq!(swing(&bare), expected, "the columns' defaults");
}

#[test]
fn a_minute_that_lost_its_coverage_is_not_taken_for_ten_minutes() {
    let line = without(line_of("table bar"), "/coverage_ratio");
    let Decoded::Reject(rejection) = decode(&line) else { panic!("{line}") };
    assert_eq!(rejection.to_string(), "missing_field: `coverage_ratio` is absent or null");
}
