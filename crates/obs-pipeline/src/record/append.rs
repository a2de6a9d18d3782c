//! Which lines a record becomes.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Rule, Verdict};
use obs_archive::ArchiveError;
use obs_model::{FeedEvent, Gap, GapReason, QualityFlag};
use obs_schema::{Record, RejectedRecord, Stream, TickRecord, encode};
use tracing::warn;

use super::Recorder;

/// What a trade is, by the broker's name for it.
const TRADE: &str = "H0STCNT0";

/// The most characters of a sample; our own lines are ASCII.
const SAMPLE: usize = 512;

impl Recorder {
    /// Ends all connections by the clock as it was, and opens them by the clock as it is.
    pub(super) fn append_step(&mut self, step: TimeDelta, now: DateTime<Utc>) -> Result<(), ArchiveError> {
        warn!(seconds = step.as_seconds_f64(), "The clock was set, or the machine slept");
        let reopened = self.detector.as_of(now);
        let ended = self.detector.owed(GapReason::ClockStep, self.heard.take());
        ended.into_iter().chain(reopened).try_for_each(|event| self.append(Record::Feed(event)))
    }

    pub(super) fn append_received(&mut self, mut record: Record) -> Result<(), ArchiveError> {
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

    /// Takes a record as if it had just been received.
    pub(super) fn append(&mut self, record: Record) -> Result<(), ArchiveError> {
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
            Record::Gap(gap) => {
                self.stats.add_gap(gap);
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
    pub(super) fn append_losses(&mut self, is_end: bool) -> Result<(), ArchiveError> {
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
        self.stats.add_gap(&gap);
        self.write(Stream::Events, now, &Record::Gap(gap))
    }

    fn write(&mut self, stream: Stream, at: DateTime<Utc>, record: &Record) -> Result<(), ArchiveError> {
        self.line.clear();
        encode(record, &mut self.line);
        self.writer.append(stream, at, &self.line)
    }
}
