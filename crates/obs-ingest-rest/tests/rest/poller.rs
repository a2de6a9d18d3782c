//! The poller against a broker with good and bad days.

mod catching_up;
mod failures;

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use obs_ingest_rest::{PollItem, Resume};
use obs_kis::Clock;
use obs_model::{Calendar, Gap, GapReason, GapScope, KST, Symbol, TradingDay};

use crate::{
    broker::{Ask, Broker, Reply, minutes},
    running::{Running, SPEED, at, expected, on, session, symbol},
};

const TWO: [&str; 2] = ["000660", "005930"];

fn clock(start: &str) -> Clock {
    Clock::compressed(at(start), SPEED)
}

async fn whole(clock: &Clock) -> Broker {
    Broker::start(clock.clone(), Calendar::krx(), |_| Reply::Whole).await
}

/// An earlier run that accounted for everything up to a time of the day.
fn done(from: &str, until: &str) -> Resume {
    let mut resume = Resume::default();
    resume.observe_gap(&gap(at(from), at(until), GapReason::ManualStop, &[]));
    resume
}

fn gap(start: DateTime<Utc>, end: DateTime<Utc>, reason: GapReason, codes: &[&str]) -> Gap {
    let symbols: Vec<Symbol> = codes.iter().map(|code| symbol(code)).collect();
    Gap::new((start, end), GapScope::Swing, reason, symbols, session()).unwrap()
}

fn window_gap(start: &str, reason: GapReason, codes: &[&str]) -> Gap {
    gap(at(start), at(start) + TimeDelta::minutes(10), reason, codes)
}

/// No chart was asked for a minute that was not over by the broker's clock.
fn assert_nothing_asked_too_early(broker: &Broker) {
    for Ask { until, at, .. } in broker.asks() {
        let Some(until) = until else { continue };
        let now = at.with_timezone(&KST).time();
        assert!(now >= until + TimeDelta::minutes(1), "{until} was asked for at {now}");
    }
}

#[tokio::test]
async fn a_window_gives_each_stock_its_bar_with_the_best_quote() {
    let clock = clock("09:09:30");
    let broker = whole(&clock).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    for start in ["09:00:00", "09:10:00"] {
        let bars = running.bars(2).await;
        assert_eq!(bars, TWO.map(|code| expected(&Calendar::krx(), code, at(start), true)));
    }
    for code in TWO {
        let until = at("09:19:00").with_timezone(&KST).naive_local();
        assert_eq!(running.candles[&symbol(code)], minutes(&Calendar::krx(), code, until).len());
    }
    assert_eq!((running.counters.bars(), running.counters.failed(), running.counters.retries()), (4, 0, 0));
    assert_eq!(running.stop().await, []);
    assert_nothing_asked_too_early(&broker);
}

#[tokio::test]
async fn a_stock_is_asked_for_at_the_same_offset_in_each_window() {
    let clock = clock("09:09:30");
    let broker = whole(&clock).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    running.bars(4).await;
    for (code, offset) in [("000660", 5), ("005930", 5 + 180)] {
        for (ask, due) in broker.charts_of(code).iter().zip(["09:10:00", "09:20:00"]) {
            let late = ask.at - at(due) - TimeDelta::seconds(offset);
            assert!((TimeDelta::seconds(-1)..TimeDelta::seconds(170)).contains(&late), "{code} came {late} late");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn the_last_window_has_the_closing_auction_and_is_asked_for_when_its_minute_is_over() {
    let clock = clock("15:30:30");
    let broker = whole(&clock).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, done("09:00:00", "15:20:00"));
    let bars = running.bars(2).await;
    assert_eq!(bars, TWO.map(|code| expected(&Calendar::krx(), code, at("15:20:00"), true)));
    // Nothing is traded in the ten minutes before the auction, so the bar is the auction.
    assert!(bars.iter().all(|bar| bar.volume.is_some_and(|volume| volume.shares() > 0)));
    assert_eq!(running.stop().await, []);
    assert_nothing_asked_too_early(&broker);
}

#[tokio::test]
async fn a_shifted_day_begins_and_ends_an_hour_later() {
    let clock = Clock::compressed(on("2026-11-19", "10:09:50"), SPEED);
    let broker = whole(&clock).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    let first = on("2026-11-19", "10:00:00");
    assert_eq!(running.bars(2).await, TWO.map(|code| expected(&Calendar::krx(), code, first, true)));
    running.stop().await;

    let clock = Clock::compressed(on("2026-11-19", "16:30:50"), SPEED);
    let broker = whole(&clock).await;
    let mut resume = Resume::default();
    let last = on("2026-11-19", "16:20:00");
    resume.observe_gap(&gap(first, last, GapReason::ManualStop, &[]));
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, resume);
    assert_eq!(running.bars(2).await, TWO.map(|code| expected(&Calendar::krx(), code, last, true)));
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_asked_on_a_holiday_until_the_calendar_says_otherwise() {
    let clock = clock("09:10:00");
    let broker = whole(&clock).await;
    let mut holiday = Calendar::krx();
    holiday.set("2026-11-23".parse().unwrap(), TradingDay::Closed);
    let mut running = Running::start(&broker, clock.clone(), holiday, &TWO, Resume::default());
    clock.sleep_until(at("09:12:00")).await;
    assert!(broker.asks().iter().all(|ask| ask.what != "chart"), "{:?}", broker.asks());
    running.calendar.send(Calendar::krx()).unwrap();
    assert_eq!(running.bar().await.bar_time, at("09:10:00"));
    running.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_ten_seconds_off_asks_for_no_minute_too_early() {
    for off in [-10, 10] {
        let right = clock("09:09:20");
        let broker = whole(&right).await;
        let wrong = right.skewed(TimeDelta::seconds(off));
        let mut running = Running::start(&broker, wrong, Calendar::krx(), &TWO, Resume::default());
        assert_eq!(running.bars(2).await, TWO.map(|code| expected(&Calendar::krx(), code, at("09:00:00"), true)));
        assert_eq!(running.stop().await, []);
        assert_nothing_asked_too_early(&broker);
        for ask in broker.asks().iter().filter(|ask| ask.what == "chart") {
            assert_eq!(ask.until.map(|until| until.minute()), Some(9));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_cycle_of_2500_stocks_stays_inside_its_window_and_the_limit() {
    let clock = Clock::compressed(at("09:10:00"), 40);
    let broker = whole(&clock).await;
    let codes: Vec<String> = (0..2500).map(|n| format!("{n:06}")).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut running = Running::start(&broker, clock, Calendar::krx(), &codes, Resume::default());
    let began = Instant::now();
    for _ in 0..2500 {
        match running.next().await {
            Some(PollItem::Bar(record)) => assert_eq!(record.bar.bar_time, at("09:00:00")),
            other => panic!("{other:?} instead of a bar"),
        }
    }
    let took = began.elapsed();
    println!(
        "2,500 stocks took {took:?}, which is {:?} of market time, {} calls in the busiest ten seconds",
        took * 40,
        broker.most_in_ten_seconds()
    );
    assert!(took * 40 < std::time::Duration::from_secs(570), "it took {:?} of market time", took * 40);
    // 18 calls a second; sent evenly, they may still arrive eight at once.
    assert!(broker.most_in_ten_seconds() <= 180, "{}", broker.most_in_ten_seconds());
    running.stop().await;
}
