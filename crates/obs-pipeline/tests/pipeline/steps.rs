//! A clock that is set while a recorder runs.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::WriterSettings;
use obs_model::{Calendar, FeedChange, FeedEvent, GapReason};
use obs_pipeline::{Recorder, Recording};
use obs_schema::Record;
use tokio::sync::{mpsc, watch};

use crate::{
    Outcome, at, event,
    live::{archived, archived_gaps, connect, eventually},
    subscribed, tick,
};

/// What the machine's clocks show: the one that may be set, and the one that may not.
#[derive(Clone)]
struct Clocks(Arc<Mutex<(DateTime<Utc>, Duration)>>);

impl Clocks {
    fn pass(&self, seconds: u64, set_by: TimeDelta) {
        let mut shown = self.0.lock().unwrap();
        shown.0 += TimeDelta::seconds(i64::try_from(seconds).unwrap()) + set_by;
        shown.1 += Duration::from_secs(seconds);
    }
}

struct Run {
    records: mpsc::Sender<Record>,
    recording: Recording,
    clocks: Clocks,
}

impl Run {
    /// A recorder whose connection was alive ten seconds after it was opened.
    async fn start(dir: &Path) -> anyhow::Result<Self> {
        let clocks = Clocks(Arc::new(Mutex::new((at("01:00:00"), Duration::from_secs(500)))));
        let (wall, steady) = (clocks.clone(), clocks.clone());
        let settings = WriterSettings { fsync_interval: Duration::ZERO, ..WriterSettings::default() };
        let calendar = watch::channel(Calendar::krx()).1;
        let (recorder, _) = Recorder::open(dir, settings, calendar, Arc::new(move || wall.0.lock().unwrap().0))?;
        let recorder = recorder.with_steady_clock(Arc::new(move || steady.0.lock().unwrap().1));
        let (records, received) = mpsc::channel(64);
        let run = Self { records, recording: recorder.start(received)?, clocks };
        run.send(connect(1, "01:00:00")).await?;
        run.recorded(dir, 3).await?;
        run.clocks.pass(10, TimeDelta::zero());
        run.send([event(1, at("01:00:10"), FeedChange::Alive)]).await?;
        run.recorded(dir, 4).await?;
        Ok(run)
    }

    async fn send(&self, records: impl IntoIterator<Item = Record>) -> Outcome {
        for record in records {
            self.records.send(record).await?;
        }
        Ok(())
    }

    async fn recorded(&self, dir: &Path, records: usize) -> Outcome {
        eventually("the records are on the disk", async || Ok(archived(dir).len() == records)).await
    }

    /// Ends, and gives what was recorded behind the first sign of life.
    async fn end(self, dir: &Path) -> anyhow::Result<Vec<FeedEvent>> {
        drop(self.records);
        self.recording.ended().await?;
        let events = archived(dir).into_iter().filter_map(|record| match record {
            Record::Feed(event) => Some(event),
            _ => None,
        });
        Ok(events.skip(4).collect())
    }
}

fn feed_event(time: &str, change: FeedChange) -> FeedEvent {
    let Record::Feed(event) = event(1, at(time), change) else { unreachable!() };
    event
}

/// The connection ends by one clock and goes on by the other.
fn redated(from: &str, to: &str) -> Vec<FeedEvent> {
    let over = FeedChange::Closed { reason: GapReason::ClockStep };
    let mut events = vec![feed_event(from, FeedChange::Alive), feed_event(from, over)];
    let symbols = ["000660", "005930"].map(subscribed);
    events.extend([FeedChange::Opened].into_iter().chain(symbols).map(|change| feed_event(to, change)));
    events
}

#[tokio::test]
async fn a_clock_set_forward_leaves_a_gap_and_the_connection_goes_on() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path()).await?;
    run.clocks.pass(2, TimeDelta::zero());
    run.send([tick("005930", at("01:00:12"), 70_000, 1)]).await?;
    run.recorded(dir.path(), 5).await?;
    run.clocks.pass(3, TimeDelta::minutes(3));
    run.send([event(1, at("01:03:15"), FeedChange::Alive)]).await?;
    let events = run.end(dir.path()).await?;
    let mut expected = redated("01:00:12", "01:03:15");
    expected.push(feed_event("01:03:15", FeedChange::Alive));
    assert_eq!(events, expected);
    let gaps = archived_gaps(dir.path());
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((gap.start(), gap.end(), gap.reason), (at("01:00:12"), at("01:03:15"), GapReason::ClockStep));
    assert_eq!(gap.symbols.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_clock_set_back_leaves_no_gap_and_nothing_is_attested_that_is_yet_to_come() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path()).await?;
    run.clocks.pass(1, TimeDelta::seconds(-30));
    // The first was on its way.
    run.send(["01:00:11", "00:59:42"].map(|time| event(1, at(time), FeedChange::Alive))).await?;
    let events = run.end(dir.path()).await?;
    let mut expected = redated("01:00:10", "00:59:41");
    expected.extend(["00:59:41", "00:59:41"].map(|time| feed_event(time, FeedChange::Alive)));
    assert_eq!(events, expected);
    assert_eq!(archived_gaps(dir.path()), []);
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_slewed_is_not_set() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path()).await?;
    run.clocks.pass(600, TimeDelta::milliseconds(-300));
    run.send([event(1, at("01:10:09"), FeedChange::Alive)]).await?;
    assert_eq!(run.end(dir.path()).await?, [feed_event("01:10:09", FeedChange::Alive)]);
    Ok(())
}
