//! Recording: from a feed into the archive.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{GapDetector, GuardSettings, Guards, Rule, Verdict};
use obs_archive::{ArchiveError, ArchiveWriter, DurableLengths, Repair, WriterSettings};
use obs_model::{Calendar, FeedEvent, Gap, GapReason, QualityFlag, Symbol, trading_day};
use obs_schema::{Record, RejectedRecord, Stream, TickRecord, encode};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tracing::warn;

use self::steps::Steps;
use crate::{RecordError, losses::Losses, predecessor::last_known};

mod stats;
mod steps;

pub use stats::RecorderStats;
pub use steps::SteadyClock;

/// The most records taken from the channel at once.
const TAKEN: usize = 1_024;

/// A clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a trade is, by the broker's name for it.
const TRADE: &str = "H0STCNT0";

/// The most characters of a sample; our own lines are ASCII.
const SAMPLE: usize = 512;

/// Writes records into the archive, each as it came, but for the mark of a doubtful trade.
///
/// A trade that follows a gap of its symbol is marked so, one that breaks a [rule](Rule) is degraded, and an impossible one is
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

    /// Ends all connections by the clock as it was, and opens them by the clock as it is.
    fn append_step(&mut self, step: TimeDelta, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        warn!(seconds = step.as_seconds_f64(), "The clock was set, or the machine slept");
        let reopened = self.detector.as_of(now);
        let ended = self.detector.owed(GapReason::ClockStep, self.heard.take());
        ended.into_iter().chain(reopened).try_for_each(|event| self.append(Record::Feed(event)))
    }

    fn append_received(&mut self, mut record: Record) -> Result<(), ArchiveError> {
        if self.steps.is_some() {
            let now = (self.clock)();
            // What was under way when the clock was set back would attest time that has not come yet.
            match &mut record {
                Record::Feed(event) => event.at = event.at.min(now),
                Record::Tick(tick) => tick.received_at = tick.received_at.min(now),
                _ => {}
            }
        }
        self.append(record)
    }

    fn append(&mut self, record: Record) -> Result<(), ArchiveError> {
        let now = (self.clock)();
        let at = match &record {
            Record::Swing(swing) => {
                self.stats.swing_bars.fetch_add(1, Ordering::Relaxed);
                swing.received_at
            }
            Record::Feed(event) => {
                self.append_gaps(event, now)?;
                now
            }
            Record::Gap(_) => {
                self.stats.gaps.fetch_add(1, Ordering::Relaxed);
                now
            }
            _ => now,
        };
        if let Record::Tick(tick) = record {
            return self.append_tick(tick, now);
        }
        // A bar is made, never received.
        let Some(stream) = record.stream() else { return Ok(()) };
        self.write(stream, at, &record)
    }

    /// Writes down the gaps that are complete with an event.
    fn append_gaps(&mut self, event: &FeedEvent, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        // Without anybody to change it, it stays as it is.
        if self.calendar.has_changed().unwrap_or(false) {
            let calendar = self.calendar.borrow_and_update().clone();
            self.guards.set_calendar(calendar.clone());
            self.detector.set_calendar(calendar);
        }
        self.detector.observe(event).into_iter().try_for_each(|gap| self.append_gap(gap, now))
    }

    fn append_tick(&mut self, mut record: TickRecord, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        let verdict = match self.guards.check(&record.tick, record.received_at, record.cumulative_volume) {
            // Of a quiet stock, one that comes behind its successor may be minutes late. Its shares prove that it is real.
            Verdict::Rejected(Rule::TimeBackwards) if self.losses.misses(&record) => {
                self.guards.overrule(record.tick.symbol);
                Verdict::Degraded(Rule::TimeBackwards)
            }
            verdict => verdict,
        };
        self.stats.judged(verdict);
        let mut flag = record.tick.quality_flag;
        match verdict {
            Verdict::Pass => {}
            Verdict::Degraded(_) => flag = flag.max(QualityFlag::Degraded),
            Verdict::Rejected(rule) => return self.reject(record, rule, now),
        }
        if self.detector.take_return(record.tick.symbol) {
            flag = QualityFlag::Gap;
        }
        record.tick.quality_flag = flag;
        self.losses.add(&record);
        self.heard = Some((record.tick.symbol, record.received_at));
        self.stats.ticks.fetch_add(1, Ordering::Relaxed);
        self.write(Stream::Scalp, record.received_at, &Record::Tick(record))
    }

    /// Keeps a trade apart. Its shares count as lost.
    fn reject(&mut self, record: TickRecord, rule: Rule, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        let (at, session_id) = (record.received_at, record.tick.session_id.clone());
        self.line.clear();
        encode(&Record::Tick(record), &mut self.line);
        self.line.truncate(SAMPLE);
        let sample = String::from_utf8_lossy(&self.line).into_owned();
        let (source, reason, detail) = (TRADE.to_owned(), rule.as_str().to_owned(), rule.detail().to_owned());
        self.write(Stream::Events, now, &Record::Rejected(RejectedRecord { at, source, reason, detail, sample, session_id }))
    }

    /// Writes down what is known to be lost by now. The gap comes first: a recorder that goes on behind a crash between the two
    /// tells the loss again, and the gap not.
    fn append_losses(&mut self, is_end: bool) -> Result<(), ArchiveError> {
        if self.losses.is_whole() {
            return Ok(());
        }
        let now = (self.clock)();
        for (found, loss) in self.losses.take(now, is_end) {
            for gap in self.detector.gaps_of_break(&found, &loss.session_id) {
                self.append_gap(gap, now)?;
            }
            self.stats.breaks.fetch_add(1, Ordering::Relaxed);
            self.stats.lost_shares.fetch_add(loss.shares.shares().unsigned_abs(), Ordering::Relaxed);
            self.write(Stream::Events, now, &Record::Loss(loss))?;
        }
        Ok(())
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
