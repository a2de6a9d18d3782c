//! A recorder and its follower over a real folder.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use obs_archive::{ArchiveError, DurableLengths, WriterSettings, segments};
use obs_model::{Calendar, FeedChange, Gap, GapReason};
use obs_pipeline::{Clock, FollowStats, Follower, LoadError, RecordError, Recorder, RecorderStats, Recording};
use obs_schema::{Decoded, Decoder, Record};
use obs_store::{Store, Table};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

use crate::{Outcome, at, attested::assert_bars_add_up, contents, event, ever, lines, on_both, subscribed, symbol, tick};

/// Recording and loading, as a collector composes them.
pub(crate) struct Live {
    records: mpsc::Sender<Record>,
    recording: JoinHandle<Result<(), RecordError>>,
    pub(crate) loading: JoinHandle<Result<(), LoadError>>,
    pub(crate) durable: Arc<DurableLengths>,
    pub(crate) recorded: Arc<RecorderStats>,
    pub(crate) loaded: Arc<FollowStats>,
}

/// A clock behind all records of the tests that moves with every look, so that whatever was appended is due.
fn clock() -> Clock {
    let looks = AtomicI64::new(0);
    Arc::new(move || {
        at("23:00:00") + TimeDelta::milliseconds(200) * i32::try_from(looks.fetch_add(1, Ordering::SeqCst)).unwrap()
    })
}

pub(crate) fn recorder(dir: &Path) -> Result<Recorder, RecordError> {
    let settings = WriterSettings { fsync_interval: Duration::from_millis(20), ..WriterSettings::default() };
    Ok(Recorder::open(dir, settings, watch::channel(Calendar::always()).1, clock())?.0)
}

impl Live {
    pub(crate) fn start(store: &Arc<dyn Store>, dir: &Path) -> anyhow::Result<Self> {
        let (records, received) = mpsc::channel(64);
        let recording: Recording = recorder(dir)?.start(received)?;
        let follower = Follower::new(Arc::clone(store), dir, &recording);
        let (durable, recorded, loaded) = (Arc::clone(&recording.durable), Arc::clone(&recording.stats), follower.stats());
        let loading = tokio::spawn(follower.run());
        Ok(Self { records, recording: tokio::spawn(recording.ended()), loading, durable, recorded, loaded })
    }

    pub(crate) async fn send(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.records.send(record).await.unwrap();
        }
    }

    /// Ends the recorder and waits until everything is loaded.
    pub(crate) async fn end(self) -> Outcome {
        drop(self.records);
        self.recording.await??;
        Ok(self.loading.await??)
    }

    /// Ends the recorder and drops the follower wherever it is.
    pub(crate) async fn end_without_loading(self) -> Outcome {
        self.loading.abort();
        drop(self.records);
        Ok(self.recording.await??)
    }
}

/// Waits until a condition holds, and fails when it does not within ten seconds.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> anyhow::Result<bool>) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds().await? {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

pub(crate) async fn eventually_ticks(store: &dyn Store, number: u64) -> Outcome {
    eventually("all ticks are in the store", async || Ok(store.count(Table::ScalpTicks).await? == number)).await
}

/// All records of an archive, in the order of its files.
pub(crate) fn archived(dir: &Path) -> Vec<Record> {
    let mut decoder = Decoder::default();
    let files = segments(dir).unwrap().into_iter().map(|segment| fs::read(segment.path).unwrap());
    let lines: Vec<u8> = files.flatten().collect();
    let decoded =
        lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| match decoder.decode(line) {
            Decoded::Record(record) => record,
            other => panic!("{other:?}"),
        });
    decoded.collect()
}

pub(crate) fn archived_gaps(dir: &Path) -> Vec<Gap> {
    let gaps = archived(dir).into_iter().filter_map(|record| match record {
        Record::Gap(gap) => Some(gap),
        _ => None,
    });
    gaps.collect()
}

/// So many ticks of 005930, one a second from a time on.
pub(crate) fn ticks(time: &str, number: i64) -> Vec<Record> {
    (0..number).map(|nth| tick("005930", at(time) + TimeDelta::seconds(nth), 70_000 + nth, 1)).collect()
}

