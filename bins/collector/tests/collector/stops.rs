//! However it ends, the archive and the database agree, and the time until the next run is a gap.

use std::fs;

use obs_model::GapReason;

use crate::support::{
    ALWAYS, archived_ticks, assert_stored_as_archived, assert_success, collector, open, signal, sqlite, text, wait_for_ticks,
};

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_cleanly_with_a_summary() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    let child = collector(dir.path(), &database).spawn().unwrap();
    wait_for_ticks(&database, 50).await;
    // Twice, as a process gets it that is signalled by itself and with its group.
    signal(&child, "INT");
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_success(&output);
    assert!(text(&output.stdout).contains("Ticks in the database"), "{}", text(&output.stdout));
    assert_stored_as_archived(dir.path(), &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_nothing_is_lost_or_doubled_and_the_hole_is_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    let mut child = collector(dir.path(), &database).args(["--sim-rate", "500"]).spawn().unwrap();
    wait_for_ticks(&database, 200).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let before = archived_ticks(dir.path()).len();

    // The gap has its row when all symbols are subscribed again, a tenth of a second apart.
    let output = collector(dir.path(), &database).args(["--for", "7s"]).output().unwrap();

    assert_success(&output);
    assert!(archived_ticks(dir.path()).len() > before);
    assert_stored_as_archived(dir.path(), &database).await;
    let gaps = open(&database).await.gaps(ALWAYS).await.unwrap();
    assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [GapReason::ProcessRestart]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_collector_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let database = sqlite(dir.path());
    let first = collector(dir.path(), &database).spawn().unwrap();
    wait_for_ticks(&database, 1).await;

    let second = collector(dir.path(), &database).args(["--for", "5s"]).output().unwrap();

    assert_eq!(second.status.code(), Some(1));
    let said = text(&second.stderr);
    assert!(said.contains("is being written by process"), "{said}");
    signal(&first, "INT");
    assert_success(&first.wait_with_output().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_named_within_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let database = format!("postgres://someone:very-secret@127.0.0.1:{unused}/observer");
    let output = collector(dir.path(), &database).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("127.0.0.1:{unused}")) && !said.contains("very-secret"), "{said}");
}

#[test]
fn half_a_pair_of_keys_is_said_and_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = collector(dir.path(), &sqlite(dir.path())).env("KIS_APP_KEY", "PSkey").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("KIS_APP_SECRET") && !said.contains("PSkey"), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
