//! The simulated market: a seed and time go in, trades come out. It does no I/O and reads no clock.

mod instrument;
mod listing;
mod tick_grid;
mod trade;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use instrument::Instrument;

pub use listing::Listing;
pub use tick_grid::{price_limits, tick_size};
pub use trade::{DayFigures, Mark, Quotes, Reference, Trade, TradeSide};

use crate::SimError;

/// What a simulated market is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSettings {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// The stocks; the earlier in the list, the busier.
    pub listings: Vec<Listing>,
    /// Trades in a second over all stocks, on average. At 0 nothing is traded.
    pub trades_per_second: u32,
}

impl MarketSettings {
    /// The default stocks at 80 trades a second, about what 41 subscribed large caps bring.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, listings: Listing::defaults(), trades_per_second: 80 }
    }
}

/// A market that never closes. Its day begins at Korean midnight, with the last price as the new base.
///
/// Orders arrive at random, each for one stock, and trade at once in one or more pieces. All arithmetic is on integers, so
/// a seed gives the same market on every machine.
///
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use obs_sim::market::{Market, MarketSettings};
///
/// let opening: DateTime<Utc> = "2026-01-22T00:00:00Z".parse().unwrap();
/// let minute = |seed| Market::new(MarketSettings::new(seed)).map(|mut m| m.advance(opening, opening + TimeDelta::minutes(1)));
/// assert_eq!(minute(7)?, minute(7)?);
/// assert_ne!(minute(7)?, minute(8)?);
/// # Ok::<(), obs_sim::SimError>(())
/// ```
pub struct Market {
    rng: ChaCha8Rng,
    instruments: Vec<Instrument>,
    /// For each instrument the sum of its weight and those before it.
    cumulative_weights: Vec<u64>,
    /// Between two orders, on average. `None` in a market that does not trade.
    mean_gap_ns: Option<u64>,
    next_order: DateTime<Utc>,
    advanced_to: Option<DateTime<Utc>>,
}

impl Market {
    /// An order trades in this many pieces on average.
    const MEAN_PIECES: u64 = 2;
    const MOST_PIECES: u32 = 16;

    /// Opens a market.
    ///
    /// # Errors
    /// [`SimError`] without listings, with one listed twice, or with a base price off the grid.
    pub fn new(settings: MarketSettings) -> Result<Self, SimError> {
        let mut symbols = BTreeSet::new();
        for listing in &settings.listings {
            listing.check()?;
            if !symbols.insert(listing.symbol) {
                return Err(SimError::ListedTwice { symbol: listing.symbol });
            }
        }
        if symbols.is_empty() {
            return Err(SimError::NoListings);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let instruments = settings.listings.iter().map(|listing| Instrument::new(listing, &mut rng)).collect();
        // Zipf's law: with 41 stocks the busiest makes one trade in seven, the quietest one in 140.
        let weights = (2..).zip(&settings.listings).map(|(rank, _)| 1_000_000_u64 / rank);
        let cumulative_weights = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Ok(Self {
            rng,
            instruments,
            cumulative_weights: cumulative_weights.collect(),
            mean_gap_ns: (Self::MEAN_PIECES * 1_000_000_000).checked_div(u64::from(settings.trades_per_second)),
            next_order: DateTime::UNIX_EPOCH,
            advanced_to: None,
        })
    }

    /// Makes the trades of `[from, to)`, in order.
    ///
    /// Consecutive calls give what one call over the whole stretch gives. A call that does not begin where the last one
    /// ended leaves out the time between: nothing is traded while nobody looks.
    pub fn advance(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Trade> {
        let mut trades = Vec::new();
        let Some(mean_gap) = self.mean_gap_ns.filter(|_| from < to) else { return trades };
        if self.advanced_to != Some(from) {
            self.next_order = from + self.gap(mean_gap);
        }
        self.advanced_to = Some(to);
        while self.next_order < to {
            self.execute_order(&mut trades);
            let gap = self.gap(mean_gap);
            self.next_order += gap;
        }
        trades
    }

    fn execute_order(&mut self, trades: &mut Vec<Trade>) {
        let Self { rng, instruments, cumulative_weights, next_order, .. } = self;
        let target = rng.random_range(0..cumulative_weights.last().copied().unwrap_or(1));
        let index = cumulative_weights.partition_point(|sum| *sum <= target);
        let Some(instrument) = instruments.get_mut(index) else { return };
        let buys = instrument.next_buys(rng);
        let pieces = (1 + rng.next_u32().trailing_zeros()).min(Self::MOST_PIECES);
        trades.extend((0..pieces).map(|_| instrument.trade(*next_order, buys, rng)));
    }

    fn gap(&mut self, mean_ns: u64) -> TimeDelta {
        let ns = (u128::from(exponential(&mut self.rng)) * u128::from(mean_ns)) >> 32;
        TimeDelta::nanoseconds(i64::try_from(ns).unwrap_or(i64::MAX))
    }
}

/// An exponentially distributed number with mean 1, in units of 2^-32.
///
/// Von Neumann's method needs comparisons only, and no logarithm that could differ between machines: a run of falling
/// uniform numbers that begins at `x` has odd length with probability `e^-x`.
fn exponential(rng: &mut impl Rng) -> u64 {
    let mut whole = 0;
    loop {
        let first = rng.next_u32();
        let (mut previous, mut odd) = (first, true);
        loop {
            let next = rng.next_u32();
            if next > previous {
                break;
            }
            (previous, odd) = (next, !odd);
        }
        if odd {
            return whole + u64::from(first);
        }
        whole += 1 << 32;
    }
}
