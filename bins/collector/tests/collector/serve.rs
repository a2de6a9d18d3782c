//! The interface over HTTP, as the program offers it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Output},
};

use crate::support::{assert_success, collector, signal, sqlite, text, wait_for_ticks};

/// The address in what the program says first.
fn address_of(child: &mut Child) -> String {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let said = lines.map(Result::unwrap).find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
    said.split_whitespace().next().unwrap().to_owned()
}

fn healthcheck(dir: &Path, address: &str, more: &[&str]) -> Output {
    let mut command = collector(dir, &sqlite(dir));
    command.args(["healthcheck", "--address", address]).args(more).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_ready_while_it_records_and_serve_answers_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    let mut recording = collector(dir.path(), &database).args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
    let address = address_of(&mut recording);
    wait_for_ticks(&database, 50).await;
    let ready = healthcheck(dir.path(), &address, &["--ready"]);
    assert_success(&ready);
    for check in ["database", "archive", "loading", "feed"] {
        assert!(text(&ready.stdout).contains(&format!("{{\"name\":\"{check}\",\"ok\":true")), "{}", text(&ready.stdout));
    }
    signal(&recording, "INT");
    assert_success(&recording.wait_with_output().unwrap());
    assert!(!healthcheck(dir.path(), &address, &[]).status.success());

    let mut serving = collector(dir.path(), &database)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("OBSERVER_API_TOKEN", "open-sesame")
        .spawn()
        .unwrap();
    let address = address_of(&mut serving);
    assert_success(&healthcheck(dir.path(), &address, &[]));
    let refused = healthcheck(dir.path(), &address, &["--ready"]);
    assert!(text(&refused.stderr).contains("401"), "{}", text(&refused.stderr));
    assert_success(&healthcheck(dir.path(), &address, &["--ready", "--token", "open-sesame"]));
    signal(&serving, "INT");
    assert_success(&serving.wait_with_output().unwrap());
}

#[test]
fn serve_makes_no_database() {
    let dir = tempfile::tempdir().unwrap();
    let output = collector(dir.path(), &sqlite(dir.path())).arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no database"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_address_for_others_without_a_token_records_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = collector(dir.path(), &sqlite(dir.path())).args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("OBSERVER_API_TOKEN"), "{}", text(&output.stderr));
    assert!(!dir.path().join("scalp").exists());
}
