//! Recording: from a feed into the archive.

use std::{path::Path, sync::Arc, thread};

use chrono::{DateTime, Utc};
use obs_aggregate::{GapDetector, GuardSettings, Guards};
use obs_archive::{ArchiveError, ArchiveWriter, DurableLengths, Repair, WriterSettings};
use obs_model::{Calendar, FeedEvent, Symbol, trading_day};
use obs_schema::Record;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use self::steps::Steps;
use crate::{RecordError, losses::Losses, predecessor::last_known};

mod append;
mod stats;
mod steps;

pub use stats::RecorderStats;
pub use steps::SteadyClock;

/// The most records taken from the channel at once.
const TAKEN: usize = 1_024;

/// A clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Writes records into the archive, each as it came, but for the mark of a doubtful trade.
///
/// A trade that follows a gap of its symbol is marked so, one that breaks a [rule](obs_aggregate::Rule) is degraded, and an impossible one is
/// written down as a reject. Shares that the running totals tell of and that no record brought are written down as lost, some
/// seconds after they were noticed; if no gap of the symbol explains them, they are a gap of their own.
pub struct Recorder {
    writer: ArchiveWriter,
    detector: GapDetector,
    guards: Guards,
    losses: Losses,
    calendar: watch::Receiver<Calendar>,
    /// What the last recorder did not come to say.
    owed: Vec<FeedEvent>,
    clock: Clock,
    steps: Option<Steps>,
    /// The last trade, and when it arrived.
    heard: Option<(Symbol, DateTime<Utc>)>,
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
    /// The clock behind the records.
    pub clock: Clock,
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
    /// connections are recorded as over first of all, and the time since then becomes a gap when data comes again. Only time
    /// in which the market is open by `calendar`, as it stands then, is a gap.
    ///
    /// # Errors
    /// [`RecordError::Archive`] if the folder is being written by another process, or cannot be written or read.
    pub fn open(
        dir: &Path,
        settings: WriterSettings,
        calendar: watch::Receiver<Calendar>,
        clock: Clock,
    ) -> Result<(Self, Vec<Repair>), RecordError> {
        let (writer, repairs) = ArchiveWriter::open(dir, settings)?;
        let known = calendar.borrow().clone();
        let (detector, owed) = last_known(dir, known.clone())?;
        let guards = Guards::new(GuardSettings::default(), known);
        let mut recorder = Self {
            writer,
            detector,
            guards,
            losses: Losses::default(),
            calendar,
            owed,
            clock,
            steps: None,
            heard: None,
            stats: Arc::default(),
            line: Vec::with_capacity(512),
        };
        let now = (recorder.clock)();
        let absent = recorder.detector_of_now().absent(trading_day(now)).collect();
        recorder.losses = Losses::resume(dir, now, &absent)?;
        Ok((recorder, repairs))
    }

    /// The same, with other thresholds for doubtful trades.
    #[must_use]
    pub fn with_guards(mut self, settings: GuardSettings) -> Self {
        self.guards = Guards::new(settings, self.calendar.borrow().clone());
        self
    }

    /// The same, with an eye on its clock: if that is set, forward or back by a second or more, or if the machine slept, nobody
    /// can say of the time in between that it was observed. All connections are then recorded as over at their last sign of life
    /// and as open again at the new time, although they go on; what lies between is a gap.
    #[must_use]
    pub fn with_steady_clock(mut self, steady: SteadyClock) -> Self {
        self.steps = Some(Steps::new(Arc::clone(&self.clock), steady));
        self
    }

    /// The symbols that the last recorder listened to, or had lost, when it ended. Their gap goes on until a feed says that
    /// they are subscribed again, or unsubscribed because nobody wants them any more.
    #[must_use]
    pub fn missing(&self) -> Vec<Symbol> {
        self.detector_of_now().lost().collect()
    }

    /// The detector as it will be when the connections of the last recorder are recorded as over.
    fn detector_of_now(&self) -> GapDetector {
        let mut detector = self.detector.clone();
        self.owed.iter().for_each(|event| drop(detector.observe(event)));
        detector
    }

    /// Starts recording what comes through a channel, on a thread of its own, until the channel closes.
    ///
    /// # Errors
    /// [`RecordError::Thread`] if there can be no thread.
    pub fn start(mut self, mut records: mpsc::Receiver<Record>) -> Result<Recording, RecordError> {
        let (done, outcome) = oneshot::channel();
        let (synced, watch) = watch::channel(0);
        let (durable, stats, clock) = (self.writer.durable(), Arc::clone(&self.stats), Arc::clone(&self.clock));
        let runtime = Handle::try_current().map_err(|error| RecordError::Thread(error.to_string()))?;
        thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                let result = self.run(&runtime, &mut records, &synced);
                // Whoever hears of the end may take the folder at once, and finds nobody who would take a record.
                drop((self, records, synced));
                // Nobody may be waiting any more; then nobody wants to know.
                let _ = done.send(result);
            })
            .map_err(|error| RecordError::Thread(error.to_string()))?;
        Ok(Recording { durable, synced: watch, stats, clock, outcome })
    }

    fn run(
        &mut self,
        runtime: &Handle,
        records: &mut mpsc::Receiver<Record>,
        synced: &watch::Sender<u64>,
    ) -> Result<(), ArchiveError> {
        for event in std::mem::take(&mut self.owed) {
            self.append(Record::Feed(event))?;
        }
        let mut taken = Vec::with_capacity(TAKEN);
        loop {
            let now = (self.clock)();
            let wait = [self.writer.sync_in(now), self.losses.due_in(now)].into_iter().flatten().min();
            let more = runtime.block_on(async {
                match wait {
                    None => Some(records.recv_many(&mut taken, TAKEN).await),
                    Some(wait) => timeout(wait, records.recv_many(&mut taken, TAKEN)).await.ok(),
                }
            });
            let stepped = self.steps.as_mut().and_then(Steps::look);
            if let Some((step, now)) = stepped {
                self.append_step(step, now)?;
            }
            for record in taken.drain(..) {
                self.append_received(record)?;
            }
            let ended = more == Some(0);
            self.append_losses(ended)?;
            if ended || self.writer.sync_due((self.clock)()) {
                self.writer.sync()?;
                synced.send_modify(|times| *times += 1);
            }
            if ended {
                return Ok(());
            }
        }
    }
}
