//! Candles are what the trades add up to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use obs_model::{Calendar, Symbol, minute_of};
use obs_sim::market::{Candle, DailyBar, price_limits, tick_size};
use proptest::prelude::*;

use crate::{at, each_trade, krx};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn minutes_and_the_day_add_up_from_trades(seed: u64, listings in 1..80_usize) {
        let mut market = krx(seed, listings, 1);
        let mut minutes: BTreeMap<(Symbol, DateTime<Utc>), Candle> = BTreeMap::new();
        let mut values: BTreeMap<Symbol, i64> = BTreeMap::new();
        each_trade(&mut market, "2026-01-22T08:00:00+09:00", "2026-01-22T16:00:00+09:00", |_, trade| {
            let value = values.entry(trade.symbol).or_default();
            *value += trade.price * trade.volume;
            let (minute, price) = (minute_of(trade.at), trade.price);
            let first = Candle { minute, open: price, high: price, low: price, close: price, volume: 0, cumulative_value: 0 };
            let candle = minutes.entry((trade.symbol, minute)).or_insert(first);
            candle.high = candle.high.max(price);
            candle.low = candle.low.min(price);
            candle.close = price;
            candle.volume += trade.volume;
            candle.cumulative_value = *value;
        });
        let day = market.day().unwrap();
        for symbol in market.symbols() {
            let expected: Vec<Candle> = minutes.range((symbol, DateTime::UNIX_EPOCH)..=(symbol, DateTime::<Utc>::MAX_UTC)).map(|(_, candle)| *candle).collect();
            prop_assert_eq!(market.candles(symbol, day), &expected[..]);
            prop_assert_eq!(market.candles(symbol, day.succ_opt().unwrap()), &[]);
            let newest = market.daily_bars(symbol)[0];
            match (expected.first(), expected.last()) {
                (Some(first), Some(last)) => prop_assert_eq!(newest, DailyBar {
                    date: day,
                    open: first.open,
                    high: expected.iter().map(|candle| candle.high).max().unwrap(),
                    low: expected.iter().map(|candle| candle.low).min().unwrap(),
                    close: last.close,
                    volume: expected.iter().map(|candle| candle.volume).sum(),
                    value: last.cumulative_value,
                }),
                _ => prop_assert!(newest.date < day),
            }
        }
    }
}

#[test]
fn a_hundred_invented_days_lead_to_the_base_price() {
    let mut market = krx(4, 300, 2);
    assert_eq!(market.daily_bars("005930".parse().unwrap()), []);
    market.advance(at("2026-01-22T08:59:00+09:00"), at("2026-01-22T08:59:01+09:00"));
    for listing in market.listings().cloned().collect::<Vec<_>>() {
        let bars = market.daily_bars(listing.symbol);
        assert_eq!((bars.len(), bars[0].date.to_string().as_str()), (100, "2026-01-21"));
        assert_eq!(bars[0].close, listing.base_price);
        assert_eq!(bars[0].volume, market.stock(listing.symbol).unwrap().reference.previous_volume);
        for (bar, before) in bars.iter().zip(&bars[1..]) {
            assert!(Calendar::krx().session(bar.date).is_some() && bar.date > before.date);
            let (lowest, highest) = price_limits(before.close);
            assert!(lowest <= bar.low && bar.high <= highest, "{bar:?} after {before:?}");
        }
        for bar in &bars {
            assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close), "{bar:?}");
            assert!([bar.open, bar.high, bar.low, bar.close].iter().all(|price| price % tick_size(*price) == 0));
            assert!(bar.volume >= 0 && bar.value <= bar.high * bar.volume && bar.value >= bar.low * bar.volume);
        }
    }
}

#[test]
fn a_simulated_day_becomes_history() {
    let mut market = krx(4, 41, 2);
    each_trade(&mut market, "2026-01-22T08:00:00+09:00", "2026-01-23T10:00:00+09:00", |_, _| {});
    let bars = market.daily_bars("005930".parse().unwrap());
    let dates: Vec<String> = bars.iter().take(3).map(|bar| bar.date.to_string()).collect();
    assert_eq!((dates, bars.len()), (["2026-01-23", "2026-01-22", "2026-01-21"].map(str::to_owned).to_vec(), 102));
}
