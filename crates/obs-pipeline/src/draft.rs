//! A piece of a file, decoded and not yet projected.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use obs_model::{Bar, FeedEvent, Gap, HealedBar, SwingBar, VolumeBreak};
use obs_schema::{Decoded, NonData, Record, RejectReason, TickRecord};
use obs_store::{Advance, Reject};

/// What some lines of one file say, and the step of the file's position behind them.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) ticks: Vec<TickRecord>,
    pub(crate) recorded_bars: Vec<Bar>,
    pub(crate) swing_bars: Vec<SwingBar>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) feed_events: Vec<FeedEvent>,
    pub(crate) volume_breaks: Vec<VolumeBreak>,
    pub(crate) healed_bars: Vec<HealedBar>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) advance: Option<Advance>,
    pub(crate) tally: Tally,
    /// When the newest of the records reached the recorder.
    pub(crate) newest: Option<DateTime<Utc>>,
}

/// What lines were, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) non_data: BTreeMap<NonData, u64>,
    pub(crate) rejects: BTreeMap<RejectReason, u64>,
    /// Lines in which a recorder tells of what it rejected itself. They go to the reject ledger, too.
    pub(crate) told_rejects: u64,
}

impl Tally {
    /// All lines.
    pub(crate) fn lines(&self) -> u64 {
        self.rows + self.non_data.values().sum::<u64>() + self.rejected()
    }

    /// Lines in the reject ledger.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejects.values().sum::<u64>() + self.told_rejects
    }

    pub(crate) fn count(&mut self, decoded: &Decoded) {
        match decoded {
            Decoded::Record(Record::Slot(_)) => *self.non_data.entry(NonData::Slot).or_default() += 1,
            Decoded::Record(Record::Rejected(_)) => self.told_rejects += 1,
            Decoded::Record(_) => self.rows += 1,
            Decoded::NonData(kind) => *self.non_data.entry(*kind).or_default() += 1,
            Decoded::Reject(rejection) => *self.rejects.entry(rejection.reason).or_default() += 1,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        other.non_data.iter().for_each(|(kind, lines)| *self.non_data.entry(*kind).or_default() += lines);
        other.rejects.iter().for_each(|(reason, lines)| *self.rejects.entry(*reason).or_default() += lines);
        self.told_rejects += other.told_rejects;
    }
}

impl Draft {
    /// Whether it holds only a line that its file may still finish.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.tally.rejects.contains_key(&RejectReason::UnfinishedLine)
    }

    pub(crate) fn push(&mut self, record: Record) {
        self.newest = self.newest.max(Some(record.at()));
        match record {
            Record::Tick(tick) => self.ticks.push(tick),
            Record::Bar(bar) => self.recorded_bars.push(bar),
            Record::Swing(swing) => self.swing_bars.push(swing.bar),
            Record::Gap(gap) => self.gaps.push(gap),
            Record::Feed(event) => self.feed_events.push(event),
            Record::Loss(loss) => self.volume_breaks.push(loss),
            Record::Healed(bar) => self.healed_bars.push(bar),
            // Whoever knows the line has put it among the rejects; of slots there is no table.
            Record::Rejected(_) | Record::Slot(_) => {}
        }
    }
}
