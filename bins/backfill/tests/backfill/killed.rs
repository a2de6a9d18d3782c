//! A load that is killed, again and again, ends as if nobody had disturbed it.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use obs_testkit::{TestDatabase, generate_ticks};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{Contents, backfill, contents, run, sqlite, text};

const LINES: u32 = 300_000;
const KILLS: u32 = 20;

/// Small batches, so that a kill finds some of them committed.
const BATCH: &str = "3000";

#[tokio::test(flavor = "multi_thread")]
async fn a_load_into_postgresql_survives_twenty_kills() {
    let dir = tempfile::tempdir().unwrap();
    let archive = generate_ticks(dir.path(), LINES, 7).unwrap().archive;
    let (quiet, disturbed) = (TestDatabase::create().await.unwrap(), TestDatabase::create().await.unwrap());
    let expected = undisturbed(quiet.url(), &archive).await;
    assert_eq!(disturb(disturbed.url(), &archive, expected.1).await, expected.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_into_sqlite_survives_twenty_kills() {
    let dir = tempfile::tempdir().unwrap();
    let archive = generate_ticks(dir.path(), LINES, 8).unwrap().archive;
    let (quiet, disturbed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = undisturbed(&sqlite(quiet.path()), &archive).await;
    assert_eq!(disturb(&sqlite(disturbed.path()), &archive, expected.1).await, expected.0);
}

/// Loads in peace; gives what is in the store then, and how long it took.
async fn undisturbed(database: &str, archive: &Path) -> (Contents, Duration) {
    let started = Instant::now();
    let output = run(backfill(database).args(["--batch", BATCH]).arg(archive));
    let took = started.elapsed();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let contents = contents(database).await;
    assert_eq!(contents.ticks(), u64::from(LINES));
    (contents, took)
}

/// Kills a load at random moments, starts it again each time, and lets the last one end.
async fn disturb(database: &str, archive: &Path, whole: Duration) -> Contents {
    let mut random = ChaCha8Rng::seed_from_u64(42);
    for _ in 0..KILLS {
        let mut child = backfill(database)
            .args(["--batch", BATCH])
            .arg(archive)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // A random moment and not a wait for something: the kill may come anywhere, in the schema's making as well.
        sleep(whole.mul_f64(random.random_range(0.0..0.2)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let output = run(backfill(database).args(["--batch", BATCH]).arg(archive));
    assert!(output.status.success(), "{}", text(&output.stderr));
    contents(database).await
}
