//! A stored bar is what the stored ticks and attestations add up to.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use obs_aggregate::{Attested, MinuteKey, Minutes};
use obs_model::{Bar, FeedChange, GapReason, QualityFlag};
use obs_pipeline::{LoadOptions, Loader};
use obs_schema::Record;
use obs_store::Store;
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome, append, at, contents, event, folder, lines, load_all, on_both, paths, subscribed, symbol, tick, write,
};

/// Compares every bar of a store without recorded ones with all its ticks and feed sessions.
pub(crate) async fn assert_bars_add_up(store: &dyn Store) -> Outcome {
    let found = contents(store).await?;
    let mut minutes = Minutes::default();
    found.ticks.iter().for_each(|tick| minutes.add(tick));
    let by_key = |bars: Vec<Bar>| -> BTreeMap<MinuteKey, Bar> {
        bars.into_iter().map(|bar| ((bar.bar_time, bar.symbol), bar)).collect()
    };
    let mut expected = by_key(minutes.take_changed(&Attested::new(found.sessions)));
    for bar in found.bars {
        let expected = expected.remove(&(bar.bar_time, bar.symbol));
        assert_eq!(Some(bar), expected, "stored, and by its ticks");
    }
    assert_eq!(expected, BTreeMap::new(), "not stored");
    Ok(())
}

async fn coverage_of(store: &dyn Store, code: &str, minute: &str) -> anyhow::Result<f64> {
    let bars = contents(store).await?.bars;
    Ok(bars.iter().find(|bar| bar.symbol == symbol(code) && bar.bar_time == at(minute)).unwrap().coverage.ratio())
}

/// Alive every ten seconds, from 00:00:00 for so many minutes.
fn alive(minutes: i64) -> Vec<Record> {
    let start = at("00:00:00") - TimeDelta::seconds(10);
    let mut events = vec![event(1, start, FeedChange::Opened), event(1, start, subscribed("005930"))];
    events.extend((0..=6 * minutes).map(|nth| event(1, at("00:00:00") + TimeDelta::seconds(10 * nth), FeedChange::Alive)));
    events
}

fn one_a_minute(minutes: i64) -> Vec<Record> {
    (0..minutes).map(|nth| tick("005930", at("00:00:01") + TimeDelta::minutes(nth), 70_000, 1)).collect()
}

