//! Recording: from a feed into the archive.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use chrono::{DateTime, Utc};
use obs_aggregate::GapDetector;
use obs_archive::{ArchiveError, ArchiveWriter, DurableLengths, Repair, WriterSettings};
use obs_model::{FeedEvent, Gap, SessionHours};
use obs_schema::{Record, Stream, encode};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use crate::{RecordError, predecessor::last_known};

/// The most records taken from the channel at once.
const TAKEN: usize = 1_024;

/// A clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What was recorded so far, for a status line on another thread.
#[derive(Debug, Default)]
pub struct RecorderStats {
    ticks: AtomicU64,
    gaps: AtomicU64,
}

impl RecorderStats {
    /// Ticks appended.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Gaps appended.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }
}

/// Writes records into the archive.
pub struct Recorder {
    writer: ArchiveWriter,
    detector: GapDetector,
    /// What the last recorder did not come to say.
    owed: Vec<FeedEvent>,
    clock: Clock,
    stats: Arc<RecorderStats>,
    line: Vec<u8>,
}

/// A recorder at work.
pub struct Recording {
    /// What is known to be on the disk.
    pub durable: Arc<DurableLengths>,
    /// Changes whenever more is on the disk, and closes when the recorder has ended.
    pub synced: watch::Receiver<u64>,
    /// What was recorded so far.
    pub stats: Arc<RecorderStats>,
    outcome: oneshot::Receiver<Result<(), ArchiveError>>,
}

impl Recording {
    /// Waits until the recorder has ended: its channel was closed and everything is on the disk, or an error stopped it.
    ///
    /// # Errors
    /// [`RecordError`] if it was an error.
    pub async fn ended(self) -> Result<(), RecordError> {
        let died = |_| RecordError::Thread("it died".to_owned());
        Ok(self.outcome.await.map_err(died)??)
    }
}

impl Recorder {
    /// Takes a data folder: locks it, repairs what a crash tore, and finds where the last recorder ended. If it was killed, its
    /// connections are recorded as over first of all, and the time since then becomes a gap when data comes again.
    ///
    /// # Errors
    /// [`RecordError::Archive`] if the folder is being written by another process, or cannot be written or read.
    pub fn open(
        dir: &Path,
        settings: WriterSettings,
        hours: SessionHours,
        clock: Clock,
    ) -> Result<(Self, Vec<Repair>), RecordError> {
        let (writer, repairs) = ArchiveWriter::open(dir, settings)?;
        let (detector, owed) = last_known(dir, hours)?;
        Ok((Self { writer, detector, owed, clock, stats: Arc::default(), line: Vec::with_capacity(512) }, repairs))
    }

    /// Starts recording what comes through a channel, on a thread of its own, until the channel closes.
    ///
    /// # Errors
    /// [`RecordError::Thread`] if there can be no thread.
    pub fn start(mut self, mut records: mpsc::Receiver<Record>) -> Result<Recording, RecordError> {
        let (done, outcome) = oneshot::channel();
        let (synced, watch) = watch::channel(0);
        let (durable, stats) = (self.writer.durable(), Arc::clone(&self.stats));
        let runtime = Handle::try_current().map_err(|error| RecordError::Thread(error.to_string()))?;
        thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                let result = self.run(&runtime, &mut records, &synced);
                // Whoever hears of the end may take the folder at once.
                drop(self);
                drop(synced);
                // Nobody may be waiting any more; then nobody wants to know.
                let _ = done.send(result);
            })
            .map_err(|error| RecordError::Thread(error.to_string()))?;
        Ok(Recording { durable, synced: watch, stats, outcome })
    }

    fn run(
        &mut self,
        runtime: &Handle,
        records: &mut mpsc::Receiver<Record>,
        synced: &watch::Sender<u64>,
    ) -> Result<(), ArchiveError> {
        for event in std::mem::take(&mut self.owed) {
            self.append(&Record::Feed(event))?;
        }
        let mut taken = Vec::with_capacity(TAKEN);
        loop {
            let wait = self.writer.sync_in((self.clock)());
            let more = runtime.block_on(async {
                match wait {
                    None => Some(records.recv_many(&mut taken, TAKEN).await),
                    Some(wait) => timeout(wait, records.recv_many(&mut taken, TAKEN)).await.ok(),
                }
            });
            for record in taken.drain(..) {
                self.append(&record)?;
            }
            let ended = more == Some(0);
            if ended || self.writer.sync_due((self.clock)()) {
                self.writer.sync()?;
                synced.send_modify(|times| *times += 1);
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn append(&mut self, record: &Record) -> Result<(), ArchiveError> {
        let now = (self.clock)();
        let at = match record {
            Record::Tick(tick) => {
                self.stats.ticks.fetch_add(1, Ordering::Relaxed);
                tick.received_at
            }
            Record::Swing(swing) => swing.received_at,
            Record::Feed(event) => {
                for gap in self.detector.observe(event) {
                    self.append_gap(gap, now)?;
                }
                now
            }
            Record::Gap(_) | Record::Bar(_) => now,
        };
        // A bar is made, never received.
        let Some(stream) = record.stream() else { return Ok(()) };
        self.write(stream, at, record)
    }

    fn append_gap(&mut self, gap: Gap, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        self.stats.gaps.fetch_add(1, Ordering::Relaxed);
        self.write(Stream::Events, now, &Record::Gap(gap))
    }

    fn write(&mut self, stream: Stream, at: DateTime<Utc>, record: &Record) -> Result<(), ArchiveError> {
        self.line.clear();
        encode(record, &mut self.line);
        self.writer.append(stream, at, &self.line)
    }
}
