//! What chance decides of a stock apart from its orders: its days before the simulation, and the course of each day. It is
//! drawn by stock and day, so that it does not depend on when or in which steps the market is advanced.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use obs_model::Calendar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{candle::DailyBar, listing::Listing, session::Session, tick_grid::floor_to_tick};

/// How many trading days before its first one a market can tell of: as many as the broker's daily chart shows at once.
const HISTORY_DAYS: usize = 100;

/// What is settled about a stock before its day begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DayPlan {
    /// How many ticks from the base price it opens.
    pub(super) opening_ticks: i32,
    /// Whether the opening auction brings a trade.
    pub(super) opens: bool,
    /// Whether the closing auction brings a trade.
    pub(super) closes: bool,
    /// Whether that one is at the ask, or at the bid.
    pub(super) closes_at_ask: bool,
    /// The time in which it may not be traded.
    pub(super) halt: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl DayPlan {
    /// One stock in so many is halted on a day.
    const HALTED: u32 = 30;
    /// One auction in so many brings a trade of a quiet stock.
    const QUIET_AUCTION: u32 = 4;

    pub(super) fn draw(seed: u64, index: usize, session: &Session, quiet: bool) -> Self {
        let day = u64::from(session.date.num_days_from_ce().unsigned_abs());
        let mut rng = stream(seed, day << 24 | index as u64);
        let auctions = session.has_auctions();
        let mut prints = || auctions && (!quiet || rng.random_ratio(1, Self::QUIET_AUCTION));
        let (opens, closes) = (prints(), prints());
        let opening_ticks = rng.random_range(-3..=3);
        let closes_at_ask = rng.random();
        let minutes = (session.continuous_until - session.open).num_minutes();
        let halted = auctions && minutes > 90 && rng.random_ratio(1, Self::HALTED);
        let halt = halted.then(|| {
            let start = session.open + TimeDelta::minutes(rng.random_range(15..minutes - 60));
            (start, start + TimeDelta::minutes(rng.random_range(2..=30)))
        });
        Self { opening_ticks, opens, closes, closes_at_ask, halt }
    }

    pub(super) fn halted(&self, at: DateTime<Utc>) -> bool {
        self.halt.is_some_and(|(start, end)| start <= at && at < end)
    }
}

/// The trading days before a market's first one, newest first.
pub(super) fn days_before(calendar: &Calendar, first_day: NaiveDate) -> Vec<NaiveDate> {
    let days = std::iter::successors(first_day.pred_opt(), NaiveDate::pred_opt).take(HISTORY_DAYS * 2);
    days.filter(|day| calendar.session(*day).is_some()).take(HISTORY_DAYS).collect()
}

/// What a stock did on them. The newest closes at the listing's base price and has the volume that is given.
pub(super) fn history(seed: u64, index: usize, listing: &Listing, newest_volume: i64, days: &[NaiveDate]) -> Vec<DailyBar> {
    let mut rng = stream(seed, 1 << 62 | index as u64);
    let mut permille = |range: RangeInclusive<i64>| 1_000 + rng.random_range(range);
    let near = |price: i64, permille: i64| floor_to_tick(price * permille / 1_000).max(Listing::LEAST_BASE_PRICE);
    let (mut close, mut volume) = (listing.base_price, newest_volume);
    let bar = |&date: &NaiveDate| {
        let previous_close = near(close, permille(-25..=25));
        let open = near(previous_close, permille(-8..=8));
        let high = near(open.max(close), permille(0..=15));
        let low = near(open.min(close), permille(-15..=0));
        let bar = DailyBar { date, open, high, low, close, volume, value: volume * ((high + low + close) / 3) };
        (close, volume) = (previous_close, newest_volume * permille(-400..=600) / 1_000);
        bar
    };
    days.iter().map(bar).collect()
}

/// Chance of its own for one purpose. Stream 0 of a market's seed is for its orders; the simulator uses a few of the next.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1 << 63 | number);
    rng
}
