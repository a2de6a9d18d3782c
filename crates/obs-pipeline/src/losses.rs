//! The running totals of today, and the shares that were lost.

use std::{collections::BTreeSet, path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Shares, VolumeBreak};
use obs_archive::{ArchiveError, Reader, Segment, segments};
use obs_model::{Quantity, SessionId, Symbol, trading_day};
use obs_schema::{Decoded, Decoder, Record, Stream, TickRecord};

/// How long a missing record is waited for. The broker reorders within seconds.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// What the recorder before noticed longer than this before its end, it has told.
const TOLD: TimeDelta = TimeDelta::minutes(1);

/// How many of the latest files of ticks are read in full.
const READ: usize = 2;

/// Follows the running totals of a recorder's symbols.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    shares: Shares,
    /// The run of the last trade.
    session_id: Option<SessionId>,
    /// When the last trade reached the recorder.
    newest: Option<DateTime<Utc>>,
}

impl Losses {
    /// Goes on where the last recorder of a folder ended: with the totals of its last two hours of this Korean day, and of the
    /// `absent` symbols, which are expected back, whenever they were traded last. So what was traded meanwhile is known to be
    /// lost. What that recorder noticed in its last seconds and did not come to say is told now.
    pub(crate) fn resume(dir: &Path, now: DateTime<Utc>, absent: &BTreeSet<Symbol>) -> Result<Self, ArchiveError> {
        let today = trading_day(now);
        let of_today = segments(dir)?.into_iter().filter(|segment| trading_day(segment.start) == today);
        let (events, ticks): (Vec<Segment>, Vec<Segment>) =
            of_today.filter(|segment| segment.stream != Stream::Swing).partition(|segment| segment.stream == Stream::Events);
        let (older, latest) = ticks.split_at(ticks.len().saturating_sub(READ));
        let mut losses = Self::default();
        for segment in latest {
            losses.read(segment, |_| true)?;
        }
        let (session_id, newest) = (losses.session_id.clone(), losses.newest);
        for segment in older.iter().rev() {
            let unseen: BTreeSet<Symbol> = absent.iter().copied().filter(|symbol| !losses.shares.knows(*symbol)).collect();
            if unseen.is_empty() {
                break;
            }
            losses.read(segment, |symbol| unseen.contains(&symbol))?;
        }
        (losses.session_id, losses.newest) = (session_id, newest);
        losses.shares.another_run();
        if let Some(newest) = newest {
            drop(losses.shares.take_breaks(newest - TOLD));
        }
        for segment in &events {
            losses.read_told(segment)?;
        }
        Ok(losses)
    }

    /// Takes a trade, in order of arrival.
    pub(crate) fn add(&mut self, record: &TickRecord) {
        let tick = &record.tick;
        if let Some((volume, total)) = tick.volume.zip(record.cumulative_volume) {
            self.shares.add(tick.symbol, tick.event_time, record.received_at, volume.shares(), total.shares());
        }
        if self.session_id.as_ref() != Some(&tick.session_id) {
            self.session_id = Some(tick.session_id.clone());
        }
        self.newest = self.newest.max(Some(record.received_at));
    }

    /// Whether a trade is known to be missing.
    pub(crate) fn misses(&self, TickRecord { cumulative_volume, tick, .. }: &TickRecord) -> bool {
        let missing =
            |(volume, total): (Quantity, Quantity)| self.shares.misses(tick.symbol, volume.shares(), total.shares());
        tick.volume.zip(*cumulative_volume).is_some_and(missing)
    }

    /// Whether there is nothing to tell, not even later.
    pub(crate) const fn is_whole(&self) -> bool {
        self.shares.waiting().is_none()
    }

    /// In what time there is something to tell; `None` if nothing is missing.
    pub(crate) fn due_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        // A little later, because what is noticed exactly so long ago is not due.
        let due = self.shares.waiting()? + PATIENCE + TimeDelta::milliseconds(1);
        Some((due - now).to_std().unwrap_or_default())
    }

    /// What was missing for so long that no late record will bring it, or, at the end, whatever is missing; and the run of the
    /// recorder that noticed it.
    pub(crate) fn take(&mut self, now: DateTime<Utc>, is_end: bool) -> Vec<(VolumeBreak, obs_model::VolumeBreak)> {
        let noticed_before = if is_end { DateTime::<Utc>::MAX_UTC } else { now - PATIENCE };
        let breaks = self.shares.take_breaks(noticed_before);
        let Some(session_id) = &self.session_id else { return Vec::new() };
        let record = |found: VolumeBreak| {
            let VolumeBreak { symbol, after, before, shares, .. } = found;
            let shares = Quantity::new(shares).ok()?;
            Some((found, obs_model::VolumeBreak { symbol, after, before, shares, session_id: session_id.clone() }))
        };
        breaks.into_iter().filter_map(record).collect()
    }

    /// Takes the trades of a file, of those symbols.
    fn read(&mut self, segment: &Segment, is_wanted: impl Fn(Symbol) -> bool) -> Result<(), ArchiveError> {
        let (mut reader, mut decoder) = (Reader::open(&segment.path)?, Decoder::default());
        while let Some(line) = reader.line()? {
            let Decoded::Record(Record::Tick(record)) = decoder.decode(line.bytes) else { continue };
            if is_wanted(record.tick.symbol) {
                if self.session_id.as_ref().is_some_and(|last| *last != record.tick.session_id) {
                    self.shares.another_run();
                }
                self.add(&record);
            }
        }
        Ok(())
    }

    /// Takes the losses that a file tells of.
    fn read_told(&mut self, segment: &Segment) -> Result<(), ArchiveError> {
        let (mut reader, mut decoder) = (Reader::open(&segment.path)?, Decoder::default());
        while let Some(line) = reader.line()? {
            if let Decoded::Record(Record::Loss(loss)) = decoder.decode(line.bytes) {
                self.shares.was_told(&loss);
            }
        }
        Ok(())
    }
}
