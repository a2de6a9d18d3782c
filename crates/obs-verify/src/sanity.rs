//! What is odd about the data itself, wherever it is stored.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, Timelike};
use obs_model::{Bar, KST, Price, QualityFlag, SwingBar, Symbol, Tick, trading_day};

use crate::{
    Code, Section, Subject,
    archive::Archive,
    day::{Backwards, Day},
    report::{CoverageBand, HeatCell, korean},
};

/// A price that moves by more than this share of itself from one trade to the next is odd: one part in so many.
const JUMP: i64 = 10;

/// The bands of coverage that a report tells apart, by their lower ends.
const BANDS: [(&str, f64); 5] =
    [("1.0", 1.0), ("0.9 to 1.0", 0.9), ("0.7 to 0.9", 0.7), ("0.5 to 0.7", 0.5), ("below 0.5", 0.0)];

/// Looks at rows as they pass by, day after day.
#[derive(Debug)]
pub(crate) struct Sanity {
    section: Section,
    /// The last price of each symbol, and its day.
    prices: HashMap<Symbol, (NaiveDate, Price)>,
    bands: [u64; BANDS.len()],
    /// Sums and numbers of coverages.
    hours: BTreeMap<(NaiveDate, u32, Symbol), (f64, u32)>,
}

impl Sanity {
    pub(crate) fn new() -> Self {
        let section = Section::new(Subject::Sanity);
        Self { section, prices: HashMap::new(), bands: [0; BANDS.len()], hours: BTreeMap::new() }
    }

    /// Looks at the order of a day's lines.
    pub(crate) fn lines(&mut self, archive: &Archive, day: &Day) {
        for line in &day.backwards {
            let Backwards { symbol, before, at } = line.what;
            let what = format!("{symbol} at {} comes behind {}", korean(at), korean(before));
            self.section.find(Code::TimeBackwards, archive.place_of(line), what);
        }
        for line in &day.repeated {
            let what = format!("it says the same as the record of {} before it, running total included", line.what.symbol);
            self.section.find(Code::RecordRepeated, archive.place_of(line), what);
        }
        for line in &day.unmarked {
            let (symbol, flag) = (line.what.symbol, line.what.quality_flag);
            let what = format!("it is the first record of {symbol} behind a gap, and is flagged {flag}");
            self.section.find(Code::FlagMissing, archive.place_of(line), what);
        }
    }

    /// Looks at stored ticks, by time.
    pub(crate) fn ticks(&mut self, rows: &[Tick]) {
        for (column, nulls) in [
            ("last_price", rows.iter().filter(|row| row.last_price.is_none()).count()),
            ("volume", rows.iter().filter(|row| row.volume.is_none()).count()),
            ("bid_price", rows.iter().filter(|row| row.bid_price.is_none()).count()),
            ("ask_price", rows.iter().filter(|row| row.ask_price.is_none()).count()),
            ("bid_size", rows.iter().filter(|row| row.bid_size.is_none()).count()),
            ("ask_size", rows.iter().filter(|row| row.ask_size.is_none()).count()),
        ] {
            self.section.count(&format!("scalp_ticks.{column} empty"), nulls as u64);
        }
        for flag in [QualityFlag::Degraded, QualityFlag::Gap] {
            let flagged = rows.iter().filter(|row| row.quality_flag == flag).count();
            self.section.count(&format!("scalp_ticks flagged {flag}"), flagged as u64);
        }
        for row in rows {
            self.quotes(row);
            self.jump(row);
        }
    }

    fn quotes(&mut self, row: &Tick) {
        if let (Some(bid), Some(ask)) = (row.bid_price, row.ask_price)
            && bid > ask
            && row.quality_flag == QualityFlag::Normal
        {
            self.section.find(Code::QuotesCrossed, name_of(row), format!("the bid is {bid} and the ask {ask}"));
        }
    }

    /// From one day to the next a price may jump.
    fn jump(&mut self, row: &Tick) {
        let (Some(price), day) = (row.last_price, trading_day(row.event_time)) else { return };
        let before = self.prices.insert(row.symbol, (day, price));
        let Some((_, before)) = before.filter(|(of, _)| *of == day) else { return };
        let moved = (price.ten_thousandths() - before.ten_thousandths()).abs();
        if moved > before.ten_thousandths() / JUMP && row.quality_flag == QualityFlag::Normal {
            self.section.find(Code::PriceJump, name_of(row), format!("the price is {price} after {before}"));
        }
    }

    /// Looks at stored one-minute bars.
    pub(crate) fn bars(&mut self, rows: &[Bar]) {
        for row in rows {
            let ratio = row.coverage.ratio();
            let band = BANDS.iter().position(|(_, least)| ratio >= *least).unwrap_or(BANDS.len() - 1);
            self.bands[band] += 1;
            let hour = row.bar_time.with_timezone(&KST).hour();
            let (sum, bars) = self.hours.entry((trading_day(row.bar_time), hour, row.symbol)).or_default();
            (*sum, *bars) = (*sum + ratio, *bars + 1);
        }
    }

    /// Looks at stored ten-minute bars.
    pub(crate) fn swing_bars(&mut self, rows: &[SwingBar]) {
        for (column, nulls) in [
            ("open", rows.iter().filter(|row| row.open.is_none()).count()),
            ("close", rows.iter().filter(|row| row.close.is_none()).count()),
            ("volume", rows.iter().filter(|row| row.volume.is_none()).count()),
            ("bid_price", rows.iter().filter(|row| row.bid_price.is_none()).count()),
            ("ask_price", rows.iter().filter(|row| row.ask_price.is_none()).count()),
        ] {
            self.section.count(&format!("swing_bars_10m.{column} empty"), nulls as u64);
        }
        for row in rows {
            let (Some(open), Some(high), Some(low), Some(close)) = (row.open, row.high, row.low, row.close) else {
                continue;
            };
            if low > open.min(close) || high < open.max(close) {
                let place = format!("swing_bars_10m {} {}", row.symbol, korean(row.bar_time));
                let what = format!("open {open}, high {high}, low {low} and close {close} contradict each other");
                self.section.find(Code::BarContradicts, place, what);
            }
        }
    }

    /// The section, the coverage bands and the hours.
    pub(crate) fn end(self) -> (Section, Vec<CoverageBand>, Vec<HeatCell>) {
        let bands = BANDS.iter().zip(self.bands).map(|((band, _), bars)| CoverageBand { band, bars }).collect();
        let cell = |((day, hour, symbol), (sum, bars)): ((NaiveDate, u32, Symbol), (f64, u32))| HeatCell {
            day,
            hour,
            symbol,
            coverage: sum / f64::from(bars),
        };
        (self.section, bands, self.hours.into_iter().map(cell).collect())
    }
}

fn name_of(row: &Tick) -> String {
    format!("scalp_ticks {} {}", row.symbol, korean(row.event_time))
}
