//! The volume of a trade out of the day's running total.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use obs_model::{QualityFlag, Quantity, Symbol, Tick, trading_day};
use obs_schema::TickRecord;
use obs_store::DayVolume;

/// The running totals of symbols and days, as far as they were seen.
///
/// The Python system kept only the day's total. The volume of a trade is the difference to the one before; the first of a day
/// has none before it, so its volume is unknown and the tick is degraded. So is one whose total falls: the lines are out of
/// order or from another recorder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Volumes {
    days: BTreeMap<NaiveDate, BTreeMap<Symbol, Quantity>>,
}

impl Volumes {
    /// Whether the totals of a day were put in.
    pub(crate) fn knows(&self, day: NaiveDate) -> bool {
        self.days.contains_key(&day)
    }

    /// Puts in what the store knows of a day.
    pub(crate) fn put(&mut self, day: NaiveDate, volumes: Vec<DayVolume>) {
        let totals = volumes.into_iter().map(|volume| (volume.symbol, volume.cumulative)).collect();
        self.days.insert(day, totals);
    }

    /// Whether a record's own volume has to be taken from the total.
    pub(crate) const fn concerns(record: &TickRecord) -> bool {
        record.tick.volume.is_none() && record.cumulative_volume.is_some()
    }

    /// Gives a record's tick its volume. The tick's day must have been put in.
    pub(crate) fn difference(&mut self, record: TickRecord, changed: &mut BTreeMap<(NaiveDate, Symbol), Quantity>) -> Tick {
        let concerned = Self::concerns(&record);
        let TickRecord { mut tick, cumulative_volume, .. } = record;
        let Some(total) = cumulative_volume.filter(|_| concerned) else { return tick };
        let day = trading_day(tick.event_time);
        let totals = self.days.entry(day).or_default();
        tick.volume = totals.get(&tick.symbol).and_then(|before| total.checked_sub(*before));
        if tick.volume.is_none() {
            tick.quality_flag = tick.quality_flag.max(QualityFlag::Degraded);
        }
        totals.insert(tick.symbol, total);
        changed.insert((day, tick.symbol), total);
        tick
    }
}
