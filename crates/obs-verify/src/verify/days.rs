//! Trades and bars, one trading day after the other.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use obs_aggregate::Attested;
use obs_model::{SwingBar, Symbol, trading_day};
use obs_store::{Table, TimeRange};

use super::{Verification, VerifyError, in_background, readable};
use crate::{
    Code,
    bars::Bars,
    day::Day,
    request::{until, windows_of},
    shares::{self, Stored},
    swing, ticks,
};

/// The tables that are compared day by day.
const COMPARED: [Table; 3] = [Table::ScalpTicks, Table::ScalpBars, Table::SwingBars];

impl Verification {
    /// Goes through the trading days on which the archive has anything.
    pub(super) async fn days(&mut self) -> Result<(), VerifyError> {
        let days: Vec<NaiveDate> = self.archive.days().into_iter().filter(|day| self.request.has_day(*day)).collect();
        self.days = days.first().copied().zip(days.last().copied());
        let reads = |day: &NaiveDate| -> u64 {
            let files = self.archive.files.iter().filter(|file| file.days.contains_key(day));
            files.map(|file| file.length).sum()
        };
        self.progress.plan(days.iter().map(reads).sum());
        let mut compared = [0; COMPARED.len()];
        for day in days {
            let of_day = self.day(day).await?;
            compared.iter_mut().zip(of_day).for_each(|(sum, rows)| *sum += rows);
        }
        if self.request.is_of_all() && self.archive.live.is_empty() {
            for (table, rows) in COMPARED.into_iter().zip(compared) {
                self.outside(table, rows).await?;
            }
        }
        Ok(())
    }

    /// Compares a day, and gives the number of rows that it has in each of the tables.
    async fn day(&mut self, day: NaiveDate) -> Result<[u64; COMPARED.len()], VerifyError> {
        let mut lines = self.read_day(day).await?;
        let (archive, symbol) = (Arc::clone(&self.archive), self.request.symbol);
        let range = until(TimeRange::of_day(day), archive.settled());
        self.sanity.lines(&archive, &lines);

        let losses: Vec<_> = archive
            .losses
            .iter()
            .filter(|line| trading_day(line.what.before) == day && symbol.is_none_or(|of| of == line.what.symbol))
            .collect();
        let recorded = (std::mem::take(&mut lines.shares), std::mem::take(&mut lines.others_until));
        self.in_shares.extend(shares::account(&archive, day, recorded, &losses, &mut self.shares));

        let sessions = readable(self.store.feed_sessions(range).await, &mut self.bars)?.unwrap_or_default();
        let attested = Attested::new(sessions);
        let stored = readable(self.store.bars(range, symbol).await, &mut self.bars)?;
        self.sanity.bars(stored.as_deref().unwrap_or_default());
        let bars_compared = stored.as_ref().map_or(0, Vec::len) as u64;
        lines.bars.retain(|line| line.what.bar_time < range.until);
        let mut bars = stored.map(|stored| Bars::new(stored, std::mem::take(&mut lines.bars)));

        // By time, then by arrival; a stable sort would need as much memory again.
        lines.ticks.sort_unstable_by_key(|line| (line.tick.event_time, line.file, line.line));
        let mut ticks = lines.ticks.as_mut_slice();
        let mut ticks_compared = 0;
        let mut volumes: BTreeMap<Symbol, Stored> =
            lines.differenced.into_iter().map(|of| (of, Stored::default())).collect();
        for window in windows_of(range) {
            let (here, later) = ticks.split_at_mut(ticks.partition_point(|line| line.tick.event_time < window.until));
            ticks = later;
            let Some(mut rows) = readable(self.store.ticks(window, symbol).await, &mut self.ticks)? else {
                // Sums of the other rows would say nothing.
                volumes.clear();
                continue;
            };
            ticks_compared += rows.len() as u64;
            self.sanity.ticks(&rows);
            if !volumes.is_empty() {
                for row in &rows {
                    volumes.entry(row.symbol).and_modify(|stored| stored.add(row));
                }
            }
            if let Some(bars) = &mut bars {
                bars.compare(&rows, &attested, &mut self.bars);
            }
            ticks::compare(&archive, here, &mut rows, &mut self.ticks);
        }
        if range.until == TimeRange::of_day(day).until {
            shares::compare_stored(&volumes, &self.in_shares, day, &mut self.shares);
        }
        if let Some(bars) = bars {
            bars.end(&archive, &mut self.bars);
        }
        let mut swing_bars =
            readable(self.store.swing_bars(TimeRange::of_day(day), symbol).await, &mut self.swing)?.unwrap_or_default();
        let incoming = self.incoming().await?;
        let is_settled = |bar: &SwingBar| !incoming.swing_bars.contains(&(bar.symbol, bar.bar_time));
        swing_bars.retain(is_settled);
        lines.swing_bars.retain(|line| is_settled(&line.what));
        let compared = [ticks_compared, bars_compared, swing_bars.len() as u64];
        self.sanity.swing_bars(&swing_bars);
        swing::compare(&archive, lines.swing_bars, swing_bars, &mut self.swing);
        let gaps = archive.gaps.iter().map(|line| &line.what);
        swing::find_silences(lines.asked, gaps, &self.request.calendar, &mut self.swing);
        Ok(compared)
    }

    async fn read_day(&self, day: NaiveDate) -> Result<Day, VerifyError> {
        let (archive, progress) = (Arc::clone(&self.archive), Arc::clone(&self.progress));
        let (symbol, decoder) = (self.request.symbol, self.request.decoder.clone());
        in_background(move || Day::read(&archive, day, symbol, &decoder, &progress)).await
    }

    /// Rows on days of which the archive knows nothing.
    async fn outside(&mut self, table: Table, compared: u64) -> Result<(), VerifyError> {
        let stored = self.store.count(table).await?;
        if stored > compared {
            let (section, code) = match table {
                Table::ScalpTicks => (&mut self.ticks, Code::TickOutside),
                Table::ScalpBars => (&mut self.bars, Code::BarExtra),
                _ => (&mut self.swing, Code::SwingExtra),
            };
            let what = format!("{} rows lie on days of which the archive knows nothing", stored - compared);
            section.find(code, table.name(), what);
        }
        Ok(())
    }
}
