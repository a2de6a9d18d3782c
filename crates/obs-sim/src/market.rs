//! The simulated market: a seed and time go in, trades come out. It does no I/O and reads no clock.

mod book;
mod candle;
mod draws;
mod instrument;
mod listing;
mod schedule;
mod session;
mod settings;
mod tick_grid;
mod trade;
mod views;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, Symbol, trading_day};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use draws::DayPlan;
use instrument::Instrument;
use schedule::{Event, Schedule};
use session::Session;

pub use book::{BookView, Level, StockView};
pub use candle::{Candle, DailyBar};
pub use listing::{Board, Listing};
pub use session::Phase;
pub use settings::MarketSettings;
pub use tick_grid::{price_limits, tick_size};
pub use trade::{DayFigures, Mark, Quotes, Reference, Trade, TradeSide};

use crate::SimError;

/// A market with the hours of a calendar. Its day begins at Korean midnight, with the last price as the new base.
///
/// With hours, a day opens and closes with an auction of every stock, in between trading is liveliest after the opening and
/// before the close, some stocks are halted for some minutes, and one in eight beyond the 41st trades a few times a day only.
/// A market that never closes ([`Calendar::always`]) has none of that.
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
    seed: u64,
    calendar: Calendar,
    rng: ChaCha8Rng,
    instruments: Vec<Instrument>,
    index: BTreeMap<Symbol, usize>,
    /// For each instrument the sum of its weight and those before it.
    cumulative_weights: Vec<u64>,
    /// Between two orders, on average. `None` in a market that does not trade.
    mean_gap_ns: Option<u64>,
    /// `None` when the calendar knows of no further session.
    next_order: Option<DateTime<Utc>>,
    schedule: Schedule,
    /// The session that the day's figures are of: the running one, or the one before.
    session: Option<Session>,
    /// Since when that session has been simulated: its opening, unless the first call came later.
    watched_from: DateTime<Utc>,
    /// The trading days before the first one that was simulated, newest first.
    history_days: Option<Vec<NaiveDate>>,
    advanced_to: Option<DateTime<Utc>>,
}

impl Market {
    /// An order trades in this many pieces on average.
    const MEAN_PIECES: u64 = 2;
    const MOST_PIECES: u32 = 16;
    /// A stock's shares in a day: far above any real one's, and far below what arithmetic bears.
    const MOST_VOLUME: u64 = 1_000_000_000;