#[tokio::test]
async fn attestations_that_are_loaded_long_after_their_ticks_still_count() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[("scalp/a.jsonl", &lines(&one_a_minute(90)))]);
        load_all(&store, dir.path()).await;
        assert_bars_add_up(&*store).await?;
        write(dir.path(), "events/20260122.jsonl", &lines(&alive(90)));
        load_all(&store, dir.path()).await;
        assert_bars_add_up(&*store).await?;
        let bars = contents(&*store).await?.bars;
        assert_eq!(bars.len(), 90);
        assert!(bars.iter().all(|bar| bar.quality_flag == QualityFlag::Normal && bar.coverage.ratio() >= 1.0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_batch_of_one_event_after_another_gives_the_same_coverage() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[("scalp/a.jsonl", &lines(&one_a_minute(5))), ("events/a.jsonl", &lines(&alive(5)))]);
        let files = paths(dir.path(), &["scalp/a.jsonl", "events/a.jsonl"]);
        let options = LoadOptions { batch_lines: 1, ..LoadOptions::default() };
        Loader::new(Arc::clone(&store), options).load(&files, &CancellationToken::new()).await;
        assert_bars_add_up(&*store).await?;
        assert!(coverage_of(&*store, "005930", "00:04:00").await? >= 1.0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn subscriptions_of_other_symbols_do_not_hide_what_a_sign_of_life_attests() -> Outcome {
    on_both(async |store| {
        // 005930 is subscribed before the minute ends, 000660 after it, and only then comes a sign of life.
        let dir = folder(&[("scalp/a.jsonl", &lines(&[tick("005930", at("00:00:51"), 70_000, 1)]))]);
        let first = [event(1, at("00:00:50"), FeedChange::Opened), event(1, at("00:00:50"), subscribed("005930"))];
        write(dir.path(), "events/a.jsonl", &lines(&first));
        load_all(&store, dir.path()).await;
        let then = [event(1, at("00:01:01"), subscribed("000660")), event(1, at("00:01:02"), FeedChange::Alive)];
        append(dir.path(), "events/a.jsonl", &lines(&then));
        load_all(&store, dir.path()).await;
        assert_bars_add_up(&*store).await?;
        assert!((coverage_of(&*store, "005930", "00:00:00").await? - 20.0 / 120.0).abs() < 1e-9);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_loader_that_begins_in_the_middle_of_a_connection_knows_since_when_it_is_attested() -> Outcome {
    on_both(async |store| {
        // The sign of life comes an hour after the last one, and the loader is new.
        let dir = folder(&[("scalp/a.jsonl", &lines(&one_a_minute(60))), ("events/a.jsonl", &lines(&alive(0)))]);
        load_all(&store, dir.path()).await;
        append(dir.path(), "events/a.jsonl", &lines(&[event(1, at("01:00:00"), FeedChange::Alive)]));
        load_all(&store, dir.path()).await;
        assert_bars_add_up(&*store).await?;
        assert!(coverage_of(&*store, "005930", "00:00:00").await? >= 1.0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_late_tick_in_a_later_file_opens_its_minute_again() -> Outcome {
    on_both(async |store| {
        let first = [tick("005930", at("00:00:10"), 100, 1), tick("005930", at("00:00:50"), 103, 2)];
        let last = [tick("005930", at("05:00:00"), 200, 1)];
        let dir = folder(&[("scalp/a.jsonl", &lines(&first)), ("scalp/b.jsonl", &lines(&last))]);
        load_all(&store, dir.path()).await;
        let late = [tick("005930", at("00:00:05"), 101, 4), tick("005930", at("00:00:50"), 102, 8)];
        write(dir.path(), "scalp/c.jsonl", &lines(&late));
        load_all(&store, dir.path()).await;
        let bar = contents(&*store).await?.bars.remove(0);
        let won =
            [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()].map(|price| price.whole_won().unwrap());
        assert_eq!((won, bar.volume.shares()), ([101, 103, 100, 102], 15));
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test]
async fn minutes_that_no_longer_fit_in_memory_are_still_right() -> Outcome {
    on_both(async |store| {
        // More minutes of symbols than are kept, in one run, and then a late tick of each tenth.
        let code = |nth: i64| format!("{:06}", nth % 100);
        let many = |offset: i64, step| -> Vec<Record> {
            let time = |nth| at("00:00:00") + TimeDelta::seconds(60 * (nth / 100) + offset);
            (0..34_000).step_by(step).map(|nth| tick(&code(nth), time(nth), 1_000 + offset, 1)).collect()
        };
        let dir = folder(&[("a.jsonl", &lines(&many(10, 1))), ("b.jsonl", &lines(&many(5, 1_001)))]);
        let options = LoadOptions { batch_lines: 5_000, ..LoadOptions::default() };
        let files = paths(dir.path(), &["a.jsonl", "b.jsonl"]);
        let summary = Loader::new(Arc::clone(&store), options).load(&files, &CancellationToken::new()).await;
        assert!(summary.is_complete());
        assert_eq!(contents(&*store).await?.ticks.len(), 34_000 + 34);
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test]
async fn one_tick_far_in_the_future_does_not_disturb_the_others() -> Outcome {
    on_both(async |store| {
        let far = tick("000660", "2099-01-01T00:00:00Z".parse()?, 1, 1);
        let dir = folder(&[("a.jsonl", &lines(&[one_a_minute(3), vec![far], alive(2)].concat()))]);
        let options = LoadOptions { batch_lines: 2, ..LoadOptions::default() };
        Loader::new(Arc::clone(&store), options).load(&paths(dir.path(), &["a.jsonl"]), &CancellationToken::new()).await;
        append(dir.path(), "a.jsonl", &lines(&one_a_minute(3)));
        append(
            dir.path(),
            "a.jsonl",
            &lines(&[event(1, at("00:02:30"), FeedChange::Closed { reason: GapReason::WsTimeout })]),
        );
        load_all(&store, dir.path()).await;
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test]
async fn a_recorded_bar_stands_in_either_order() -> Outcome {
    let bar = r#"{"symbol":"005930","bar_time":"2026-01-22T00:00:00Z","open":9,"high":9,"low":9,"close":9,"volume":9,"coverage_ratio":0.5,"session_id":"run-t","quality_flag":"normal"}"#;
    let bar = format!("{bar}\n").into_bytes();
    on_both(async |store| {
        for (nth, order) in [["bar.jsonl", "ticks.jsonl"], ["ticks.jsonl", "bar.jsonl"]].into_iter().enumerate() {
            // Another minute for each order.
            let minute = TimeDelta::minutes(nth as i64);
            let ticks = lines(&[tick("005930", at("00:00:10") + minute, 70_000, 1)]);
            let later = lines(&[tick("005930", at("00:00:20") + minute, 70_500, 1)]);
            let bar = String::from_utf8(bar.clone())?.replace("00:00:00Z", &format!("00:0{nth}:00Z"));
            let dir = folder(&[("ticks.jsonl", &ticks), ("bar.jsonl", bar.as_bytes()), ("later.jsonl", &later)]);
            for name in order.into_iter().chain(["later.jsonl"]) {
                load_all(&store, &dir.path().join(name)).await;
            }
        }
        let bars = contents(&*store).await?.bars;
        assert_eq!(bars.iter().map(|bar| bar.volume.shares()).collect::<Vec<_>>(), [9, 9]);
        assert_eq!(contents(&*store).await?.ticks.len(), 4);
        Ok(())
    })
    .await
}
