//! One stock of the simulated market: how its price moves and what its day adds up to.

use chrono::{DateTime, NaiveDate, Utc};
use rand::{Rng, RngExt};

use super::{
    book::Level,
    candle::{Candle, DailyBar},
    draws::DayPlan,
    listing::Listing,
    tick_grid::{floor_to_tick, price_limits, tick_down, tick_size, tick_up},
    trade::{DayFigures, Mark, Quotes, Reference, Trade, TradeSide},
};

/// Shares that an order trades at once, about, on average.
pub(super) const MEAN_VOLUME: u64 = 11;

/// A stock between two trades.
pub(super) struct Instrument {
    pub(super) listing: Listing,
    /// What it trades on an average day, in shares.
    usual_volume: i64,
    pub(super) quotes: Quotes,
    pub(super) last: i64,
    pub(super) reference: Reference,
    pub(super) date: Option<NaiveDate>,
    pub(super) plan: DayPlan,
    pub(super) day: Option<DayFigures>,
    pub(super) candles: Vec<Candle>,
    /// The simulated days before this one, oldest first.
    pub(super) past: Vec<DailyBar>,
    /// The volume of the day before the first.
    pub(super) newest_history_volume: i64,
}

impl Instrument {
    pub(super) fn new(listing: &Listing, usual_volume: i64, rng: &mut impl Rng) -> Self {
        let base = listing.base_price;
        let previous_volume = (usual_volume * rng.random_range(60..160) / 100).max(1);
        let reference = Reference {
            previous_volume,
            listed_shares: rng.random_range(20_000_000..6_000_000_000),
            ..Reference::around(base)
        };
        // Until the first trade, as if a hundred shares waited at each price.
        let (size, total) = (100, 1_000);
        let quotes = Quotes {
            bid: base,
            ask: tick_up(base),
            bid_size: size,
            ask_size: size,
            total_bid_size: total,
            total_ask_size: total,
        };
        Self {
            listing: listing.clone(),
            usual_volume,
            quotes,
            last: base,
            reference,
            date: None,
            plan: DayPlan::default(),
            day: None,
            candles: Vec::new(),
            past: Vec::new(),
            newest_history_volume: previous_volume,
        }
    }

    /// Ends the day before and begins another from its last price.
    pub(super) fn start_day(&mut self, date: NaiveDate, plan: DayPlan) {
        self.plan = plan;
        let Some(ended) = self.date.replace(date) else { return };
        self.candles.clear();
        let day = self.day.take();
        self.past.push(day.map_or_else(|| DailyBar::unmoved(ended, self.last), |day| DailyBar::of(&day, self.last)));
        let Some(day) = day else { return };
        let base = floor_to_tick(self.last).max(Listing::LEAST_BASE_PRICE);
        self.reference = Reference {
            previous_volume: day.volume,
            listed_shares: self.reference.listed_shares,
            ..Reference::around(base)
        };
    }

    /// Whether the next order buys. The further the price has gone from the base, the likelier an order that brings it back,
    /// so that a day of many trades does not end at the price limit.
    pub(super) fn next_buys(&self, rng: &mut impl Rng) -> bool {
        let width = (self.reference.upper_limit - self.reference.base_price).max(1);
        let pull = (self.last - self.reference.base_price) * 400 / width;
        rng.random_range(0..1_000) < 500 - pull
    }

    /// Makes one trade of an order that buys or sells.
    pub(super) fn trade(&mut self, at: DateTime<Utc>, date: NaiveDate, buys: bool, rng: &mut impl Rng) -> Trade {
        let price = self.take_quote(buys, rng);
        let side = if buys { TradeSide::Buy } else { TradeSide::Sell };
        let volume = heavy_tailed(rng);
        self.print(at, date, (price, volume, side), rng)
    }

    /// Opens so many ticks from the base price.
    pub(super) fn open(&mut self, at: DateTime<Utc>, date: NaiveDate, ticks: i32, rng: &mut impl Rng) -> Trade {
        let price = self.opening_price(ticks);
        (self.quotes.bid, self.quotes.ask) = (price, tick_up(price));
        self.auction(at, date, price, rng)
    }

    /// Closes at one of the quotes.
    pub(super) fn close(&mut self, at: DateTime<Utc>, date: NaiveDate, rng: &mut impl Rng) -> Trade {
        self.auction(at, date, self.closing_price(), rng)
    }

    /// Trades again after a halt, at one of the quotes.
    pub(super) fn resume(&mut self, at: DateTime<Utc>, date: NaiveDate, rng: &mut impl Rng) -> Trade {
        let price = if rng.random() { self.quotes.ask } else { self.quotes.bid };
        Trade { resumes: true, ..self.auction(at, date, price, rng) }
    }

    /// The price of the opening auction, and how many shares it will bring.
    pub(super) fn expected_opening(&self) -> Level {
        Level { price: self.opening_price(self.plan.opening_ticks), size: self.least_auction_volume() }
    }

    /// The price of the closing auction, and how many shares it will bring.
    pub(super) fn expected_close(&self) -> Level {
        Level { price: self.closing_price(), size: self.least_auction_volume() }
    }

    fn opening_price(&self, ticks: i32) -> i64 {
        let step = if ticks < 0 { tick_down } else { tick_up };
        (0..ticks.abs()).fold(self.reference.base_price, |price, _| step(price))
    }

    fn closing_price(&self) -> i64 {
        if self.plan.closes_at_ask { self.quotes.ask } else { self.quotes.bid }
    }

    /// A fiftieth of a day and five hundred shares: many times what an order trades.
    fn least_auction_volume(&self) -> i64 {
        500 + self.usual_volume / 50
    }

