//! Which minutes make a stock a candidate.

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_ws::{Candidate, Candle, Priority, Trigger, TriggerSettings, Triggers};
use obs_model::{Calendar, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use proptest::prelude::*;

/// A minute of Monday 2026-11-23, Korean time.
fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-23T{time}:00+09:00").parse().unwrap()
}

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

fn samsung() -> Symbol {
    "005930".parse().unwrap()
}

/// A minute without any range.
fn flat(minute: DateTime<Utc>, volume: i64) -> Candle {
    let price = won(70_000);
    Candle { symbol: samsung(), minute, open: price, high: price, low: price, close: price, volume: shares(volume) }
}

/// So many minutes of the same volume from then on.
fn minutes(from: &str, count: i64, volume: i64) -> Vec<Candle> {
    (0..count).map(|n| flat(at(from) + TimeDelta::minutes(n), volume)).collect()
}

fn tick(time: DateTime<Utc>, price: i64, volume: i64) -> Tick {
    Tick {
        symbol: samsung(),
        event_time: time,
        last_price: Some(won(price)),
        volume: Some(shares(volume)),
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id: SessionId::new("observer-1").unwrap(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

fn triggers() -> Triggers {
    Triggers::new(TriggerSettings::default(), Calendar::krx())
}

fn found(reason: Trigger, at: DateTime<Utc>) -> Candidate {
    let priority = Priority::from_thousandths(match reason {
        Trigger::VolumeSurge => 900,
        Trigger::Volatility => 950,
        Trigger::Resumed => 0,
    });
    Candidate { symbol: samsung(), priority, reason, at }
}

#[test]
fn a_minute_of_five_times_the_mean_is_a_surge() {
    for (volume, expected) in [(499, vec![]), (500, vec![found(Trigger::VolumeSurge, at("10:11"))])] {
        let mut triggers = triggers();
        assert_eq!(triggers.candles(&minutes("10:00", 10, 100), at("10:10")), []);
        assert_eq!(triggers.candles(&[flat(at("10:10"), volume)], at("10:11")), expected, "{volume}");
    }
}

#[test]
fn minutes_without_trades_count_as_zero() {
    let mut triggers = triggers();
    // 600 shares in ten minutes, five of which were quiet.
    let before = [minutes("10:00", 5, 120)].concat();
    assert_eq!(triggers.candles(&before, at("10:10")), []);
    assert_eq!(triggers.candles(&[flat(at("10:10"), 300)], at("10:11")), [found(Trigger::VolumeSurge, at("10:11"))]);
}

#[test]
fn the_order_of_candles_does_not_matter() {
    let mut candles = minutes("10:00", 10, 100);
    candles.push(flat(at("10:10"), 500));
    candles.reverse();
    assert_eq!(triggers().candles(&candles, at("10:11")), [found(Trigger::VolumeSurge, at("10:11"))]);
}

#[test]
fn without_ten_minutes_of_history_there_is_no_surge() {
    let mut triggers = triggers();
    // The first continuous minute is 09:01, so 09:11 is the first that can be judged.
    assert_eq!(triggers.candles(&minutes("09:00", 10, 100), at("09:10")), []);
    assert_eq!(triggers.candles(&[flat(at("09:10"), 5_000)], at("09:11")), []);
    assert_eq!(triggers.candles(&[flat(at("09:11"), 50_000)], at("09:12")), [found(Trigger::VolumeSurge, at("09:12"))]);
}

#[test]
fn yesterday_is_no_history() {
    let mut triggers = triggers();
    let yesterday: Vec<Candle> = minutes("15:00", 20, 100)
        .into_iter()
        .map(|candle| Candle { minute: candle.minute - TimeDelta::days(3), ..candle })
        .collect();
    triggers.candles(&yesterday, at("09:00"));
    assert_eq!(triggers.candles(&minutes("09:01", 1, 5_000), at("09:02")), []);
}

#[test]
fn auctions_and_what_is_outside_the_session_are_left_out() {
    let wild = |time: &str| Candle { high: won(80_000), volume: shares(1_000_000), ..flat(at(time), 0) };
    for time in ["08:59", "09:00", "15:20", "15:29", "15:30", "16:10"] {
        assert_eq!(triggers().candles(&[wild(time)], at(time) + TimeDelta::minutes(1)), [], "{time}");
    }
    for time in ["09:01", "15:19"] {
        let now = at(time) + TimeDelta::minutes(1);
        assert_eq!(triggers().candles(&[wild(time)], now), [found(Trigger::Volatility, now)], "{time}");
    }
    // The opening auction's volume does not count among the minutes before either.
    let mut triggers = triggers();
    let mut morning = minutes("09:01", 10, 100);
    morning.push(wild("09:00"));
    triggers.candles(&morning, at("09:11"));
    assert_eq!(triggers.candles(&[flat(at("09:11"), 500)], at("09:12")), [found(Trigger::VolumeSurge, at("09:12"))]);
}

#[test]
fn a_sunday_has_no_triggers() {
    let candle = Candle { high: won(80_000), minute: at("10:00") - TimeDelta::days(1), ..flat(at("10:00"), 1) };
    assert_eq!(triggers().candles(&[candle], at("10:01") - TimeDelta::days(1)), []);
}

#[test]
fn a_stock_that_hardly_trades_does_not_surge() {
    let mut triggers = triggers();
    // One share in half an hour, then a hundred.
    triggers.candles(&[flat(at("10:00"), 1), flat(at("10:29"), 1)], at("10:30"));
    assert_eq!(triggers.candles(&[flat(at("10:30"), 100)], at("10:31")), []);
    // Nothing at all in ten minutes.
    assert_eq!(triggers.candles(&[flat(at("11:30"), 100_000)], at("11:31")), []);
}

#[test]
fn a_range_of_five_percent_of_the_low_is_volatility() {
    for (high, expected) in [(73_499, vec![]), (73_500, vec![found(Trigger::Volatility, at("10:01"))])] {
        let candle = Candle { high: won(high), ..flat(at("10:00"), 10) };
        assert_eq!(triggers().candles(&[candle], at("10:01")), expected, "{high}");
    }
}

#[test]
fn the_same_trigger_of_a_stock_is_quiet_for_five_minutes() {
    let mut triggers = triggers();
    let wild = |minute: DateTime<Utc>| Candle { high: won(80_000), ..flat(minute, 10) };
    let fired: Vec<i64> = (0..12)
        .filter(|n| {
            let minute = at("10:00") + TimeDelta::minutes(*n);
            !triggers.candles(&[wild(minute)], minute + TimeDelta::minutes(1)).is_empty()
        })
        .collect();
    assert_eq!(fired, [0, 5, 10]);
}

#[test]
fn an_old_minute_is_history_and_no_trigger() {
    let mut triggers = triggers();
    let mut candles = minutes("10:00", 10, 100);
    candles.push(flat(at("10:10"), 500));
    // It ended fifteen minutes and a second ago.
    assert_eq!(triggers.candles(&candles, at("10:26") + TimeDelta::seconds(1)), []);
}

#[test]
fn ticks_tell_as_soon_as_it_is_so() {
    let mut triggers = triggers();
    triggers.candles(&minutes("10:00", 10, 100), at("10:10"));
    let second = |second| at("10:10") + TimeDelta::seconds(second);
    assert_eq!(triggers.tick(&tick(second(5), 70_000, 300), second(5)), []);
    assert_eq!(triggers.tick(&tick(second(9), 70_000, 200), second(9)), [found(Trigger::VolumeSurge, second(9))]);
    assert_eq!(triggers.tick(&tick(second(10), 73_500, 1), second(10)), [found(Trigger::Volatility, second(10))]);
    // The minute's candle comes ten minutes later and says nothing new.
    let candle = Candle { high: won(73_500), ..flat(at("10:10"), 501) };
    assert_eq!(triggers.candles(&[candle], at("10:21")), []);
}

#[test]
fn a_minute_that_was_heard_in_part_is_completed_by_its_candle() {
    let mut triggers = triggers();
    triggers.candles(&minutes("10:00", 10, 100), at("10:10"));
    assert_eq!(triggers.tick(&tick(at("10:10"), 70_000, 200), at("10:10")), []);
    // Not 200 and 400, but 400, of which 200 were heard.
    assert_eq!(triggers.candles(&[flat(at("10:10"), 400)], at("10:11")), []);
    assert_eq!(triggers.candles(&[flat(at("10:10"), 500)], at("10:11")), [found(Trigger::VolumeSurge, at("10:11"))]);
}

#[test]
fn a_hundred_are_live_at_a_time_and_the_least_gives_way_to_more() {
    let mut triggers = triggers();
    let code = |n: i64| -> Symbol { format!("{n:06}").parse().unwrap() };
    let of = |n: i64, candle: Candle| Candle { symbol: code(n), ..candle };
    // A hundred surges.
    for n in 0..100 {
        let mut candles: Vec<Candle> = minutes("10:00", 10, 100).into_iter().map(|candle| of(n, candle)).collect();
        candles.push(of(n, flat(at("10:10"), 500)));
        assert_eq!(triggers.candles(&candles, at("10:11")).len(), 1);
    }
    // One more is too many, but volatility is worth more than a surge.
    let mut candles: Vec<Candle> = minutes("10:00", 10, 100).into_iter().map(|candle| of(100, candle)).collect();
    candles.push(of(100, flat(at("10:10"), 500)));
    assert_eq!((triggers.candles(&candles, at("10:11")), triggers.passed_over()), (vec![], 1));
    let wild = Candle { high: won(80_000), ..of(101, flat(at("10:10"), 1)) };
    assert_eq!(triggers.candles(&[wild], at("10:11")).len(), 1);
    // Half an hour later all of them are over.
    let wild = |n| Candle { high: won(80_000), ..of(n, flat(at("10:41"), 1)) };
    let later: Vec<Candle> = (200..300).map(wild).collect();
    assert_eq!(triggers.candles(&later, at("10:42")).len(), 100);
}

proptest! {
    #[test]
    fn ticks_and_candles_agree(
        trades in prop::collection::vec((0..1200_i64, 60_000..75_000_i64, 1..500_i64), 1..200),
    ) {
        let mut trades = trades;
        trades.sort_unstable();
        let time = |second: i64| at("10:00") + TimeDelta::seconds(second);
        let first = trades[0].0 / 60;
        // What each minute made of its stock, whenever in the minute that was.
        let mut by_ticks = triggers();
        let mut heard: Vec<(Trigger, i64)> = Vec::new();
        let mut by_candles = triggers();
        let mut read: Vec<(Trigger, i64)> = Vec::new();
        for minute in first..20 {
            let of_minute: Vec<_> = trades.iter().filter(|(second, ..)| second / 60 == minute).collect();
            let now = time(minute * 60 + 60);
            for (second, price, volume) in &of_minute {
                heard.extend(by_ticks.tick(&tick(time(*second), *price, *volume), now).iter().map(|found| (found.reason, minute)));
            }
            let (Some(low), Some(high)) =
                (of_minute.iter().map(|trade| trade.1).min(), of_minute.iter().map(|trade| trade.1).max())
            else {
                continue;
            };
            let volume = of_minute.iter().map(|trade| trade.2).sum();
            let candle = Candle { low: won(low), high: won(high), ..flat(time(minute * 60), volume) };
            read.extend(by_candles.candles(&[candle], now).iter().map(|found| (found.reason, minute)));
        }
        heard.sort_by_key(|(reason, minute)| (*minute, *reason));
        prop_assert_eq!(heard, read);
    }
}