/// A connection of two symbols.
pub(crate) fn connect(nth: u32, time: &str) -> [Record; 3] {
    [
        event(nth, at(time), FeedChange::Opened),
        event(nth, at(time), subscribed("005930")),
        event(nth, at(time) + TimeDelta::milliseconds(100), subscribed("000660")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_is_archived_and_stored_exactly_once() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let live = Live::start(&store, dir.path())?;
        live.send(connect(1, "00:00:00")).await;
        // Over an hour's edge, so that the recorder changes its file.
        let sent = ticks("00:58:00", 300);
        live.send(sent.clone()).await;
        live.send([event(1, at("01:03:00"), FeedChange::Alive)]).await;
        live.send([event(1, at("01:03:00"), FeedChange::Closed { reason: GapReason::ManualStop })]).await;
        eventually_ticks(&*store, 300).await?;
        let (recorded, loaded) = (Arc::clone(&live.recorded), Arc::clone(&live.loaded));
        live.end().await?;

        assert_eq!((recorded.ticks(), loaded.ticks(), loaded.rejects()), (300, 300, 0));
        assert_eq!(loaded.newest(), Some(at("01:03:00")));
        let archived: Vec<_> = archived(dir.path()).into_iter().filter(|record| matches!(record, Record::Tick(_))).collect();
        assert_eq!(archived, sent);
        let found = contents(&*store).await?;
        assert_eq!(found.ticks.len(), 300);
        assert_eq!(found.sessions.len(), 2);
        assert_bars_add_up(&*store).await?;
        assert_eq!(loaded.bars(), found.bars.len() as u64);
        assert!(found.bars.iter().all(|bar| bar.coverage.ratio() >= 1.0), "attested throughout");

        // A second run has nothing to do.
        Live::start(&store, dir.path())?.end().await?;
        contents(&*store).await?.assert_is(&found);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_whose_last_tick_came_early_is_fully_covered_when_the_feed_lived_on() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let live = Live::start(&store, dir.path())?;
        live.send(connect(1, "00:00:00")).await;
        live.send([event(1, at("00:00:59"), FeedChange::Alive)]).await;
        live.send([tick("005930", at("00:01:03"), 70_000, 1)]).await;
        // The bar stands before the rest of its minute is attested, piece by piece.
        eventually("there is a bar", async || Ok(store.count(Table::ScalpBars).await? == 1)).await?;
        for second in ["00:01:10", "00:01:40", "00:02:05"] {
            live.send([event(1, at(second), FeedChange::Alive)]).await;
        }
        live.end().await?;
        let bars = contents(&*store).await?.bars;
        assert_eq!(bars.len(), 1);
        assert!(bars[0].coverage.ratio() >= 1.0, "{:?}", bars[0]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_is_one_gap_in_the_archive_and_in_the_store() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let live = Live::start(&store, dir.path())?;
        live.send(connect(1, "00:00:00")).await;
        live.send([event(1, at("00:01:00"), FeedChange::Alive)]).await;
        live.send([event(1, at("00:01:04"), FeedChange::Closed { reason: GapReason::WsTimeout })]).await;
        live.send(connect(2, "00:01:20")).await;
        let recorded = Arc::clone(&live.recorded);
        live.end().await?;
        assert_eq!(recorded.gaps(), 1);
        let gaps = archived_gaps(dir.path());
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].start(), gaps[0].end()), (at("00:01:00"), at("00:01:20.1")));
        assert_eq!(gaps[0].symbols, [symbol("005930"), symbol("000660")]);
        let stored = contents(&*store).await?.gaps;
        // The archive keeps the order of return, a table none.
        let mut expected = gaps;
        expected[0].symbols.sort_unstable();
        assert_eq!(stored, expected);
        assert_eq!(stored[0].reason, GapReason::WsTimeout);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_that_is_not_known_to_be_on_the_disk() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        let live = Live::start(&store, dir.path())?;
        live.send(ticks("00:00:00", 3)).await;
        eventually_ticks(&*store, 3).await?;
        let segment: PathBuf = segments(dir.path())?.remove(0).path;
        let durable = live.durable.length_of(&segment).unwrap();

        // What the recorder may have written and not synced yet, whole lines and half of one.
        let unsynced = [lines(&ticks("00:10:00", 2)), b"{\"v\":".to_vec()].concat();
        std::io::Write::write_all(&mut fs::OpenOptions::new().append(true).open(&segment)?, &unsynced)?;
        // The follower looks at everything again whenever another stream is synced, one round after the other.
        live.send(connect(1, "00:20:00")).await;
        for second in ["00:21:00", "00:22:00"] {
            live.send([event(1, at(second), FeedChange::Alive)]).await;
            let is_attested = async || {
                let sessions = store.feed_sessions(ever()).await?;
                Ok(sessions.len() == 2 && sessions.iter().all(|session| session.attested_until == at(second)))
            };
            eventually("the sign of life is in the store", is_attested).await?;
        }
        let found = contents(&*store).await?;
        assert_eq!((found.ticks.len(), found.rejects.len()), (3, 0));
        let positions = store.positions().await?;
        let position = positions.iter().find(|position| Path::new(&position.path) == segment).unwrap();
        assert_eq!((position.byte_offset, live.durable.length_of(&segment)), (durable, Some(durable)));
        live.end_without_loading().await
    })
    .await
}

#[tokio::test]
async fn a_full_disk_ends_the_recording_with_its_name() -> Outcome {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("scalp/20260122_09.jsonl");
    fs::create_dir_all(path.parent().unwrap())?;
    std::os::unix::fs::symlink("/dev/full", &path)?;
    let (records, received) = mpsc::channel(64);
    let recording = recorder(dir.path())?.start(received)?;
    for record in ticks("00:00:00", 2) {
        // The recorder may have ended with the first.
        let _ = records.send(record).await;
    }
    let error = recording.ended().await.unwrap_err();
    assert!(matches!(&error, RecordError::Archive(ArchiveError::Write { path: named, .. }) if *named == path), "{error}");
    assert!(records.is_closed());
    Ok(())
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let (_records, received) = mpsc::channel(1);
    assert!(matches!(recorder(dir.path()).unwrap().start(received), Err(RecordError::Thread(_))));
}
