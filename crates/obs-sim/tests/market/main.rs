//! The simulated market and what the broker tells of it, without sockets and over them.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod book;
mod candles;
mod frame;
mod quotes;
mod rules;
mod session;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::Calendar;
use obs_sim::market::{Listing, Market, MarketSettings, Trade};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A market with KRX's hours, on whose second day, 2026-01-22, a Thursday, most tests look.
fn krx(seed: u64, listings: usize, trades_per_second: u32) -> Market {
    let listings = Listing::generated(listings);
    Market::new(MarketSettings { seed, listings, trades_per_second, calendar: Calendar::krx() }).unwrap()
}

/// Advances in steps, as long trades do not fit the memory at once.
fn each_trade(market: &mut Market, from: &str, until: &str, mut look: impl FnMut(&Market, &Trade)) {
    let (mut now, until) = (at(from), at(until));
    while now < until {
        let next = until.min(now + TimeDelta::minutes(1));
        for trade in market.advance(now, next) {
            look(market, &trade);
        }
        now = next;
    }
}
