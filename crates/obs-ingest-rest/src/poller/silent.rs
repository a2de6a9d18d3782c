//! Stocks of which the broker says nothing.

use std::collections::HashMap;

use chrono::NaiveDate;
use obs_model::Symbol;

/// So many answers without data to one question say that there is none; fewer may be a broker that is just starting its day.
pub(super) const EMPTY_ANSWERS: u32 = 3;

/// Windows in a row without data, by stock.
#[derive(Debug, Default)]
pub(crate) struct Silent {
    stocks: HashMap<Symbol, (u32, NaiveDate)>,
}

impl Silent {
    /// A window brought nothing. Says whether the stock is taken for unknown from here on.
    pub(crate) fn nothing(&mut self, symbol: Symbol, day: NaiveDate, unknown_after: u32) -> bool {
        let (windows, asked) = self.stocks.entry(symbol).or_insert((0, day));
        (*windows, *asked) = (windows.saturating_add(1), day);
        *windows == unknown_after.max(1)
    }

    pub(crate) fn heard(&mut self, symbol: Symbol) {
        self.stocks.remove(&symbol);
    }

    /// Whether it was asked for in vain often enough for this day.
    pub(crate) fn is_unknown(&self, symbol: Symbol, day: NaiveDate, unknown_after: u32) -> bool {
        self.stocks.get(&symbol).is_some_and(|(windows, asked)| *windows >= unknown_after.max(1) && *asked == day)
    }
}
