//! However a load is cut into batches, runs and pieces of files, the rows are the same and the bars are what they add up to.

use std::sync::Arc;

use chrono::TimeDelta;
use obs_model::{FeedChange, GapReason, Tick};
use obs_pipeline::{FileOutcome, LoadOptions, Loader, archive_files};
use obs_schema::Record;
use obs_store::Store;
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome, at,
    attested::assert_bars_add_up,
    contents, event,
    flaky::{Fault, Flaky},
    folder, lines, on_both, subscribed, tick, write,
};

const CODES: [&str; 3] = ["005930", "000660", "0004V0"];

/// A file's lines come in pieces, each loaded in its own way.
#[derive(Clone, Debug)]
struct Step {
    /// How much of the three files lies there.
    grown: [Index; 3],
    batch_lines: usize,
    /// The load is stopped after so many commits and begun anew.
    stops_after: Vec<u64>,
}

fn any_tick() -> impl Strategy<Value = Record> {
    // Most come in order, some minutes late, some hours.
    let lateness = prop_oneof![6 => 0..3_i64, 2 => 0..600_i64, 1 => 0..20_000_i64];
    (0..3_usize, lateness, 90..110_i64, 0..50_i64)
        .prop_map(|(code, late, won, shares)| tick(CODES[code], at("06:00:00") - TimeDelta::seconds(late), won, shares))
}

fn any_ticks() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec((any_tick(), 0..40_i64), 1..60).prop_map(|ticks| {
        let mut passed = 0;
        let mut shift = |(record, seconds)| {
            passed += seconds;
            let Record::Tick(mut record) = record else { unreachable!() };
            record.tick.event_time += TimeDelta::seconds(passed);
            record.received_at += TimeDelta::seconds(passed);
            Record::Tick(record)
        };
        ticks.into_iter().map(&mut shift).collect()
    })
}

fn any_events() -> impl Strategy<Value = Vec<Record>> {
    let change = prop_oneof![
        1 => Just(FeedChange::Opened),
        4 => (0..3_usize).prop_map(|nth| subscribed(CODES[nth])),
        1 => (0..3_usize).prop_map(|nth| FeedChange::Unsubscribed { symbol: CODES[nth].parse().unwrap() }),
        8 => Just(FeedChange::Alive),
        1 => Just(FeedChange::Closed { reason: GapReason::WsDisconnect }),
    ];
    prop::collection::vec((1..3_u32, change, 0..90_i64), 0..40).prop_map(|events| {
        let mut time = at("05:58:00");
        let mut next = |(nth, change, seconds)| {
            time += TimeDelta::seconds(seconds);
            event(nth, time, change)
        };
        events.into_iter().map(&mut next).collect()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let batch_lines = prop_oneof![Just(1_usize), Just(2), Just(7), Just(1_000)];
    (any::<[Index; 3]>(), batch_lines, prop::collection::vec(1..8_u64, 0..3))
        .prop_map(|(grown, batch_lines, stops_after)| Step { grown, batch_lines, stops_after })
}

/// Loads with a new loader until it is complete, stopping as often as asked.
async fn load_in_steps(store: &Arc<dyn Store>, dir: &std::path::Path, step: &Step) -> Outcome {
    let options = LoadOptions { batch_lines: step.batch_lines, ..LoadOptions::default() };
    let (files, _) = archive_files(&[dir.to_path_buf()])?;
    for commits in step.stops_after.iter().map(Some).chain([None]) {
        let stop = CancellationToken::new();
        let (counted, stops) = (std::sync::atomic::AtomicU64::new(0), stop.clone());
        let commits = commits.copied();
        let stopping = Flaky::over(store, move |call, _| {
            if call == "commit" && Some(counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1) == commits {
                stops.cancel();
            }
            Fault::None
        });
        let summary = Loader::new(stopping, options.clone()).load(&files, &stop).await;
        for file in &summary.files {
            assert!(!matches!(file.outcome, FileOutcome::Failed(_)), "{file:?}");
        }
        assert_bars_add_up(&**store).await?;
    }
    Ok(())
}

fn sorted(mut ticks: Vec<Tick>) -> Vec<Tick> {
    ticks.sort_by_key(|tick| format!("{tick:?}"));
    ticks
}

async fn check(ticks: &[Vec<Record>; 2], events: &[Record], steps: &[Step]) -> Outcome {
    let files = [lines(events), lines(&ticks[0]), lines(&ticks[1])];
    let names = ["events/20260122.jsonl", "scalp/20260122_14.jsonl", "scalp/20260122_15.jsonl"];
    on_both(async |store| {
        let dir = folder(&[]);
        let mut lengths = [0; 3];
        for step in steps {
            for (nth, file) in files.iter().enumerate() {
                lengths[nth] = lengths[nth].max(step.grown[nth].index(file.len() + 1));
                write(dir.path(), names[nth], &file[..lengths[nth]]);
            }
            load_in_steps(&store, dir.path(), step).await?;
        }
        names.iter().zip(&files).for_each(|(name, file)| write(dir.path(), name, file));
        let last = Step { grown: steps[0].grown, batch_lines: 3, stops_after: vec![2] };
        load_in_steps(&store, dir.path(), &last).await?;

        let found = contents(&*store).await?;
        let expected = ticks.iter().flatten().filter_map(|record| match record {
            Record::Tick(record) => Some(record.tick.clone()),
            _ => None,
        });
        assert_eq!(sorted(found.ticks), sorted(expected.collect()));
        assert_eq!(found.rejects, []);
        let counted: u64 = store.positions().await?.iter().map(|position| position.lines.total()).sum();
        let lines: usize = files.iter().map(|file| file.iter().filter(|byte| **byte == b'\n').count()).sum();
        assert_eq!(counted, lines as u64);

        // The sessions are those of an undisturbed load.
        let whole = tempfile::tempdir()?;
        let fresh = obs_store_sqlite::SqliteStore::open(whole.path().join("fresh.db")).await?;
        obs_store::SchemaRepository::migrate(&fresh).await?;
        let fresh: Arc<dyn Store> = Arc::new(fresh);
        crate::load_all(&fresh, dir.path()).await;
        assert_eq!(found.sessions, contents(&*fresh).await?.sessions);
        assert_bars_add_up(&*fresh).await
    })
    .await
}

#[test]
fn rows_and_bars_do_not_depend_on_batches_stops_and_growth() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Each case makes two databases.
    let config = ProptestConfig { cases: 8, max_shrink_iters: 60, ..ProptestConfig::default() };
    let steps = prop::collection::vec(any_step(), 1..4);
    let cases = ([any_ticks(), any_ticks()], any_events(), steps);
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&cases, |(ticks, events, steps)| {
        let result = runtime.block_on(check(&ticks, &events, &steps));
        result.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
