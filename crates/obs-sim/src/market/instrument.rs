//! One stock of the simulated market: how its price moves and what its day adds up to.

use chrono::{DateTime, Utc};
use obs_model::{Symbol, trading_day};
use rand::{Rng, RngExt};

use super::{
    listing::Listing,
    tick_grid::{floor_to_tick, price_limits, tick_down, tick_size, tick_up},
    trade::{DayFigures, Mark, Quotes, Reference, Trade, TradeSide},
};

/// A stock between two trades.
pub(super) struct Instrument {
    symbol: Symbol,
    bid: i64,
    ask: i64,
    last: i64,
    reference: Reference,
    day: Option<DayFigures>,
}

impl Instrument {
    pub(super) fn new(listing: &Listing, rng: &mut impl Rng) -> Self {
        let base = listing.base_price;
        let reference = Reference {
            previous_volume: rng.random_range(100_000..20_000_000),
            listed_shares: rng.random_range(20_000_000..6_000_000_000),
            ..Reference::around(base)
        };
        Self { symbol: listing.symbol, bid: base, ask: tick_up(base), last: base, reference, day: None }
    }

    /// Whether the next order buys. The further the price has gone from the base, the likelier an order that brings it back,
    /// so that a day of many trades does not end at the price limit.
    pub(super) fn next_buys(&self, rng: &mut impl Rng) -> bool {
        let width = (self.reference.upper_limit - self.reference.base_price).max(1);
        let pull = (self.last - self.reference.base_price) * 400 / width;
        rng.random_range(0..1_000) < 500 - pull
    }

    /// Makes one trade of an order that buys or sells.
    pub(super) fn trade(&mut self, at: DateTime<Utc>, buys: bool, rng: &mut impl Rng) -> Trade {
        let date = trading_day(at);
        let (price, volume, side, mut day) = match self.day {
            Some(day) if day.date == date => {
                let price = self.take_quote(buys, rng);
                (price, heavy_tailed(rng), if buys { TradeSide::Buy } else { TradeSide::Sell }, day)
            }
            earlier => {
                if let Some(day) = earlier {
                    self.start_day_after(&day);
                }
                let price = self.open_auction(rng);
                (price, 500 + heavy_tailed(rng), TradeSide::Auction, DayFigures::opened_by(date, Mark { price, at }))
            }
        };
        day.add(Mark { price, at }, volume, side);
        self.last = price;
        self.day = Some(day);
        Trade { symbol: self.symbol, at, price, volume, side, quotes: self.quotes(rng), day, reference: self.reference }
    }

    fn start_day_after(&mut self, day: &DayFigures) {
        let base = floor_to_tick(self.last).max(Listing::LEAST_BASE_PRICE);
        let previous_volume = day.volume;
        self.reference =
            Reference { previous_volume, listed_shares: self.reference.listed_shares, ..Reference::around(base) };
    }

    /// Opens up to three ticks from the base price and returns the opening price.
    fn open_auction(&mut self, rng: &mut impl Rng) -> i64 {
        let ticks: i32 = rng.random_range(-3..=3);
        let step = if ticks < 0 { tick_down } else { tick_up };
        self.bid = (0..ticks.abs()).fold(self.reference.base_price, |price, _| step(price));
        self.ask = tick_up(self.bid);
        self.bid
    }

    /// Trades at a quote, moves the quotes for what comes next, and returns the price. The price never leaves the quotes.
    fn take_quote(&mut self, buys: bool, rng: &mut impl Rng) -> i64 {
        let tick = self.ask - self.bid;
        // An order at the midpoint trades half a tick off the grid, where half a tick is whole won.
        if rng.random_ratio(1, 64) && tick == tick_size(self.bid) && tick % 2 == 0 {
            return self.bid + tick / 2;
        }
        // One trade in four takes all that a quote offers; else, one in eight leaves the other side two ticks away.
        let (exhausts, widens) = (rng.random_ratio(1, 4), rng.random_ratio(1, 8));
        let Reference { lower_limit, upper_limit, .. } = self.reference;
        let below = |price| Some(tick_down(price)).filter(|below| *below >= lower_limit);
        let above = |price| Some(tick_up(price)).filter(|above| *above <= upper_limit);
        let price = if buys { self.ask } else { self.bid };
        let bid = below(price).map(|bid| if widens { below(bid).unwrap_or(bid) } else { bid });
        let ask = above(price).map(|ask| if widens { above(ask).unwrap_or(ask) } else { ask });
        (self.bid, self.ask) = match (buys, exhausts, bid, ask) {
            (true, true, _, Some(_)) => (price, tick_up(price)),
            (false, true, Some(_), _) => (tick_down(price), price),
            (true, _, Some(bid), _) => (bid, price),
            (false, _, _, Some(ask)) => (price, ask),
            // A bid has an ask above it and an ask a bid below it, so one of the above holds.
            _ => (self.bid, self.ask),
        };
        price
    }

    fn quotes(&self, rng: &mut impl Rng) -> Quotes {
        let (bid_size, ask_size) = (heavy_tailed(rng), heavy_tailed(rng));
        let total = |best: i64, rng: &mut _| best + 9 * heavy_tailed(rng);
        let (total_bid_size, total_ask_size) = (total(bid_size, rng), total(ask_size, rng));
        Quotes { bid: self.bid, ask: self.ask, bid_size, ask_size, total_bid_size, total_ask_size }
    }
}

impl Reference {
    fn around(base_price: i64) -> Self {
        let (lower_limit, upper_limit) = price_limits(base_price);
        Self { base_price, lower_limit, upper_limit, previous_volume: 0, listed_shares: 0 }
    }
}

/// A count of shares from 1 to 16,383: every doubling is half as likely.
fn heavy_tailed(rng: &mut impl Rng) -> i64 {
    let level = rng.next_u32().trailing_zeros().min(13);
    rng.random_range(1_i64 << level..2 << level)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The last of many trades in one direction, of a kind that the pull back to the base keeps from ever happening.
    fn last_of_many(buys: bool) -> Trade {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // Its limits lie in other bands of the tick table than the price itself.
        let listing =
            Listing { symbol: Symbol::new("005930").unwrap(), name: "삼성전자".to_owned(), base_price: 199_900 };
        let mut instrument = Instrument::new(&listing, &mut rng);
        let mut trade = || instrument.trade(DateTime::UNIX_EPOCH, buys, &mut rng);
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
    }

    #[test]
    fn a_price_that_only_falls_stops_at_the_lower_limit() {
        let trade = last_of_many(false);
        assert_eq!(trade.reference.lower_limit, 140_000);
        assert_eq!((trade.price, trade.quotes.bid), (140_000, 140_000));
    }
}
