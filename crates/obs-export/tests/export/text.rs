//! CSV and JSON lines, letter by letter.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, RecordBatch};
use obs_export::{Dataset, ExportError, Format, Sink};

use crate::samples::{bar, bare_tick, extreme_ticks, feed_session, gap, swing_bar, tick};

fn written(format: Format, dataset: Dataset, rows: &RecordBatch) -> String {
    let mut sink = Sink::new(format, &dataset.schema(), Vec::new()).unwrap();
    sink.write(rows).unwrap();
    String::from_utf8(sink.finish().unwrap()).unwrap()
}

#[test]
fn ticks_are_lines_of_csv_with_nothing_for_null() {
    let [least, _] = extreme_ticks();
    let rows = obs_export::ticks(&[tick(), bare_tick(), least]).unwrap();
    let lines = "symbol,event_time,bid_price,ask_price,bid_size,ask_size,last_price,volume,session_id,mitigation_level,\
                 quality_flag\n\
                 005930,2026-01-22T00:00:01.000000Z,71900,72000,100,200,71950.5,10,observer-1,0,normal\n\
                 Q530031,2026-01-22T00:00:01.000000Z,,,,,,,observer-1,0,gap\n\
                 005930,1970-01-01T00:00:00.000001Z,0.0001,72000,0,200,0.0001,0,s,0,normal\n";
    assert_eq!(written(Format::Csv, Dataset::ScalpTicks, &rows), lines);
}

#[test]
fn ticks_are_lines_of_json_with_prices_as_text() {
    let [_, most] = extreme_ticks();
    let rows = obs_export::ticks(&[bare_tick(), most.clone()]).unwrap();
    let lines = r#"{"symbol":"Q530031","event_time":"2026-01-22T00:00:01.000000Z","bid_price":null,"ask_price":null,"bid_size":null,"ask_size":null,"last_price":null,"volume":null,"session_id":"observer-1","mitigation_level":0,"quality_flag":"gap"}
{"symbol":"005930","event_time":"9999-12-31T23:59:59.999999Z","bid_price":"71900","ask_price":"99999999999.9999","bid_size":100,"ask_size":9223372036854775807,"last_price":"99999999999.9999","volume":9223372036854775807,"session_id":"SESSION","mitigation_level":255,"quality_flag":"degraded"}
"#;
    let lines = lines.replace("SESSION", most.session_id.as_str());
    assert_eq!(written(Format::JsonLines, Dataset::ScalpTicks, &rows), lines);
}

#[test]
fn a_line_of_json_is_a_tick_of_the_model() {
    let [least, most] = extreme_ticks();
    let ticks = [tick(), bare_tick(), least, most];
    let text = written(Format::JsonLines, Dataset::ScalpTicks, &obs_export::ticks(&ticks).unwrap());
    let back: Vec<obs_model::Tick> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(back, ticks);
}

#[test]
fn ratios_flags_and_empty_bars_are_plain() {
    let bars = written(Format::JsonLines, Dataset::ScalpBars, &obs_export::bars(&[bar()]).unwrap());
    let line = r#"{"symbol":"005930","bar_time":"2026-01-22T00:00:00.000000Z","open":"71900","high":"72000.5","low":"71899.9999","close":"71950","volume":1234,"coverage_ratio":0.7,"session_id":"observer-1","quality_flag":"normal"}"#;
    assert_eq!(bars, format!("{line}\n"));
    let feeds = written(Format::Csv, Dataset::FeedSessions, &obs_export::feed_sessions(&[feed_session()]).unwrap());
    let line = "observer-1#1,005930,2026-01-22T00:00:00.000000Z,observer-1,2026-01-22T06:30:00.000000Z,true";
    assert_eq!(feeds.lines().nth(1), Some(line));
    let swing = written(Format::Csv, Dataset::SwingBars, &obs_export::swing_bars(&[swing_bar()]).unwrap());
    let line = "0004V0,2026-01-22T00:00:00.000000Z,,,,,0,1005,,observer-1,2.0,0,normal";
    assert_eq!(swing.lines().nth(1), Some(line));
    let gaps = obs_export::gaps(&[gap("2026-01-22T01:00:00Z")]).unwrap();
    let line = "2026-01-22T01:00:00.000000Z,2026-01-22T01:00:10.500000Z,11,scalp,ws_disconnect,observer-1";
    assert_eq!(written(Format::Csv, Dataset::Gaps, &gaps).lines().nth(1), Some(line));
}

#[test]
fn a_file_without_rows_is_a_header_or_nothing() {
    let none = obs_export::gap_symbols(&[]).unwrap();
    let header = "symbol,gap_start_ts,gap_end_ts,scope,reason,session_id\n";
    assert_eq!(written(Format::Csv, Dataset::GapSymbols, &none), header);
    assert_eq!(written(Format::JsonLines, Dataset::GapSymbols, &none), "");
}

#[test]
fn a_type_without_a_form_as_text_is_named() {
    let days: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let rows = RecordBatch::try_from_iter([("day", days)]).unwrap();
    let mut sink = Sink::new(Format::Csv, &rows.schema(), Vec::new()).unwrap();
    let refused = sink.write(&rows).unwrap_err();
    assert!(matches!(&refused, ExportError::NoText { column, .. } if column == "day"), "{refused}");
}
