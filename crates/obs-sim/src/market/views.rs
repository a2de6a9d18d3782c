//! What can be asked of a market. All of it is as of the instant up to which the market has been advanced.

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{Calendar, Symbol};

use super::{Candle, DailyBar, Level, Listing, Market, Phase, StockView, draws::history, instrument::Instrument};

impl Market {
    /// The instant up to which the market has been advanced. `None` before the first time.
    #[must_use]
    pub fn now(&self) -> Option<DateTime<Utc>> {
        self.advanced_to
    }

    /// What the market is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.session.zip(self.advanced_to).map_or(Phase::Closed, |(session, at)| session.phase(at))
    }

    /// The stocks, the busiest first.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.instruments.iter().map(|instrument| &instrument.listing)
    }

    /// The short codes, the busiest stock's first.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.listings().map(|listing| listing.symbol)
    }

    /// A stock as it is. `None` if it is not listed.
    #[must_use]
    pub fn stock(&self, symbol: Symbol) -> Option<StockView> {
        let instrument = self.instrument(symbol)?;
        let at = self.advanced_to.unwrap_or_default();
        let phase = self.phase();
        Some(StockView {
            symbol,
            name: instrument.listing.name.clone(),
            board: instrument.listing.board,
            at,
            last: instrument.last,
            quotes: instrument.quotes,
            day: instrument.day,
            reference: instrument.reference,
            phase,
            halted: instrument.plan.halted(at),
            expected: expected(instrument, phase),
        })
    }

    /// The minutes of a day in which a stock was traded, oldest first. Only the last trading day's are kept.
    #[must_use]
    pub fn candles(&self, symbol: Symbol, day: NaiveDate) -> &[Candle] {
        let instrument = self.instrument(symbol).filter(|instrument| instrument.date == Some(day));
        instrument.map_or(&[], |instrument| &instrument.candles)
    }

    /// A stock's trading days, newest first, from the running one back to a hundred before the first one that was simulated.
    /// Those are invented, so that they end at the stock's base price.
    #[must_use]
    pub fn daily_bars(&self, symbol: Symbol) -> Vec<DailyBar> {
        let (Some(index), Some(days)) = (self.index.get(&symbol).copied(), &self.history_days) else { return Vec::new() };
        let Some(instrument) = self.instruments.get(index) else { return Vec::new() };
        let Instrument { listing, newest_history_volume, .. } = instrument;
        let today = instrument.day.map(|day| DailyBar::of(&day, instrument.last));
        let before = history(self.seed, index, listing, *newest_history_volume, days);
        today.into_iter().chain(instrument.past.iter().rev().copied()).chain(before).collect()
    }

    /// The day that prices and charts are of: the running one, or the last one that was simulated.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        self.session.map(|session| session.date)
    }

    /// The days and hours of trading.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The part of that day that has been or may be simulated: from its opening, or from a later start, to its close.
    pub(crate) fn hours(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.session.map(|session| (self.watched_from, session.close))
    }

    fn instrument(&self, symbol: Symbol) -> Option<&Instrument> {
        self.index.get(&symbol).and_then(|index| self.instruments.get(*index))
    }
}

fn expected(instrument: &Instrument, phase: Phase) -> Option<Level> {
    match phase {
        Phase::OpeningAuction if instrument.plan.opens => Some(instrument.expected_opening()),
        Phase::ClosingAuction if instrument.plan.closes => Some(instrument.expected_close()),
        _ => None,
    }
}
