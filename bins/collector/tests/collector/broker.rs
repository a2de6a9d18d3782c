//! The program against a broker: keys that are wrong, and `check`.

use std::{process::Command, sync::Arc};

use chrono::{NaiveDate, Utc};
use obs_ingest_rest::trading_day_before;
use obs_model::Calendar;
use obs_sim::{SimSettings, Simulator};
use serde_json::Value;

use crate::support::{assert_success, collector, sqlite, text};

async fn simulator() -> Simulator {
    Simulator::start(SimSettings::new(Arc::new(Utc::now), 3)).await.unwrap()
}

/// The program with keys of the simulated broker, or with a wrong secret.
fn against(simulator: &Simulator, dir: &std::path::Path, secret: &str) -> Command {
    let mut command = collector(dir, &sqlite(dir));
    command.args(["--kis-rest-url", &simulator.rest_url(), "--kis-websocket-url", &simulator.websocket_url()]);
    command.args(["--hours", "always", "--universe", "none"]);
    command.env("KIS_APP_KEY", simulator.app_key()).env("KIS_APP_SECRET", secret);
    command
}

async fn output(mut command: Command) -> std::process::Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_end_the_program_with_the_brokers_words_and_are_not_tried_again() {
    let (dir, simulator) = (tempfile::tempdir().unwrap(), simulator().await);
    let output = output(against(&simulator, dir.path(), "not-the-secret")).await;
    assert_eq!(output.status.code(), Some(78), "a service manager must not start it again");
    let said = text(&output.stderr);
    assert!(said.contains("EGW00105") && said.contains("check that both are copied whole"), "{said}");
    assert!(!said.contains("not-the-secret"), "{said}");
    assert_eq!(simulator.ledger().connections().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_everything_in_order() {
    let (dir, simulator) = (tempfile::tempdir().unwrap(), simulator().await);
    let mut command = against(&simulator, dir.path(), simulator.app_secret());
    command.args(["check", "--json"]);
    let output = output(command).await;
    assert_success(&output);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let subjects: Vec<&str> = findings.iter().map(|finding| finding["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["settings", "disk", "database", "calendar", "credentials", "websocket", "clock"]);
    assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:#?}");
}

#[test]
fn check_of_a_simulation_goes_by_its_clock_and_leaves_no_universe_behind() {
    let dir = tempfile::tempdir().unwrap();
    // The last session's day, from ten minutes before it.
    let output = collector(dir.path(), &sqlite(dir.path())).args(["check", "--json", "--sim-day", "1"]).output().unwrap();
    assert_success(&output);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let told =
        |subject: &str| findings.iter().find(|finding| finding["subject"] == subject).unwrap()["detail"].as_str().unwrap();
    let day: NaiveDate = told("calendar").split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    let before = trading_day_before(&Calendar::krx(), day).unwrap();
    assert_eq!(told("universe"), format!("41 symbols by the closes of {before}"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_is_wrong_and_what_to_do() {
    let (dir, simulator) = (tempfile::tempdir().unwrap(), simulator().await);
    let mut command = against(&simulator, dir.path(), "not-the-secret");
    command.arg("check");
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("FAILURE") && said.contains("EGW00105") && said.contains("KIS_APP_SECRET"), "{said}");
}
