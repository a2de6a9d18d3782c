//! Thresholds out of the settings file: what they mark, what they keep apart, and who counts it.

use std::fs;

use obs_store::{RejectSelection, Table};
use serde_json::Value;

use crate::support::{archived_ticks, assert_success, collector, open, sqlite, text};

/// The simulated exchange's trades have 1 to some hundred shares.
const GUARDS: &str = "[guards]\ndoubtful_volume = 0\nimpossible_volume = 50\n";

#[tokio::test(flavor = "multi_thread")]
async fn trades_are_judged_by_the_thresholds_of_the_file_and_counted_by_rule() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    fs::write(dir.path().join("observer.toml"), GUARDS).unwrap();
    let mut command = collector(dir.path(), &database);
    command.arg("--config").arg(dir.path().join("observer.toml")).args(["--for", "8s", "--sim-rate", "300", "--json"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert_success(&output);

    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let judged = &summary["guards"]["volume_absurd"];
    let (degraded, rejected) = (judged["degraded"].as_u64().unwrap(), judged["rejected"].as_u64().unwrap());
    assert!(degraded > 0 && rejected > 0, "{summary}");
    assert_eq!(summary["ticks_archived"], degraded);
    let ticks = archived_ticks(dir.path());
    assert!(
        ticks.iter().all(|tick| (1..=50).contains(&tick["volume"].as_i64().unwrap()) && tick["quality_flag"] != "normal")
    );

    let store = open(&database).await;
    assert_eq!(store.count(Table::LoadRejects).await.unwrap(), rejected);
    let ledger = store.ledger(&RejectSelection::default(), 10).await.unwrap();
    assert!(ledger.iter().all(|entry| entry.reject.reason == "volume_absurd"), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_that_makes_no_sense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("observer.toml"), "[guards]\nimpossible_factor = 1\n").unwrap();
    let mut command = collector(dir.path(), &sqlite(dir.path()));
    command.arg("--config").arg(dir.path().join("observer.toml"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("observer.toml") && said.contains("`impossible_factor` is 1: the least is 2"), "{said}");
}
