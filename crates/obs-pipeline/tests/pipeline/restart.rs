//! Recorders after recorders, some of which were killed.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Stretch};
use obs_model::{FeedChange, GapReason, Symbol};
use obs_schema::Record;
use obs_store::Table;
use tokio::sync::mpsc;

use crate::{
    Outcome, append, at,
    attested::assert_bars_add_up,
    contents, event,
    flaky::{Fault, Flaky},
    lines,
    live::{Live, archived, archived_gaps, connect, eventually, eventually_ticks, recorder, ticks},
    on_both, subscribed, symbol, tick, write,
};

fn copy(from: &Path, to: &Path) {
    for segment in obs_archive::segments(from).unwrap() {
        let name = segment.path.strip_prefix(from).unwrap();
        write(to, name.to_str().unwrap(), &fs::read(&segment.path).unwrap());
    }
}

/// Records everything in a folder, and ends.
async fn record(dir: &Path, records: Vec<Record>) -> Outcome {
    let (sender, received) = mpsc::channel(64);
    let recording = recorder(dir)?.start(received)?;
    for record in records {
        sender.send(record).await?;
    }
    drop(sender);
    Ok(recording.ended().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_a_new_recorder_goes_on_with_is_followed_on() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let first = Live::start(&store, dir.path())?;
        first.send(connect(1, "00:00:00")).await;
        first.send(ticks("00:00:00", 5)).await;
        first.end().await?;

        // The same hour, after the follower has seen that its file is loaded to its end.
        let asked = Arc::new(AtomicBool::new(false));
        let asks = Arc::clone(&asked);
        let watched = Flaky::over(&store, move |call, _| {
            asks.fetch_or(call == "positions", Ordering::SeqCst);
            Fault::None
        });
        let second = Live::start(&watched, dir.path())?;
        eventually("the follower asks what is loaded", async || Ok(asked.load(Ordering::SeqCst))).await?;
        second.send(ticks("00:01:00", 5)).await;
        second.send(connect(2, "00:01:00")).await;
        eventually_ticks(&*store, 10).await?;
        second.send(ticks("00:02:00", 5)).await;
        eventually_ticks(&*store, 15).await?;
        second.end().await?;
        assert_eq!(store.count(Table::FeedSessions).await?, 4);
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_nothing_is_lost_or_doubled_and_the_hole_is_a_gap() -> Outcome {
    on_both(async |store| {
        let (dir, image) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let first = Live::start(&store, dir.path())?;
        first.send(connect(1, "00:00:00")).await;
        first.send([event(1, at("00:00:30"), FeedChange::Alive)]).await;
        first.send(ticks("00:00:00", 40)).await;
        eventually_ticks(&*store, 40).await?;
        // What a kill leaves: everything so far, and the beginning of a line. Half of it may be loaded, or all.
        copy(dir.path(), image.path());
        append(image.path(), "scalp/20260122_09.jsonl", &lines(&ticks("00:00:50", 3)));
        append(image.path(), "scalp/20260122_09.jsonl", b"{\"v\":\"2.0\",\"kind\":\"ti");
        first.end_without_loading().await?;

        let second = Live::start(&store, image.path())?;
        second.send(connect(2, "00:05:00")).await;
        second.send(ticks("00:05:01", 7)).await;
        eventually_ticks(&*store, 50).await?;
        second.end().await?;

        let found = contents(&*store).await?;
        let archived_ticks = archived(image.path()).into_iter().filter(|record| matches!(record, Record::Tick(_))).count();
        assert_eq!((found.ticks.len(), archived_ticks), (50, 50));
        assert_bars_add_up(&*store).await?;
        let gaps = archived_gaps(image.path());
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].start(), gaps[0].end()), (at("00:00:52.1"), at("00:05:00.1")));
        assert_eq!(gaps[0].reason, GapReason::ProcessRestart);
        assert_eq!(gaps[0].symbols, [symbol("005930"), symbol("000660")]);
        assert_eq!(
            found.gaps.iter().map(|gap| (gap.start(), gap.end(), gap.reason)).collect::<Vec<_>>(),
            [(at("00:00:52.1"), at("00:05:00.1"), GapReason::ProcessRestart)]
        );
        assert_eq!(fs::read(image.path().join("scalp/20260122_09.jsonl.torn"))?, b"{\"v\":\"2.0\",\"kind\":\"ti");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_is_dropped_anywhere_is_followed_by_one_that_loads_the_rest() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let mut sent = 0;
        for run in 0..8 {
            let live = Live::start(&store, dir.path())?;
            live.send(
                (0..200).map(|nth| tick("005930", at("00:00:00") + TimeDelta::milliseconds(333 * (sent + nth)), 70_000, 1)),
            )
            .await;
            sent += 200;
            // At another place each time, but for the first run always with something on its way.
            for _ in 0..7 * run {
                tokio::task::yield_now().await;
            }
            live.end_without_loading().await?;
        }
        Live::start(&store, dir.path())?.end().await?;
        assert_eq!(store.count(Table::ScalpTicks).await?, 1_600);
        assert_bars_add_up(&*store).await
    })
    .await
}

