//! Ticks to bars and feed events to gaps, seen from outside.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod attested;
mod bars;
mod coverage;
mod gaps;
mod guards;
mod minutes;
mod returns;
mod shares;
mod silences;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{FeedChange, FeedEvent, FeedId, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};

/// An instant of Thursday, 22 January 2026, which is `10:00:00` by the Korean clock at the earliest hour used here.
fn at(time: &str) -> DateTime<Utc> {
    format!("2026-01-22T{time}Z").parse().unwrap()
}

fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

fn session(name: &str) -> SessionId {
    name.parse().unwrap()
}

/// A trade of 005930, at so many won, of so many shares.
fn tick(time: &str, won: i64, shares: i64) -> Tick {
    tick_of("005930", at(time), won, shares)
}

fn tick_of(code: &str, event_time: DateTime<Utc>, won: i64, shares: i64) -> Tick {
    Tick {
        symbol: symbol(code),
        event_time,
        last_price: Some(Price::from_won(won).unwrap()),
        volume: Some(Quantity::new(shares).unwrap()),
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id: session("run-1"),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

fn feed(nth: u32) -> FeedId {
    FeedId::nth_of(&session("run-1"), nth).unwrap()
}

fn event(nth: u32, at: DateTime<Utc>, change: FeedChange) -> FeedEvent {
    FeedEvent { feed_id: feed(nth), session_id: session("run-1"), at, change }
}

fn subscribed(code: &str) -> FeedChange {
    FeedChange::Subscribed { symbol: symbol(code) }
}

fn unsubscribed(code: &str) -> FeedChange {
    FeedChange::Unsubscribed { symbol: symbol(code) }
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}
