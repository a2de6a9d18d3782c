//! What the program says, and with which exit code.

use std::fs;

use crate::support::{backfill, contents, run, sqlite, text};

const TICK: &str = r#"{"symbol":"005930","event_time":"2026-01-28T09:00:00+09:00","bid_price":70000,"ask_price":70100,"bid_size":100,"ask_size":200,"last_price":70050,"volume":10,"session_id":"s","mitigation_level":0,"quality_flag":"normal"}"#;

#[tokio::test]
async fn every_line_of_a_bad_file_is_accounted_for_and_the_good_ones_load() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    for line in [
        TICK.as_bytes(),
        b"not json",
        b"\xff\xfe",
        b"",
        &vec![b'x'; (1 << 20) + 1],
        TICK.replace("70050", "70050.12345").as_bytes(),
        TICK.replace("+09:00", "").as_bytes(),
        TICK.replace("\"symbol\":\"005930\",", "").as_bytes(),
        br#"{"hello":"world"}"#,
        TICK.as_bytes(),
    ] {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    fs::write(dir.path().join("bad.jsonl"), bytes).unwrap();
    let database = sqlite(dir.path());

    let output = run(backfill(&database).arg("--json").arg(dir.path()));

    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = &report["files"][0];
    assert_eq!((file["lines"].as_u64(), file["rows"].as_u64(), file["non_data"].as_u64()), (Some(10), Some(2), Some(1)));
    let reasons = serde_json::json!({
        "missing_field": 1, "naive_time": 1, "not_json": 1, "not_utf8": 1, "price_too_precise": 1, "too_long": 1,
        "unknown_shape": 1,
    });
    assert_eq!(file["reject_reasons"], reasons);
    assert_eq!(contents(&database).await.ticks(), 2);
}

#[test]
fn a_second_run_says_that_all_was_loaded_before() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ticks.jsonl"), format!("{TICK}\n")).unwrap();
    let database = sqlite(dir.path());
    run(backfill(&database).arg(dir.path()));
    let output = run(backfill(&database).arg("--json").arg(dir.path()));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["already_loaded"], 1);
    assert_eq!(report["tables"]["scalp_ticks"]["inserted"], 0);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(backfill(&sqlite(dir.path())).arg(dir.path().join("nowhere")));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere"), "{}", text(&output.stderr));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ticks.jsonl"), format!("{TICK}\n")).unwrap();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = run(backfill(&format!("postgres://someone:very-secret@127.0.0.1:{unused}/observer")).arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("127.0.0.1:{unused}")), "{said}");
    assert!(!said.contains("very-secret"), "{said}");
}

#[test]
fn a_damaged_copy_is_refused_and_the_other_files_load() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a"), dir.path().join("b"));
    fs::create_dir_all(&first).unwrap();
    fs::create_dir_all(&second).unwrap();
    fs::write(first.join("ticks.jsonl"), format!("{TICK}\n{TICK}\n")).unwrap();
    fs::write(second.join("ticks.jsonl"), format!("{TICK}\n{}\n", TICK.replace("70050", "70060"))).unwrap();
    fs::write(second.join("zzz.jsonl"), format!("{}\n", TICK.replace("005930", "000660"))).unwrap();
    let database = sqlite(dir.path());
    assert!(run(backfill(&database).arg(&first)).status.success());

    let output = run(backfill(&database).arg("--json").arg(&second));

    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("begins like"), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["outcome"], "failed");
    assert_eq!(report["files"][1]["rows"], 1);
}

#[test]
fn an_unknown_kind_of_database_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(backfill("mysql://user:very-secret@host/db").arg(dir.path()));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("\"mysql\"") && !said.contains("very-secret"), "{said}");
}
