//! Bars and gaps made again, from the store and from the archive: what loading made.

use std::{path::Path, sync::Arc};

use chrono::NaiveDate;
use obs_model::{Gap, GapReason, GapScope, Quantity};
use obs_pipeline::{LoadError, Rebuilder, archive_files};
use obs_schema::Decoder;
use obs_store::{Batch, Derived, Rebuilt, Rewritten, Store};
use proptest::prelude::*;

use crate::{
    Outcome,
    alike::{Step, records, step},
    append, at, contents, ever, folder, lines,
    live::Live,
    load_all, on_both, session, symbol, tick,
    volumes::totals,
    write,
};

fn day() -> NaiveDate {
    at("00:00:00").date_naive()
}

async fn from_archive(store: &Arc<dyn Store>, dir: &Path) -> Result<Rebuilder, LoadError> {
    let (files, _) = archive_files(&[dir.to_path_buf()])?;
    Rebuilder::from_archive(Arc::clone(store), files, Decoder::default()).await
}

/// Takes all bars and gaps away, and writes one bar and one gap that should not be there.
async fn spoil(store: &dyn Store) -> Outcome {
    let all = contents(store).await?;
    let none = Derived { range: ever(), symbol: None, bars: Vec::new(), gaps: Some(Vec::new()) };
    store.rebuild(&none, false).await?;
    let mut bars: Vec<_> = all.bars.into_iter().take(1).collect();
    for bar in &mut bars {
        bar.volume = Quantity::MAX;
    }
    let ends = (at("00:00:00"), at("00:00:30"));
    let gaps = vec![Gap::new(ends, GapScope::All, GapReason::DiskError, Vec::new(), session())?];
    store.commit(&Batch { bars, gaps, ..Batch::default() }).await?;
    Ok(())
}

async fn both_sources_make_what_was_loaded(store: Arc<dyn Store>, steps: &[Step]) -> Outcome {
    let dir = tempfile::tempdir()?;
    let live = Live::start(&store, dir.path())?;
    live.send(records(steps)).await;
    live.end().await?;
    let expected = contents(&*store).await?;
    let bars = expected.bars.len() as u64;

    let stored = Rebuilder::from_store(Arc::clone(&store));
    let archived = from_archive(&store, dir.path()).await?;
    for (rebuilder, gaps) in [(&stored, 0), (&archived, expected.gaps.len() as u64)] {
        let right = |unchanged| Rewritten { unchanged, ..Rewritten::default() };
        let changes = rebuilder.day(day(), None, false).await?;
        assert_eq!(changes, Rebuilt { bars: right(bars), gaps: right(gaps) });
    }
    spoil(&*store).await?;
    let dry = archived.day(day(), None, true).await?;
    let gaps = Rewritten { written: expected.gaps.len() as u64, unchanged: 0, removed: 1 };
    assert_eq!(dry, Rebuilt { bars: Rewritten { written: bars, ..Rewritten::default() }, gaps });

    stored.day(day(), None, false).await?;
    assert_eq!(store.bars(ever(), None).await?, expected.bars);
    assert_eq!(store.gaps(ever()).await?.len(), 1, "the store knows no gaps but those that it holds");
    spoil(&*store).await?;
    archived.day(day(), None, false).await?;
    // Those of the two spoilings are gone.
    contents(&*store).await?.assert_is(&expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn both_sources_make_the_same_bars_and_gaps(steps in prop::collection::vec(step(), 1..150)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(on_both(async |store| both_sources_make_what_was_loaded(store, &steps).await)).unwrap();
    }
}

#[tokio::test]
async fn shares_come_from_running_totals_as_they_did_when_loading() -> Outcome {
    on_both(async |store| {
        let first = totals("2026-01-22", &[("09:00:00", 100), ("09:00:20", 130)]);
        let second = totals("2026-01-22", &[("09:01:10", 150), ("09:00:30", 140), ("09:01:30", 190)]);
        let dir = folder(&[("a.jsonl", &first), ("b.jsonl", &second)]);
        load_all(&store, dir.path()).await;
        let expected = contents(&*store).await?;
        assert_eq!(expected.bars.iter().map(|bar| bar.volume.shares()).collect::<Vec<_>>(), [30, 60]);

        spoil(&*store).await?;
        from_archive(&store, dir.path()).await?.day(day(), None, false).await?;
        contents(&*store).await?.assert_is(&expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_one_symbol_its_bars_are_made_and_gaps_left_alone() -> Outcome {
    on_both(async |store| {
        let ticks = [tick("005930", at("00:00:00"), 70_000, 1), tick("000660", at("00:00:00"), 70_000, 2)];
        let dir = folder(&[("scalp/20260122_09.jsonl", &lines(&ticks))]);
        load_all(&store, dir.path()).await;
        spoil(&*store).await?;
        let changes = from_archive(&store, dir.path()).await?.day(day(), Some(symbol("005930")), false).await?;
        assert_eq!(changes, Rebuilt { bars: Rewritten { written: 1, ..Rewritten::default() }, ..Rebuilt::default() });
        let volumes = store.bars(ever(), None).await?.iter().map(|bar| bar.volume.shares()).collect::<Vec<_>>();
        assert_eq!(volumes, [i64::MAX, 1], "the spoilt bar of the other symbol stays");
        assert_eq!(store.gaps(ever()).await?.len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_what_was_loaded_counts() -> Outcome {
    on_both(async |store| {
        let name = "scalp/20260122_09.jsonl";
        let loaded = lines(&[tick("005930", at("00:00:00"), 70_000, 1)]);
        let dir = folder(&[(name, &loaded), ("copies/20260122_09.jsonl", &loaded)]);
        load_all(&store, dir.path()).await;
        let expected = contents(&*store).await?;
        append(dir.path(), name, &lines(&[tick("005930", at("00:00:01"), 70_000, 1)]));
        write(dir.path(), "scalp/20260122_10.jsonl", &lines(&[tick("005930", at("01:00:00"), 70_000, 1)]));

        let changes = from_archive(&store, dir.path()).await?.day(day(), None, false).await?;
        assert_eq!(changes, Rebuilt { bars: Rewritten { unchanged: 1, ..Rewritten::default() }, ..Rebuilt::default() });
        contents(&*store).await?.assert_is(&expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_archive_that_is_not_what_was_loaded_is_refused() -> Outcome {
    on_both(async |store| {
        let (first, second) = ("scalp/20260122_09.jsonl", "scalp/20260122_10.jsonl");
        let ticks = |hour| lines(&[0, 1].map(|second| tick("005930", at(&format!("{hour}:00:0{second}")), 70_000, 1)));
        let dir = folder(&[(first, &ticks("00")), (second, &ticks("01"))]);
        load_all(&store, dir.path()).await;

        let edited = String::from_utf8(ticks("01"))?.replacen("00:01.", "00:02.", 1);
        write(dir.path(), second, edited.as_bytes());
        let refused = from_archive(&store, dir.path()).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("begins like") && refused.contains(second), "{refused}");
        std::fs::remove_file(dir.path().join(second))?;
        let refused = from_archive(&store, dir.path()).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(second) && refused.contains("is not there"), "{refused}");
        Ok(())
    })
    .await
}