    fn auction(&mut self, at: DateTime<Utc>, date: NaiveDate, price: i64, rng: &mut impl Rng) -> Trade {
        let volume = self.least_auction_volume() + heavy_tailed(rng);
        self.print(at, date, (price, volume, TradeSide::Auction), rng)
    }

    fn print(
        &mut self,
        at: DateTime<Utc>,
        date: NaiveDate,
        (price, volume, side): (i64, i64, TradeSide),
        rng: &mut impl Rng,
    ) -> Trade {
        let mark = Mark { price, at };
        let day = self.day.get_or_insert_with(|| DayFigures::opened_by(date, mark));
        day.add(mark, volume, side);
        let day = *day;
        Candle::add(&mut self.candles, at, price, volume, day.value);
        self.last = price;
        self.draw_sizes(rng);
        let (symbol, quotes, reference) = (self.listing.symbol, self.quotes, self.reference);
        Trade { symbol, at, price, volume, side, quotes, day, reference, resumes: false }
    }

    /// Trades at a quote, moves the quotes for what comes next, and returns the price. The price never leaves the quotes.
    fn take_quote(&mut self, buys: bool, rng: &mut impl Rng) -> i64 {
        let Quotes { bid, ask, .. } = self.quotes;
        let tick = ask - bid;
        // An order at the midpoint trades half a tick off the grid, where half a tick is whole won.
        if rng.random_ratio(1, 64) && tick == tick_size(bid) && tick % 2 == 0 {
            return bid + tick / 2;
        }
        // One trade in four takes all that a quote offers; else, one in eight leaves the other side two ticks away.
        let (exhausts, widens) = (rng.random_ratio(1, 4), rng.random_ratio(1, 8));
        let Reference { lower_limit, upper_limit, .. } = self.reference;
        let below = |price| Some(tick_down(price)).filter(|below| *below >= lower_limit);
        let above = |price| Some(tick_up(price)).filter(|above| *above <= upper_limit);
        let price = if buys { ask } else { bid };
        let next_bid = below(price).map(|bid| if widens { below(bid).unwrap_or(bid) } else { bid });
        let next_ask = above(price).map(|ask| if widens { above(ask).unwrap_or(ask) } else { ask });
        (self.quotes.bid, self.quotes.ask) = match (buys, exhausts, next_bid, next_ask) {
            (true, true, _, Some(_)) => (price, tick_up(price)),
            (false, true, Some(_), _) => (tick_down(price), price),
            (true, _, Some(bid), _) => (bid, price),
            (false, _, _, Some(ask)) => (price, ask),
            // A bid has an ask above it and an ask a bid below it, so one of the above holds.
            _ => (bid, ask),
        };
        price
    }

    /// How much waits at the quotes and behind them. At a price limit nothing can wait behind.
    fn draw_sizes(&mut self, rng: &mut impl Rng) {
        let (bid_size, ask_size) = (heavy_tailed(rng), heavy_tailed(rng));
        let (behind_bid, behind_ask) = (9 * heavy_tailed(rng), 9 * heavy_tailed(rng));
        let Quotes { bid, ask, .. } = self.quotes;
        let total_bid_size = if bid > self.reference.lower_limit { bid_size + behind_bid } else { bid_size };
        let total_ask_size = if ask < self.reference.upper_limit { ask_size + behind_ask } else { ask_size };
        self.quotes = Quotes { bid, ask, bid_size, ask_size, total_bid_size, total_ask_size };
    }
}

impl Reference {
    fn around(base_price: i64) -> Self {
        let (lower_limit, upper_limit) = price_limits(base_price);
        Self { base_price, lower_limit, upper_limit, previous_volume: 0, listed_shares: 0 }
    }
}

/// A count of shares from 1 to 16,383, [`MEAN_VOLUME`] on average: every doubling is half as likely.
fn heavy_tailed(rng: &mut impl Rng) -> i64 {
    let level = rng.next_u32().trailing_zeros().min(13);
    rng.random_range(1_i64 << level..2 << level)
}

#[cfg(test)]
mod tests {
    use obs_model::{Symbol, trading_day};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::market::Board;

    /// The last of many trades in one direction, of a kind that the pull back to the base keeps from ever happening.
    fn last_of_many(buys: bool) -> Trade {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // Its limits lie in other bands of the tick table than the price itself.
        let listing = Listing {
            symbol: Symbol::new("005930").unwrap(),
            name: "삼성전자".to_owned(),
            base_price: 199_900,
            board: Board::Kospi,
        };
        let mut instrument = Instrument::new(&listing, 1_000, &mut rng);
        let at = DateTime::UNIX_EPOCH;
        let mut trade = || instrument.trade(at, trading_day(at), buys, &mut rng);
        for _ in 0..5_000 {
            let Trade { price, quotes, reference, .. } = trade();
            assert!(reference.lower_limit <= quotes.bid && quotes.bid < quotes.ask && quotes.ask <= reference.upper_limit);
            assert!(quotes.bid <= price && price <= quotes.ask);
        }
        trade()
    }

    #[test]
    fn a_price_that_only_rises_stops_at_the_upper_limit() {
        let trade = last_of_many(true);
        assert_eq!(trade.reference.upper_limit, 259_500);
        assert_eq!((trade.price, trade.quotes.ask), (259_500, 259_500));
        assert_eq!(trade.quotes.total_ask_size, trade.quotes.ask_size);
    }

    #[test]
    fn a_price_that_only_falls_stops_at_the_lower_limit() {
        let trade = last_of_many(false);
        assert_eq!(trade.reference.lower_limit, 140_000);
        assert_eq!((trade.price, trade.quotes.bid), (140_000, 140_000));
        assert_eq!(trade.quotes.total_bid_size, trade.quotes.bid_size);
    }
}
