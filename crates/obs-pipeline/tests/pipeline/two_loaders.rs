//! Two that load the same at once.

use std::sync::Arc;

use chrono::TimeDelta;
use obs_pipeline::{FileOutcome, LoadError, LoadOptions, Loader, archive_files};
use obs_schema::Record;
use obs_store::{StoreError, Table};
use tokio_util::sync::CancellationToken;

use crate::{Outcome, at, attested::assert_bars_add_up, folder, lines, load_all, on_both, tick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_is_doubled_and_who_comes_too_late_hears_of_it() -> Outcome {
    on_both(async |store| {
        let time = |nth| at("00:00:00") + TimeDelta::milliseconds(300 * nth);
        let ticks: Vec<Record> = (0..600).map(|nth| tick("005930", time(nth), 70_000 + nth % 7, 1)).collect();
        let dir = folder(&[("a.jsonl", &lines(&ticks[..270])), ("b.jsonl", &lines(&ticks[270..]))]);
        let (files, _) = archive_files(&[dir.path().to_path_buf()])?;
        let load = |batch_lines| {
            let (store, files) = (Arc::clone(&store), files.clone());
            tokio::spawn(async move {
                let options = LoadOptions { batch_lines, ..LoadOptions::default() };
                Loader::new(store, options).load(&files, &CancellationToken::new()).await
            })
        };
        let (one, other) = (load(7), load(11));
        for summary in [one.await?, other.await?] {
            for file in summary.files {
                let late = matches!(&file.outcome, FileOutcome::Failed(LoadError::Store(StoreError::Conflict { .. })));
                assert!(late || matches!(file.outcome, FileOutcome::Complete), "{:?}", file.outcome);
            }
        }
        // Whoever was told may simply load again.
        load_all(&store, dir.path()).await;
        assert_eq!(store.count(Table::ScalpTicks).await?, 600);
        assert_bars_add_up(&*store).await
    })
    .await
}
