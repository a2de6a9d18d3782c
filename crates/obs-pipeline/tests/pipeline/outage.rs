//! A store that is away for a while, or whose answers are lost.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
};

use chrono::TimeDelta;
use obs_model::FeedChange;
use obs_pipeline::{FileOutcome, FileSummary, LoadError, LoadOptions, Loader, archive_files};
use obs_schema::Record;
use obs_store::{StoreError, Table};
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome, at,
    attested::assert_bars_add_up,
    event,
    flaky::{Fault, Flaky},
    folder, lines,
    live::{Live, connect, eventually_ticks, ticks},
    on_both, subscribed, tick,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_waits_for_the_store_and_asks_where_it_stood() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let commits = AtomicU64::new(0);
        let flaky = Flaky::over(&store, move |call, nth| match call {
            // Away at first, and then at each other thing that is asked.
            _ if nth < 2 => Fault::Before,
            "commit" => match commits.fetch_add(1, Ordering::SeqCst) {
                1 | 3 => Fault::After,
                5 => Fault::Before,
                _ => Fault::None,
            },
            _ => Fault::None,
        });
        let live = Live::start(&flaky, dir.path())?;
        live.send(connect(1, "00:00:00")).await;
        for nth in 0..6 {
            live.send(ticks(&format!("00:{nth:02}:30"), 40)).await;
            live.send([event(1, at("00:00:59") + TimeDelta::minutes(nth), FeedChange::Alive)]).await;
            eventually_ticks(&*store, 40 * (nth as u64 + 1)).await?;
        }
        live.end().await?;
        assert_eq!(store.count(Table::ScalpTicks).await?, 240);
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_stays_away_does_not_keep_an_ended_recording_waiting() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let away = Arc::new(AtomicBool::new(false));
        let is_away = Arc::clone(&away);
        let flaky =
            Flaky::over(&store, move |_, _| if is_away.load(Ordering::SeqCst) { Fault::Before } else { Fault::None });
        let live = Live::start(&flaky, dir.path())?;
        live.send(ticks("00:00:00", 10)).await;
        eventually_ticks(&*store, 10).await?;
        away.store(true, Ordering::SeqCst);
        live.send(ticks("00:01:00", 10)).await;
        let error = live.end().await.unwrap_err();
        let error = error.downcast_ref::<LoadError>().unwrap();
        assert!(matches!(error, LoadError::Store(StoreError::Unavailable { .. })), "{error}");

        // The archive has everything, and the next run loads it.
        away.store(false, Ordering::SeqCst);
        Live::start(&flaky, dir.path())?.end().await?;
        assert_eq!(store.count(Table::ScalpTicks).await?, 20);
        assert_bars_add_up(&*store).await
    })
    .await
}

/// Ticks in and out of order, and when their feed was alive.
fn files() -> [(&'static str, Vec<u8>); 2] {
    let time = |nth: i64| at("00:10:00") + TimeDelta::seconds(13 * nth - 100 * (nth % 5));
    let ticks: Vec<Record> = (0..24).map(|nth| tick("005930", time(nth), 70_000 + nth, 1)).collect();
    let mut events = vec![event(1, at("00:05:00"), subscribed("005930"))];
    events.extend((0..5).map(|nth| event(1, at("00:06:00") + TimeDelta::minutes(2 * nth), FeedChange::Alive)));
    [("events/a.jsonl", lines(&events)), ("scalp/a.jsonl", lines(&ticks))]
}

#[tokio::test]
async fn a_load_that_fails_at_any_call_goes_on_where_the_store_stands() -> Outcome {
    for fault in [Fault::Before, Fault::After] {
        on_both(async |store| {
            // The files begin with their name and the call's number, which makes them other files for the store.
            for failing in 0.. {
                let named = |(name, bytes): (_, Vec<u8>)| {
                    (name, [format!("{name} {failing} {fault:?}\n").into_bytes(), bytes].concat())
                };
                let files = files().map(named);
                let dir = folder(&files.each_ref().map(|(name, bytes)| (*name, bytes.as_slice())));
                let before = store.count(Table::ScalpTicks).await?;
                let calls = Arc::new(AtomicU64::new(0));
                let counted = Arc::clone(&calls);
                let flaky = Flaky::over(&store, move |_, nth| {
                    counted.store(nth, Ordering::SeqCst);
                    if nth == failing { fault } else { Fault::None }
                });
                let (paths, _) = archive_files(&[dir.path().to_path_buf()])?;
                let mut loader = Loader::new(flaky, LoadOptions { batch_lines: 7, ..LoadOptions::default() });
                let stop = CancellationToken::new();
                let summary = loader.load(&paths, &stop).await;
                let failed = calls.load(Ordering::SeqCst) >= failing;
                let is_told = summary.files.iter().any(|file| {
                    matches!(&file.outcome, FileOutcome::Failed(LoadError::Store(StoreError::Unavailable { .. })))
                });
                assert_eq!(failed, is_told, "call {failing}");
                if !failed {
                    return Ok(());
                }
                // The same loader again: it must not believe what it had in mind.
                let summary = loader.load(&paths, &stop).await;
                assert!(summary.is_complete(), "{summary:?}");
                assert_eq!(store.count(Table::ScalpTicks).await?, before + 24, "call {failing}");
                assert_bars_add_up(&*store).await?;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_load_that_is_dropped_anywhere_goes_on_with_the_same_loader() -> Outcome {
    on_both(async |store| {
        let files = files();
        let dir = folder(&files.each_ref().map(|(name, bytes)| (*name, bytes.as_slice())));
        let (paths, _) = archive_files(&[dir.path().to_path_buf()])?;
        let mut loader = Loader::new(Arc::clone(&store), LoadOptions { batch_lines: 2, ..LoadOptions::default() });
        let stop = CancellationToken::new();
        for polls in (1..40).step_by(3) {
            let mut left = polls;
            let mut load = pin!(loader.load(&paths, &stop));
            // Polls it so often and then drops it.
            let done = poll_fn(|context| {
                left -= 1;
                match load.as_mut().poll(context) {
                    Poll::Ready(_) => Poll::Ready(true),
                    Poll::Pending if left == 0 => Poll::Ready(false),
                    Poll::Pending => Poll::Pending,
                }
            });
            if done.await {
                break;
            }
        }
        // A commit that was on its way when its load was dropped may still arrive; whoever meets it is told and asks again.
        loop {
            let summary = loader.load(&paths, &stop).await;
            match summary.files.into_iter().find(|file| !matches!(file.outcome, FileOutcome::Complete)) {
                None => break,
                Some(FileSummary {
                    outcome: FileOutcome::Failed(LoadError::Store(StoreError::Conflict { .. })), ..
                }) => {}
                Some(file) => panic!("{:?}", file.outcome),
            }
        }
        assert_eq!(store.count(Table::ScalpTicks).await?, 24);
        assert_bars_add_up(&*store).await
    })
    .await
}