    /// Opens a market.
    ///
    /// # Errors
    /// [`SimError`] without listings, with one listed twice, or with a base price off the grid.
    pub fn new(settings: MarketSettings) -> Result<Self, SimError> {
        settings.check()?;
        let MarketSettings { seed, listings, trades_per_second, calendar } = settings;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let weights: Vec<u64> = (0..listings.len()).map(weight).collect();
        let cumulative_weights: Vec<u64> = weights
            .iter()
            .scan(0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let all = cumulative_weights.last().copied().unwrap_or(1);
        let with_volume = listings.iter().zip(&weights).map(|(listing, weight)| {
            let trades = (u64::from(trades_per_second) * settings::CONTINUOUS_SECONDS).saturating_mul(*weight) / all;
            (listing, trades.saturating_mul(instrument::MEAN_VOLUME).min(Self::MOST_VOLUME).cast_signed())
        });
        let instruments = with_volume.map(|(listing, volume)| Instrument::new(listing, volume, &mut rng)).collect();
        Ok(Self {
            seed,
            calendar,
            rng,
            instruments,
            index: listings.iter().enumerate().map(|(index, listing)| (listing.symbol, index)).collect(),
            cumulative_weights,
            mean_gap_ns: (Self::MEAN_PIECES * 1_000_000_000).checked_div(u64::from(trades_per_second)).map(|ns| ns.max(1)),
            next_order: None,
            schedule: Schedule::default(),
            session: None,
            watched_from: DateTime::UNIX_EPOCH,
            history_days: None,
            advanced_to: None,
        })
    }

    /// Makes the trades of `[from, to)`, in order.
    ///
    /// Consecutive calls give what one call over the whole stretch gives. A call that does not begin where the last one
    /// ended leaves out the time between: nothing is traded while nobody looks.
    pub fn advance(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Trade> {
        let mut trades = Vec::new();
        if from > to {
            return trades;
        }
        if self.advanced_to != Some(from) {
            self.begin(from);
        }
        self.advanced_to = Some(to);
        loop {
            let order = self.next_order.filter(|at| *at < to);
            match (self.schedule.take_before(order.unwrap_or(to), order.is_some()), order) {
                (Some((at, event)), _) => self.happen(at, event, &mut trades),
                (None, Some(at)) => {
                    self.execute_order(at, &mut trades);
                    self.next_order = self.order_after(at);
                }
                (None, None) => return trades,
            }
        }
    }

    /// Lives through the last part of the day's session up to now: all of it, unless `past` is shorter.
    ///
    /// From the opening on, markets of the same seed have the same past, whenever they are started.
    pub(crate) fn live_through(&mut self, now: DateTime<Utc>, past: Duration) {
        let Some(session) = Session::on(&self.calendar, trading_day(now)) else { return };
        let longest = TimeDelta::from_std(past).unwrap_or(TimeDelta::MAX);
        let mut from = now.checked_sub_signed(longest).map_or(session.open, |from| from.max(session.open));
        // In steps, as the trades of a day would fill the memory.
        while from < now {
            let to = now.min(from + TimeDelta::seconds(1));
            self.advance(from, to);
            from = to;
        }
    }

    /// Makes ready for time that does not follow on what was.
    fn begin(&mut self, from: DateTime<Utc>) {
        let day = trading_day(from);
        match Session::on(&self.calendar, day) {
            Some(session) if self.session.is_none_or(|known| known.date != day) => self.start_day(session, from),
            Some(session) => self.schedule.fill(&self.calendar, day, Some((&session, &self.instruments)), from),
            None => self.schedule.fill(&self.calendar, day, None, from),
        }
        self.next_order = self.order_after(from);
    }

    fn start_day(&mut self, session: Session, from: DateTime<Utc>) {
        for (index, instrument) in self.instruments.iter_mut().enumerate() {
            instrument.start_day(session.date, DayPlan::draw(self.seed, index, &session, is_quiet(index)));
        }
        self.history_days.get_or_insert_with(|| draws::days_before(&self.calendar, session.date));
        self.watched_from = from.max(session.open);
        self.session = Some(session);
        self.schedule.fill(&self.calendar, session.date, Some((&session, &self.instruments)), from);
    }

    fn happen(&mut self, at: DateTime<Utc>, event: Event, trades: &mut Vec<Trade>) {
        let Self { rng, instruments, .. } = self;
        match event {
            Event::NewDay(session) => self.start_day(session, at),
            Event::Opening(date) => {
                let opening = instruments.iter_mut().filter(|instrument| instrument.plan.opens);
                trades.extend(opening.map(|instrument| instrument.open(at, date, instrument.plan.opening_ticks, rng)));
            }
            Event::Resumption(date, index) => {
                trades.extend(instruments.get_mut(index).map(|instrument| instrument.resume(at, date, rng)));
            }
            Event::Close(date) => {
                let closing = instruments.iter_mut().filter(|instrument| instrument.plan.closes);
                trades.extend(closing.map(|instrument| instrument.close(at, date, rng)));
            }
        }
    }

    fn execute_order(&mut self, at: DateTime<Utc>, trades: &mut Vec<Trade>) {
        let Self { rng, instruments, cumulative_weights, session: Some(session), .. } = self else { return };
        let target = rng.random_range(0..cumulative_weights.last().copied().unwrap_or(1));
        let index = cumulative_weights.partition_point(|sum| *sum <= target);
        let Some(instrument) = instruments.get_mut(index) else { return };
        if instrument.plan.halted(at) {
            return;
        }
        let buys = instrument.next_buys(rng);
        let mut pieces = (1 + rng.next_u32().trailing_zeros()).min(Self::MOST_PIECES);
        if instrument.day.is_none() && !session.has_auctions() {
            let ticks = rng.random_range(-3..=3);
            trades.push(instrument.open(at, session.date, ticks, rng));
            pieces -= 1;
        }
        trades.extend((0..pieces).map(|_| instrument.trade(at, session.date, buys, rng)));
    }

    /// When the next order comes: in a session, and the sooner the livelier it is.
    fn order_after(&mut self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut activity_ns = self.draw_gap(self.mean_gap_ns?);
        // Nearly always in the running session, so that the calendar need not be asked.
        let running = self.session.filter(|session| at < session.close);
        match running.map(|session| session.later(at, activity_ns)) {
            Some(Ok(next)) => return Some(next),
            Some(Err(left)) => activity_ns = left,
            None => {}
        }
        let mut day = running.map_or_else(|| trading_day(at), |session| session.date);
        // At one trade a second a session is hardly ever skipped; only in sessions too short for anything is there no order.
        for _ in 0..32 {
            let session = Session::after(&self.calendar, day)?;
            match session.later(at, activity_ns) {
                Ok(next) => return Some(next),
                Err(left) => (day, activity_ns) = (session.date, left),
            }
        }
        None
    }

    fn draw_gap(&mut self, mean_ns: u64) -> u64 {
        let ns = (u128::from(exponential(&mut self.rng)) * u128::from(mean_ns)) >> 32;
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

/// How often the stock at an index is traded, compared with others. Zipf's law: with 41 stocks the busiest makes one trade
/// in seven, the quietest one in 140.
fn weight(index: usize) -> u64 {
    // At 80 trades a second over 2,500 stocks, this many make about four orders a day.
    const QUIET: u64 = 30;
    if is_quiet(index) { QUIET } else { 1_000_000 / (index as u64 + 2) }
}

fn is_quiet(index: usize) -> bool {
    index > 40 && index.is_multiple_of(8)
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
