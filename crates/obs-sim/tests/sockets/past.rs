//! A market that has traded before anybody could connect.

use std::time::Duration;

use chrono::TimeDelta;
use obs_model::{Calendar, trading_day};
use obs_sim::{
    SimSettings, Simulator,
    market::{Candle, Market, MarketSettings},
};

use crate::support::{HandClock, morning, settings};

const HOUR: Duration = Duration::from_secs(3_600);

fn krx() -> MarketSettings {
    MarketSettings { trades_per_second: 5, calendar: Calendar::krx(), ..MarketSettings::new(7) }
}

async fn started(clock: &HandClock, market: &MarketSettings, past: Duration) -> Simulator {
    Simulator::start(SimSettings { market: market.clone(), past, ..settings(clock) }).await.unwrap()
}

fn candles(simulator: &Simulator, clock: &HandClock) -> Vec<Candle> {
    simulator.candles("005930".parse().unwrap(), trading_day(clock.now()))
}

#[tokio::test]
async fn a_market_with_a_past_is_as_if_it_had_been_there_since_the_opening_and_has_sent_nothing() {
    let (clock, market) = (morning(), krx());
    let mut twin = Market::new(market.clone()).unwrap();
    // It is ten o'clock.
    twin.advance(clock.now() - TimeDelta::hours(1), clock.now());
    let simulator = started(&clock, &market, 24 * HOUR).await;

    let expected = twin.candles("005930".parse().unwrap(), trading_day(clock.now()));
    assert_eq!((candles(&simulator, &clock).as_slice(), expected.len()), (expected, 60));
    assert_eq!(simulator.ledger().total(), 0);
}

#[tokio::test]
async fn a_past_is_no_longer_than_it_was_asked_for_nor_than_the_session() {
    let (clock, market) = (morning(), krx());
    assert_eq!(candles(&started(&clock, &market, Duration::ZERO).await, &clock), []);
    let last_quarter = candles(&started(&clock, &market, HOUR / 4).await, &clock);
    assert!(last_quarter.iter().all(|candle| clock.now() - candle.minute <= TimeDelta::minutes(15)), "{last_quarter:?}");
    assert!(last_quarter.len() > 10, "{last_quarter:?}");

    let early = HandClock::at("2026-01-22T08:50:00+09:00");
    assert_eq!(candles(&started(&early, &market, 24 * HOUR).await, &early), []);
}
