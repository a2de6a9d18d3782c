//! Verifying, and what a person does about what was found.

use std::{fs, path::Path};

use obs_testkit::execute;
use serde_json::Value;

use crate::support::{backfill, run, sqlite, subcommand, text};

const TICK: &str = r#"{"symbol":"005930","event_time":"2026-01-28T09:00:00+09:00","bid_price":70000,"ask_price":70100,"bid_size":100,"ask_size":200,"last_price":70050,"volume":10,"session_id":"s","mitigation_level":0,"quality_flag":"normal"}"#;

/// A database with one tick, and perhaps another line.
fn loaded(dir: &Path, more: &str) -> String {
    fs::write(dir.join("ticks.jsonl"), format!("{TICK}\n{more}")).unwrap();
    let database = sqlite(dir);
    assert!(run(backfill(&database).arg(dir)).status.success());
    database
}

#[test]
fn a_sound_record_is_said_with_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let database = loaded(dir.path(), "");
    // Without a folder it looks where the files were loaded from.
    let output = run(subcommand("verify", &database).args(["--html"]).arg(dir.path().join("report.html")));
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("The record is sound"));
    assert!(fs::read_to_string(dir.path().join("report.html")).unwrap().contains("The record is sound"));
}

#[tokio::test]
async fn a_damaged_record_is_said_with_the_exit_code_and_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let database = loaded(dir.path(), "");
    execute(&database, "UPDATE scalp_ticks SET last_price = '70060'").await.unwrap();
    let output = run(subcommand("verify", &database).arg("--json").arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sound"], false);
    let ticks = &report["sections"][1];
    assert_eq!((&ticks["subject"], &ticks["findings"][0]["code"]), (&"ticks".into(), &"tick_changed".into()));
    let output = run(subcommand("verify", &database).arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("last_price is 70060 instead of 70050"), "{}", text(&output.stdout));
}

#[test]
fn rejected_lines_are_listed_shown_and_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let database = loaded(dir.path(), "not json\n");
    assert_eq!(run(subcommand("verify", &database).arg(dir.path())).status.code(), Some(1));
    let status = run(subcommand("status", &database).arg("--json"));
    assert_eq!(serde_json::from_slice::<Value>(&status.stdout).unwrap()["rejects_waiting"], 1);
    let list = run(subcommand("rejects", &database).arg("list"));
    assert!(text(&list.stdout).contains("not_json"), "{}", text(&list.stdout));
    let show = run(subcommand("rejects", &database).args(["show", "--line", "2"]));
    assert!(text(&show.stdout).contains("not json"), "{}", text(&show.stdout));

    // All of them only if somebody says so.
    assert_eq!(run(subcommand("rejects", &database).arg("ack")).status.code(), Some(1));
    let ack = run(subcommand("rejects", &database).args(["ack", "--line", "2"]));
    assert!(text(&ack.stdout).contains("1 lines are acknowledged, 0 wait"), "{}", text(&ack.stdout));
    assert_eq!(run(subcommand("verify", &database).arg(dir.path())).status.code(), Some(0));
}

/// A recorder that held a subscription for half an hour and lost the connection in the middle without a word of a gap.
const FEED: &str = r#"{"v":"2.0","kind":"feed","ts":"2026-01-28T10:00:00.000000+09:00","feed_id":"s-1","session_id":"s","change":"opened"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:00:00.000000+09:00","feed_id":"s-1","session_id":"s","change":"subscribed","symbol":"005930"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:10:00.000000+09:00","feed_id":"s-1","session_id":"s","change":"alive"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:10:00.000000+09:00","feed_id":"s-1","session_id":"s","change":"closed","reason":"ws_disconnect"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:20:00.000000+09:00","feed_id":"s-2","session_id":"s","change":"opened"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:20:00.000000+09:00","feed_id":"s-2","session_id":"s","change":"subscribed","symbol":"005930"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:30:00.000000+09:00","feed_id":"s-2","session_id":"s","change":"alive"}
{"v":"2.0","kind":"feed","ts":"2026-01-28T10:30:00.000000+09:00","feed_id":"s-2","session_id":"s","change":"closed","reason":"manual_stop"}
"#;

#[test]
fn a_holiday_that_a_collector_learned_of_is_no_session() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("events")).unwrap();
    fs::write(dir.path().join("events/20260128.jsonl"), FEED).unwrap();
    let database = sqlite(dir.path());
    assert!(run(backfill(&database).arg(dir.path())).status.success());
    let verified = || run(subcommand("verify", &database).arg(dir.path()));
    let output = verified();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("time_unexplained"), "{}", text(&output.stdout));

    fs::write(dir.path().join("calendar.json"), r#"{"asked_at":null,"days":[["2026-01-28",false]]}"#).unwrap();
    let output = verified();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}
