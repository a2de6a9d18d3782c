//! One stock as a customer sees it: its quotes, its day, and ten levels of its order book.

use chrono::{DateTime, Utc};
use obs_model::Symbol;

use super::{
    listing::Board,
    session::Phase,
    tick_grid::{tick_down, tick_up},
    trade::{DayFigures, Quotes, Reference},
};

/// A stock at an instant. Prices are whole won, quantities shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockView {
    /// Its short code.
    pub symbol: Symbol,
    /// Its Korean name.
    pub name: String,
    /// The board that it is listed on.
    pub board: Board,
    /// The instant up to which the market has been advanced.
    pub at: DateTime<Utc>,
    /// The last price; without a trade so far, the base price.
    pub last: i64,
    /// The best bid and ask.
    pub quotes: Quotes,
    /// The last trading day so far. `None` until its first trade.
    pub day: Option<DayFigures>,
    /// What the day is measured against.
    pub reference: Reference,
    /// What the market is doing.
    pub phase: Phase,
    /// Whether this stock may not be traded at the moment.
    pub halted: bool,
    /// In an auction, the price and the shares that it would bring now.
    pub expected: Option<Level>,
}

/// A price and how many shares wait at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The price in won.
    pub price: i64,
    /// Shares.
    pub size: i64,
}

/// The order book of a stock, ten levels a side. It follows from the quotes: the same quotes, the same book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookView {
    /// What is traded.
    pub symbol: Symbol,
    /// When the book was so.
    pub at: DateTime<Utc>,
    /// What the market is doing.
    pub phase: Phase,
    /// Offers, the lowest first; as many as there are up to the price limit, at most ten.
    pub asks: Vec<Level>,
    /// Bids, the highest first; likewise.
    pub bids: Vec<Level>,
    /// In an auction, the price and the shares that it would bring now.
    pub expected: Option<Level>,
    /// The previous close.
    pub base_price: i64,
    /// Shares traded on the day.
    pub volume: i64,
}

impl StockView {
    /// The order book.
    #[must_use]
    pub fn book(&self) -> BookView {
        let Self { symbol, at, phase, expected, .. } = *self;
        let Quotes { bid, ask, bid_size, ask_size, total_bid_size, total_ask_size } = self.quotes;
        let Reference { base_price, lower_limit, upper_limit, .. } = self.reference;
        let above = |price| Some(tick_up(price)).filter(|price| *price <= upper_limit);
        let below = |price| Some(tick_down(price)).filter(|price| *price >= lower_limit);
        BookView {
            symbol,
            at,
            phase,
            asks: ladder(ask, above, ask_size, total_ask_size),
            bids: ladder(bid, below, bid_size, total_bid_size),
            expected,
            base_price,
            volume: self.day.map_or(0, |day| day.volume),
        }
    }
}

impl BookView {
    /// How many levels a side has at most.
    pub const LEVELS: usize = 10;
}

/// Spreads what waits beyond the best price over the levels after it, unevenly, so that the sum stays.
fn ladder(best: i64, next: impl Fn(i64) -> Option<i64>, best_size: i64, total: i64) -> Vec<Level> {
    let beyond = std::iter::successors(next(best), |price| next(*price));
    // Some digits of the price serve as chance: a level that is not touched keeps its share.
    let weighted: Vec<(i64, i64)> = beyond.take(BookView::LEVELS - 1).map(|price| (price, 1 + price * 7_919 % 31)).collect();
    let (count, weights) = (weighted.len() as i64, weighted.iter().map(|(_, weight)| weight).sum::<i64>());
    let to_spread = (total - best_size - count).max(0);
    let mut levels = vec![Level { price: best, size: best_size }];
    levels.extend(weighted.iter().map(|(price, weight)| Level { price: *price, size: 1 + to_spread * weight / weights }));
    let spread: i64 = levels.iter().map(|level| level.size).sum();
    if let Some(last) = levels.last_mut() {
        last.size += (total - spread).max(0);
    }
    levels
}