#[tokio::test]
async fn who_hears_of_the_end_may_take_the_folder_at_once() -> Outcome {
    let dir = tempfile::tempdir()?;
    for nth in 0..50 {
        record(dir.path(), vec![tick("005930", at("00:00:00") + TimeDelta::seconds(nth), 1, 1)]).await?;
    }
    assert_eq!(archived(dir.path()).len(), 50);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_days_old_still_leaves_a_gap() -> Outcome {
    let dir = tempfile::tempdir()?;
    let day = |days: i64, record: Record| {
        let Record::Feed(event) = record else { unreachable!() };
        Record::Feed(obs_model::FeedEvent { at: event.at - TimeDelta::days(days), ..event })
    };
    let alive = |days| lines(&[day(days, event(1, at("03:00:00"), FeedChange::Alive))]);
    let opened: Vec<Record> = connect(1, "02:00:00").into_iter().map(|record| day(5, record)).collect();
    write(dir.path(), "events/20260117.jsonl", &lines(&opened));
    for (days, name) in [
        (4, "events/20260118.jsonl"),
        (3, "events/20260119.jsonl"),
        (1, "events/20260121.jsonl"),
        (0, "events/20260122.jsonl"),
    ] {
        write(dir.path(), name, &alive(days));
    }
    record(dir.path(), connect(2, "04:00:00").to_vec()).await?;
    let gaps = archived_gaps(dir.path());
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].start(), gaps[0].end()), (at("03:00:00"), at("04:00:00.1")));
    assert_eq!(gaps[0].symbols.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_clean_stop_and_a_start_the_next_day_is_a_gap_by_hand() -> Outcome {
    let dir = tempfile::tempdir()?;
    let stop = event(1, at("00:02:00"), FeedChange::Closed { reason: GapReason::ManualStop });
    let alive = event(1, at("00:01:50"), FeedChange::Alive);
    record(dir.path(), connect(1, "00:01:00").into_iter().chain([alive, stop]).collect()).await?;
    record(dir.path(), Vec::new()).await?;
    record(dir.path(), connect(2, "05:00:00").to_vec()).await?;
    let gaps = archived_gaps(dir.path());
    assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [GapReason::ManualStop]);
    Ok(())
}

/// Every second of a symbol between its first subscription and an end, that is attested or told as a gap: how often.
fn accounted(records: &[Record], symbol: Symbol, end: DateTime<Utc>) -> BTreeMap<i64, u32> {
    let mut attested = Attested::default();
    let mut gaps: Vec<Stretch> = Vec::new();
    for record in records {
        match record {
            Record::Feed(event) => attested.apply(event),
            Record::Gap(gap) if gap.symbols.contains(&symbol) => gaps.push((gap.start(), gap.end())),
            _ => {}
        }
    }
    let alive = attested.by_symbol().remove(&symbol).unwrap_or_default();
    let mut seconds = BTreeMap::new();
    for second in 0..(end - at("00:00:01")).num_seconds() {
        let middle = at("00:00:01") + TimeDelta::seconds(second) + TimeDelta::milliseconds(500);
        let holds = |(from, until): &&Stretch| *from <= middle && middle < *until;
        let times = gaps.iter().filter(holds).count() + usize::from(alive.iter().any(|stretch| holds(&stretch)));
        seconds.insert(second, u32::try_from(times).unwrap());
    }
    seconds
}

#[tokio::test]
async fn wherever_a_kill_comes_every_second_is_attested_or_told_once() -> Outcome {
    // Two losses, the second before all symbols are back from the first, and a straggler.
    let lost = |nth, time, reason| event(nth, at(time), FeedChange::Closed { reason });
    let mut records = connect(1, "00:00:00").to_vec();
    records.extend([event(1, at("00:00:20"), FeedChange::Alive), lost(1, "00:00:25", GapReason::WsDisconnect)]);
    records.extend([event(2, at("00:00:30"), FeedChange::Opened), event(2, at("00:00:30"), subscribed("005930"))]);
    records.extend([event(2, at("00:00:33"), FeedChange::Alive), lost(2, "00:00:35", GapReason::WsTimeout)]);
    records.extend([event(3, at("00:00:40"), FeedChange::Opened), event(3, at("00:00:40"), subscribed("005930"))]);
    records.extend([event(3, at("00:00:55"), FeedChange::Alive), event(3, at("00:01:00"), subscribed("000660"))]);
    records.push(event(3, at("00:01:10"), FeedChange::Alive));

    let whole = tempfile::tempdir()?;
    record(whole.path(), records).await?;
    let name = "events/20260123.jsonl";
    let bytes = fs::read(whole.path().join(name))?;
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    assert_eq!(ends.len(), 13 + 4, "events and gaps");
    for end in ends.into_iter().skip(3) {
        let dir = tempfile::tempdir()?;
        write(dir.path(), name, &bytes[..end]);
        let mut back = connect(9, "00:05:00").to_vec();
        back.push(event(9, at("00:06:00"), FeedChange::Alive));
        record(dir.path(), back).await?;
        let records = archived(dir.path());
        for code in ["005930", "000660"] {
            let wrong: BTreeMap<i64, u32> =
                accounted(&records, symbol(code), at("00:06:00")).into_iter().filter(|(_, times)| *times != 1).collect();
            assert_eq!(wrong, BTreeMap::new(), "{code}, killed after byte {end} of {}", bytes.len());
        }
    }
    Ok(())
}
