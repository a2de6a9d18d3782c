//! Making bars and gaps again.

use std::{fs, path::Path};

use obs_model::{Gap, GapReason, GapScope};
use obs_schema::{Record, encode};
use obs_testkit::{TestDatabase, execute};
use serde_json::{Value, json};

use crate::support::{backfill, run, sqlite, subcommand, text};

const TICK: &str = r#"{"symbol":"005930","event_time":"2026-01-28T09:00:00+09:00","bid_price":70000,"ask_price":70100,"bid_size":100,"ask_size":200,"last_price":70050,"volume":10,"session_id":"s","mitigation_level":0,"quality_flag":"normal"}"#;
const DAY: [&str; 4] = ["--from", "2026-01-28", "--to", "2026-01-28"];

/// An archive of a tick and of a gap of two symbols.
fn archive(dir: &Path) {
    let ends = ["2026-01-28T00:01:00Z", "2026-01-28T00:02:00Z"].map(|time| time.parse().unwrap());
    let symbols = ["005930", "000660"].map(|code| code.parse().unwrap()).to_vec();
    let session_id = "s".parse().unwrap();
    let gap = Gap::new(ends.into(), GapScope::Scalp, GapReason::WsDisconnect, symbols, session_id).unwrap();
    let mut line = Vec::new();
    encode(&Record::Gap(gap), &mut line);
    fs::create_dir_all(dir.join("events")).unwrap();
    fs::write(dir.join("events/20260128.jsonl"), [&line[..], b"\n"].concat()).unwrap();
    fs::write(dir.join("ticks.jsonl"), format!("{TICK}\n")).unwrap();
}

fn loaded(dir: &Path, database: &str) {
    archive(dir);
    let output = run(backfill(database).arg(dir));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn is_sound(dir: &Path, database: &str) -> bool {
    run(subcommand("verify", database).arg(dir)).status.success()
}

fn rebuild(database: &str, arguments: &[&str]) -> Value {
    let output = run(subcommand("rebuild", database).args(DAY).arg("--json").args(arguments));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn counts(written: u64, unchanged: u64, removed: u64) -> Value {
    json!({ "written": written, "unchanged": unchanged, "removed": removed })
}

/// Bars and gaps that were altered, taken away and added come back from the archive; a dry run only says so.
async fn what_was_spoilt_comes_back(database: &str) {
    let dir = tempfile::tempdir().unwrap();
    loaded(dir.path(), database);
    let folder = dir.path().to_str().unwrap();
    let whole = rebuild(database, &["--source", "archive", folder]);
    assert_eq!((&whole["bars"], &whole["gaps"]), (&counts(0, 1, 0), &counts(0, 1, 0)));

    execute(database, "UPDATE scalp_1m_bars SET low = high + 1").await.unwrap();
    execute(database, "UPDATE scalp_gap_symbols SET gap_end_ts = gap_start_ts WHERE symbol = '000660'").await.unwrap();
    assert!(!is_sound(dir.path(), database));
    let dry = rebuild(database, &["--source", "archive", "--dry-run", folder]);
    assert_eq!((&dry["bars"], &dry["gaps"], &dry["dry_run"]), (&counts(1, 0, 0), &counts(1, 0, 1), &true.into()));
    assert!(!is_sound(dir.path(), database));
    let done = rebuild(database, &["--source", "archive", folder]);
    assert_eq!((&done["bars"], &done["gaps"], &done["source"]), (&counts(1, 0, 0), &counts(1, 0, 1), &"archive".into()));
    assert!(is_sound(dir.path(), database));
}

#[tokio::test]
async fn what_was_spoilt_in_sqlite_comes_back_from_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    what_was_spoilt_comes_back(&sqlite(dir.path())).await;
}

#[tokio::test]
async fn what_was_spoilt_in_postgresql_comes_back_from_the_archive() {
    let database = TestDatabase::create().await.unwrap();
    what_was_spoilt_comes_back(database.url()).await;
}

#[tokio::test]
async fn from_the_store_bars_are_made_and_gaps_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    loaded(dir.path(), &database);
    execute(&database, "UPDATE scalp_1m_bars SET volume = 11").await.unwrap();
    execute(&database, "UPDATE scalp_gaps SET reason = 'api_error'").await.unwrap();
    let output = run(subcommand("rebuild", &database).args(DAY));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("scalp_1m_bars") && !said.contains("scalp_gaps"), "{said}");
    let again = rebuild(&database, &[]);
    assert_eq!((&again["bars"], &again["gaps"]), (&counts(0, 1, 0), &Value::Null));
    assert!(!is_sound(dir.path(), &database), "the gap is not its line");
}

#[test]
fn what_makes_no_sense_is_said_and_nothing_done() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    loaded(dir.path(), &database);
    let refused = |arguments: &[&str]| {
        let output = run(subcommand("rebuild", &database).args(arguments));
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    };
    let backwards = refused(&["--from", "2026-01-28", "--to", "2026-01-27"]);
    assert!(backwards.contains("lies before --from 2026-01-28"), "{backwards}");
    let folder = dir.path().to_str().unwrap();
    let unread = refused(&[&DAY[..], &[folder]].concat());
    assert!(unread.contains("--source archive"), "{unread}");
    fs::remove_file(dir.path().join("ticks.jsonl")).unwrap();
    let absent = refused(&[&DAY[..], &["--source", "archive", folder]].concat());
    assert!(absent.contains("ticks.jsonl, which is loaded, is not there"), "{absent}");
}
