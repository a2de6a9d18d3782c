//! The volume of a trade out of the day's running total.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use obs_model::{QualityFlag, Quantity, Symbol, Tick, trading_day};
use obs_schema::TickRecord;
use obs_store::DayVolume;

/// The running totals of symbols and days, as far as they were seen.
///
/// The Python system kept only the day's total. The volume of a trade is what it adds to the highest total before it. The first
/// of a day has none before it, so its volume is unknown and the tick is degraded. So is one whose total is lower: it came late,
/// or from another recorder, and its shares are in the totals that came before it. No share counts twice.
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

    /// Gives a record's tick its volume. The day of a tick that needs one must have been put in.
    pub(crate) fn difference(&mut self, record: TickRecord, changed: &mut BTreeMap<(NaiveDate, Symbol), Quantity>) -> Tick {
        let concerned = Self::concerns(&record);
        let TickRecord { mut tick, cumulative_volume, .. } = record;
        // On a day without such records nobody needs the totals, and ours are all like that.
        let Some(total) = cumulative_volume.filter(|_| concerned || !self.days.is_empty()) else { return tick };
        let day = trading_day(tick.event_time);
        let Some(totals) = self.days.get_mut(&day) else { return tick };
        let before = totals.get(&tick.symbol).copied();
        if concerned {
            tick.volume = before.and_then(|before| total.checked_sub(before));
            if tick.volume.is_none() {
                tick.quality_flag = tick.quality_flag.max(QualityFlag::Degraded);
            }
        }
        if before.is_none_or(|before| before < total) {
            totals.insert(tick.symbol, total);
            changed.insert((day, tick.symbol), total);
        }
        tick
    }
}
