//! One trading day of the archive.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_aggregate::Shares;
use obs_archive::ArchiveError;
use obs_model::{Bar, Quantity, SchemaVersion, SessionId, SwingBar, Symbol, Tick, trading_day};
use obs_pipeline::decode_line;
use obs_schema::{Decoded, Decoder, Record, TickRecord};

use crate::{
    Progress,
    archive::{Archive, Sourced, each_line},
    returns::Returns,
};

/// What the lines of a day say, in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) ticks: Vec<TickLine>,
    pub(crate) bars: Vec<Sourced<Bar>>,
    pub(crate) swing_bars: Vec<Sourced<SwingBar>>,
    /// When the Python system asked for any symbol's ten-minute bar, wanted or not.
    pub(crate) asked: Vec<DateTime<Utc>>,
    pub(crate) shares: Shares,
    /// Symbols with volumes that loading works out.
    pub(crate) differenced: BTreeSet<Symbol>,
    /// Symbols whose shares others recorded, who told no losses, and until when.
    pub(crate) others_until: HashMap<Symbol, DateTime<Utc>>,
    /// The run of the last tick: another one never brings late records of this one.
    run: Option<SessionId>,
    /// Records that happened a minute or more before one that came before them.
    pub(crate) backwards: Vec<Sourced<Backwards>>,
    /// Records that say the same as the one before them of their symbol, the running total included.
    pub(crate) repeated: Vec<Sourced<Tick>>,
    /// The first records of ours behind gaps, as far as they do not say so.
    pub(crate) unmarked: Vec<Sourced<Tick>>,
}

/// A tick's line.
#[derive(Clone, Debug)]
pub(crate) struct TickLine {
    pub(crate) tick: Tick,
    pub(crate) file: usize,
    pub(crate) line: u64,
    /// It is written in our own form, whose flags are final. Loading may lower those of others.
    pub(crate) is_ours: bool,
    /// It has no volume of its own, or none that is known: loading works it out.
    pub(crate) is_differenced: bool,
}

/// A record that happened long before one that came before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backwards {
    pub(crate) symbol: Symbol,
    pub(crate) before: DateTime<Utc>,
    pub(crate) at: DateTime<Utc>,
}

/// What was last seen of a symbol.
struct Last {
    latest: DateTime<Utc>,
    tick: Tick,
    total: Option<Quantity>,
}

impl Day {
    /// Reads a day out of those files that have records on it.
    pub(crate) fn read(
        archive: &Archive,
        day: NaiveDate,
        symbol: Option<Symbol>,
        decoder: &Decoder,
        progress: &Progress,
    ) -> Result<Self, ArchiveError> {
        let records = archive.files.iter().filter_map(|file| file.days.get(&day)).sum::<u64>();
        let capacity = if symbol.is_none() { usize::try_from(records).unwrap_or_default() } else { 0 };
        let mut found = Self { ticks: Vec::with_capacity(capacity), ..Self::default() };
        let mut last: HashMap<Symbol, Last> = HashMap::new();
        let mut returns = Returns::of(archive.gaps.iter().map(|line| &line.what), day);
        for (nth, file) in archive.files.iter().enumerate().filter(|(_, file)| file.days.contains_key(&day)) {
            let mut decoder = decoder.clone();
            let until = file.loaded_until();
            each_line(&file.path, |line| {
                progress.advance(line.end - line.offset);
                if line.offset >= until {
                    return;
                }
                let number = line.number;
                let is_wanted = |of: Symbol, at| symbol.is_none_or(|symbol| symbol == of) && trading_day(at) == day;
                match decode_line(&mut decoder, line) {
                    Decoded::Record(Record::Tick(record)) if is_wanted(record.tick.symbol, record.tick.event_time) => {
                        found.look_at(&record, &mut last, nth, number);
                        let is_ours = line.bytes.starts_with(br#"{"v":"#);
                        if is_ours && returns.is_unmarked(&record) {
                            found.unmarked.push(Sourced { what: record.tick.clone(), file: nth, line: number });
                        }
                        let is_differenced = found.add_shares(&record, is_ours);
                        found.ticks.push(TickLine { tick: record.tick, file: nth, line: number, is_ours, is_differenced });
                    }
                    Decoded::Record(Record::Bar(what)) if is_wanted(what.symbol, what.bar_time) => {
                        found.bars.push(Sourced { what, file: nth, line: number });
                    }
                    Decoded::Record(Record::Swing(swing)) if trading_day(swing.bar.bar_time) == day => {
                        if swing.bar.schema_version == SchemaVersion::V1 {
                            found.asked.push(swing.received_at);
                        }
                        if is_wanted(swing.bar.symbol, swing.bar.bar_time) {
                            found.swing_bars.push(Sourced { what: swing.bar, file: nth, line: number });
                        }
                    }
                    _ => {}
                }
            })?;
        }
        Ok(found)
    }

    /// Puts a tick into the account of shares, and says whether its own are for loading to work out.
    fn add_shares(&mut self, TickRecord { received_at, cumulative_volume, tick }: &TickRecord, is_ours: bool) -> bool {
        let is_of_another_run = self.run.as_ref() != Some(&tick.session_id);
        if is_of_another_run && self.run.replace(tick.session_id.clone()).is_some() {
            self.shares.another_run();
        }
        let Some(total) = *cumulative_volume else { return false };
        if !is_ours {
            let until = self.others_until.entry(tick.symbol).or_insert(tick.event_time);
            *until = tick.event_time.max(*until);
        }
        if let Some(volume) = tick.volume {
            self.shares.add(tick.symbol, tick.event_time, *received_at, volume.shares(), total.shares());
            return false;
        }
        self.shares.add_total(tick.symbol, tick.event_time, *received_at, total.shares());
        self.differenced.insert(tick.symbol);
        true
    }

    /// Notes what is odd about a tick's place in the order.
    fn look_at(&mut self, record: &TickRecord, last: &mut HashMap<Symbol, Last>, file: usize, line: u64) {
        let (tick, total) = (&record.tick, record.cumulative_volume);
        let at = tick.event_time;
        let Some(before) = last.get_mut(&tick.symbol) else {
            last.insert(tick.symbol, Last { latest: at, tick: tick.clone(), total });
            return;
        };
        if before.latest - at >= TimeDelta::minutes(1) {
            self.backwards.push(Sourced { what: Backwards { symbol: tick.symbol, before: before.latest, at }, file, line });
        }
        // A trade raises the total; without a total two equal records may be two equal trades.
        if total.is_some() && before.total == total && before.tick == *tick {
            self.repeated.push(Sourced { what: tick.clone(), file, line });
        }
        *before = Last { latest: before.latest.max(at), tick: tick.clone(), total };
    }
}
