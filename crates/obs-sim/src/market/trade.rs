//! What the simulated market tells about one trade.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use obs_model::Symbol;

/// One trade, with everything that the broker sends along with it. Prices are whole won, quantities shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// What was traded.
    pub symbol: Symbol,
    /// When, exactly; the wire carries [`Trade::event_time`].
    pub at: DateTime<Utc>,
    /// The price; between the quotes it may be half a tick.
    pub price: i64,
    /// The shares of this trade.
    pub volume: i64,
    /// Who started it.
    pub side: TradeSide,
    /// The quotes after it.
    pub quotes: Quotes,
    /// The day so far, this trade included.
    pub day: DayFigures,
    /// What the day is measured against.
    pub reference: Reference,
    /// Whether this trade ends a halt, in an auction of its own.
    pub resumes: bool,
}

/// Who started a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeSide {
    /// A buyer took the ask.
    Buy,
    /// A seller took the bid.
    Sell,
    /// Nobody: an auction.
    Auction,
}

/// The best bid and ask, and the depth behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotes {
    /// The best bid.
    pub bid: i64,
    /// The best ask.
    pub ask: i64,
    /// Shares wanted at the best bid.
    pub bid_size: i64,
    /// Shares offered at the best ask.
    pub ask_size: i64,
    /// Shares wanted at all bids.
    pub total_bid_size: i64,
    /// Shares offered at all asks.
    pub total_ask_size: i64,
}

/// A stock's day so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// The Korean calendar day.
    pub date: NaiveDate,
    /// The first trade.
    pub open: Mark,
    /// The highest trade, the first of equals.
    pub high: Mark,
    /// The lowest trade, the first of equals.
    pub low: Mark,
    /// Shares traded.
    pub volume: i64,
    /// Won turned over.
    pub value: i64,
    /// Trades that sellers started.
    pub sell_count: i64,
    /// Trades that buyers started.
    pub buy_count: i64,
    /// Shares of the trades that sellers started.
    pub sell_volume: i64,
    /// Shares of the trades that buyers started.
    pub buy_volume: i64,
}

/// A price and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The price.
    pub price: i64,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a stock's day is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The previous close.
    pub base_price: i64,
    /// The lowest price of the day.
    pub lower_limit: i64,
    /// The highest price of the day.
    pub upper_limit: i64,
    /// Shares traded the day before.
    pub previous_volume: i64,
    /// Shares there are.
    pub listed_shares: i64,
}

impl Trade {
    /// When, in whole seconds, as the wire carries it.
    #[must_use]
    pub fn event_time(&self) -> DateTime<Utc> {
        self.at.trunc_subsecs(0)
    }

    /// How far the price is from the previous close.
    #[must_use]
    pub const fn change(&self) -> i64 {
        self.price - self.reference.base_price
    }
}

impl DayFigures {
    pub(super) const fn opened_by(date: NaiveDate, first: Mark) -> Self {
        Self {
            date,
            open: first,
            high: first,
            low: first,
            volume: 0,
            value: 0,
            sell_count: 0,
            buy_count: 0,
            sell_volume: 0,
            buy_volume: 0,
        }
    }

    pub(super) fn add(&mut self, mark: Mark, volume: i64, side: TradeSide) {
        if mark.price > self.high.price {
            self.high = mark;
        }
        if mark.price < self.low.price {
            self.low = mark;
        }
        self.volume += volume;
        self.value += mark.price * volume;
        match side {
            TradeSide::Buy => {
                self.buy_count += 1;
                self.buy_volume += volume;
            }
            TradeSide::Sell => {
                self.sell_count += 1;
                self.sell_volume += volume;
            }
            TradeSide::Auction => {}
        }
    }
}
