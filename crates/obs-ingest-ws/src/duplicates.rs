//! Telling a trade that came twice from one that came late.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{Price, Symbol, trading_day};
use obs_schema::TickRecord;

/// How many trades of a symbol are remembered: the busiest symbol's last seconds, which is what a broker repeats and what two
/// connections bring at once while a symbol moves from one to the other.
const REMEMBERED: usize = 1_024;

/// Recognises trades that came before, over however many connections.
///
/// The broker numbers nothing, but each trade raises its symbol's cumulative volume of the day: two records with the same
/// total, time, price and quantity are one trade. A record that comes late, behind others, has a total of its own and is kept.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    symbols: HashMap<Symbol, Recent>,
}

#[derive(Clone, Debug)]
struct Recent {
    day: NaiveDate,
    trades: VecDeque<Mark>,
}

/// Cumulative volume, time, price and quantity.
type Mark = (i64, DateTime<Utc>, Option<Price>, i64);

impl Duplicates {
    /// Whether this trade came before. If not, it is remembered.
    pub fn is_duplicate(&mut self, record: &TickRecord) -> bool {
        let tick = &record.tick;
        // Without a total, or with a trade that does not raise it, there is nothing to tell by.
        let (Some(total), Some(volume)) = (record.cumulative_volume, tick.volume.filter(|volume| volume.shares() > 0))
        else {
            return false;
        };
        let mark = (total.shares(), tick.event_time, tick.last_price, volume.shares());
        let day = trading_day(tick.event_time);
        let recent = self.symbols.entry(tick.symbol).or_insert_with(|| Recent { day, trades: VecDeque::new() });
        if recent.day != day {
            *recent = Recent { day, trades: VecDeque::new() };
        }
        // Sorted by the total, so that a late record finds its place and a repeated one is found.
        let place = recent.trades.partition_point(|known| *known < mark);
        if recent.trades.get(place) == Some(&mark) {
            return true;
        }
        recent.trades.insert(place, mark);
        if recent.trades.len() > REMEMBERED {
            recent.trades.pop_front();
        }
        false
    }
}
