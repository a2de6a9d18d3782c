//! Over a minute of recording: what is archived is stored, on both databases.

use chrono::{TimeDelta, Utc};
use obs_testkit::TestDatabase;

use crate::support::{assert_stored_as_archived, assert_success, collector, sqlite, symbols_of, text};

/// Long enough for at least one whole minute to end, at a rate at which every symbol trades in it.
const ARGUMENTS: [&str; 4] = ["--for", "75s", "--sim-rate", "600"];

async fn records_a_minute(database: impl FnOnce(&std::path::Path) -> String) {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path());
    let mut command = collector(dir.path(), &database);
    let output = tokio::task::spawn_blocking(move || command.args(ARGUMENTS).output()).await.unwrap().unwrap();
    assert_success(&output);

    let said = text(&output.stdout);
    assert!(said.contains("SIMULATED"), "{said}");
    assert!(!said.contains('\u{1b}') && !text(&output.stderr).contains('\u{1b}'), "control codes in a pipe");
    assert!(text(&output.stderr).contains("/s) · bars "), "{}", text(&output.stderr));

    let bars = assert_stored_as_archived(dir.path(), &database).await;
    let closed: Vec<_> = bars.into_iter().filter(|bar| bar.bar_time + TimeDelta::minutes(1) < Utc::now()).collect();
    assert_eq!(symbols_of(&closed).len(), 41);
    // The minute in which it began is covered in part; one that it saw from beginning to end is covered whole.
    assert!(closed.iter().all(|bar| bar.coverage.ratio() > 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_and_bars_reach_sqlite_as_archived() {
    records_a_minute(sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_and_bars_reach_postgresql_as_archived() {
    let database = TestDatabase::create().await.unwrap();
    records_a_minute(|_| database.url().to_owned()).await;
}
