//! The poller against a broker with good and bad days.

use std::time::Instant;

use chrono::{TimeDelta, Timelike};
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

fn gap(start: chrono::DateTime<chrono::Utc>, end: chrono::DateTime<chrono::Utc>, reason: GapReason, codes: &[&str]) -> Gap {
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
async fn a_late_start_catches_up_with_the_whole_day_without_quotes() {
    let clock = clock("12:00:10");
    let broker = whole(&clock).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    let bars = running.bars(2 * 18).await;
    let all = TWO.iter().flat_map(|code| {
        (0..18).map(|nth| {
            let start = at("09:00:00") + TimeDelta::minutes(10 * nth);
            expected(&Calendar::krx(), code, start, nth == 17)
        })
    });
    assert_eq!(bars, all.collect::<Vec<_>>());
    assert_eq!(running.counters.caught_up(), 2 * 17);
    assert_eq!(running.stop().await, []);
    assert_nothing_asked_too_early(&broker);
}

#[tokio::test]
async fn an_empty_answer_or_two_do_not_lose_what_is_caught_up() {
    let clock = clock("20:00:00");
    let script = |ask: &Ask| if ask.what != "book" && ask.before < 2 { Reply::Unknown } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO[..1], done("09:00:00", "15:10:00"));
    let of = |start| expected(&Calendar::krx(), TWO[0], at(start), false);
    assert_eq!(running.bars(2).await, [of("15:10:00"), of("15:20:00")]);
    assert_eq!((running.counters.retries(), running.stop().await), (2, vec![]));
}

#[tokio::test]
async fn what_cannot_be_caught_up_by_ten_to_midnight_is_one_gap() {
    let clock = Clock::compressed(at("23:20:00"), SPEED * 10);
    let script = |ask: &Ask| if ask.what == "chart" { Reply::Failure } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let resume = done("09:00:00", "14:00:00");
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, resume);
    assert_eq!(running.gap().await, gap(at("14:00:00"), at("15:30:00"), GapReason::ApiError, &TWO));
    assert_eq!(running.counters.failed(), 2 * 9);
    running.stop().await;
}

#[tokio::test]
async fn an_early_stop_tells_no_gap_and_the_next_run_goes_on_where_it_was() {
    let clock = clock("09:10:00");
    let broker = whole(&clock).await;
    let mut first = Running::start(&broker, clock.clone(), Calendar::krx(), &TWO, Resume::default());
    let bar = first.bar().await;
    assert_eq!(bar, expected(&Calendar::krx(), TWO[0], at("09:00:00"), true));
    assert_eq!(first.stop().await, []);

    let mut resume = Resume::default();
    resume.observe_bar(&bar);
    let mut second = Running::start(&broker, clock, Calendar::krx(), &TWO, resume);
    assert_eq!(second.bar().await, expected(&Calendar::krx(), TWO[1], at("09:00:00"), true));
    assert_eq!(second.bar().await.bar_time, at("09:10:00"));
    second.stop().await;
}

#[tokio::test]
async fn days_before_today_that_nobody_recorded_are_gaps() {
    let clock = clock("08:00:00");
    let broker = whole(&clock).await;
    let mut resume = Resume::default();
    // On Wednesday one stock has all but the last two windows, the other all but the last three; Thursday opened late, and nothing
    // ran; of Friday's morning a gap was told.
    let wednesday = on("2026-11-18", "09:00:00");
    for (code, windows) in [(TWO[0], 37), (TWO[1], 36)] {
        for nth in 0..windows {
            resume.observe_bar(&expected(&Calendar::krx(), code, wednesday + TimeDelta::minutes(10 * nth), true));
        }
    }
    let friday = |time| on("2026-11-20", time);
    resume.observe_gap(&gap(friday("09:00:00"), friday("12:00:00"), GapReason::DiskError, &[]));
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, resume);
    let restart = GapReason::ProcessRestart;
    let on_wednesday = |time| on("2026-11-18", time);
    let expected = [
        gap(on_wednesday("15:00:00"), on_wednesday("15:10:00"), restart, &[TWO[1]]),
        gap(on_wednesday("15:10:00"), on_wednesday("15:30:00"), restart, &TWO),
        gap(on("2026-11-19", "10:00:00"), on("2026-11-19", "16:30:00"), restart, &[]),
        gap(friday("12:00:00"), friday("15:30:00"), restart, &[]),
    ];
    for gap in expected {
        assert_eq!(running.gap().await, gap);
    }
    assert_eq!(running.stop().await, []);
}

#[tokio::test]
async fn a_poll_that_fails_is_retried_within_its_window() {
    let clock = clock("09:10:00");
    // The client tries four times by itself.
    let script = |ask: &Ask| match ask.what == "chart" && ask.symbol == "000660" && ask.before < 5 {
        true => Reply::Failure,
        false => Reply::Whole,
    };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    assert_eq!(running.bars(2).await, TWO.map(|code| expected(&Calendar::krx(), code, at("09:00:00"), true)));
    assert_eq!((running.counters.retries(), running.counters.failed()), (1, 0));
    assert_eq!(running.stop().await, []);
}

#[tokio::test]
async fn stocks_that_are_not_had_in_time_share_a_gap_by_reason() {
    let clock = clock("09:10:00");
    let script = |ask: &Ask| match (ask.what, ask.symbol.as_str()) {
        ("chart", "035420") => Reply::Never,
        ("chart", "035720") => Reply::Failure,
        ("chart", "051910") => Reply::RateLimit,
        _ => Reply::Whole,
    };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let codes = ["005930", "035420", "035720", "051910"];
    let mut running = Running::start(&broker, clock, Calendar::krx(), &codes, Resume::default());
    assert_eq!(running.bar().await, expected(&Calendar::krx(), "005930", at("09:00:00"), true));
    let mut gaps = [running.gap().await, running.gap().await];
    gaps.sort_by_key(|gap| gap.symbols.len());
    assert_eq!(
        gaps,
        [
            window_gap("09:00:00", GapReason::RateLimit, &["051910"]),
            window_gap("09:00:00", GapReason::ApiError, &["035420", "035720"]),
        ]
    );
    assert_eq!(running.counters.failed(), 3);
    assert!(running.counters.rate_limited() > 1);
    running.stop().await;
}

#[tokio::test]
async fn a_storm_of_rate_limits_costs_one_gap_and_the_next_window_is_whole() {
    let clock = clock("09:10:00");
    let calm = at("09:19:45");
    let script = move |ask: &Ask| if ask.at < calm { Reply::RateLimit } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    assert_eq!(running.gap().await, window_gap("09:00:00", GapReason::RateLimit, &TWO));
    assert_eq!(running.bars(2).await, TWO.map(|code| expected(&Calendar::krx(), code, at("09:10:00"), true)));
    running.stop().await;
}

#[tokio::test]
async fn a_bar_whose_quote_fails_goes_without_it_when_its_time_is_over() {
    let clock = clock("09:10:00");
    let script = |ask: &Ask| if ask.what == "book" { Reply::Failure } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO[..1], Resume::default());
    assert_eq!(running.bar().await, expected(&Calendar::krx(), TWO[0], at("09:00:00"), false));
    assert_eq!(broker.charts_of(TWO[0]).len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn rows_that_contradict_themselves_are_told_once_and_become_a_gap() {
    let clock = clock("09:10:00");
    let broker = Broker::start(clock.clone(), Calendar::krx(), |_: &Ask| Reply::Nonsense).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO[..1], Resume::default());
    let rejected = running.rejected().await;
    assert_eq!((rejected.symbol, rejected.window.start), (symbol(TWO[0]), at("09:00:00")));
    assert!(rejected.reason.contains("the day's value falls from"), "{}", rejected.reason);
    assert_eq!(running.gap().await, window_gap("09:00:00", GapReason::ApiError, &TWO[..1]));
    running.stop().await;
}

#[tokio::test]
async fn a_stock_that_the_broker_does_not_know_is_told_once_and_not_asked_for_again_today() {
    // Four windows, so faster.
    let clock = Clock::compressed(at("09:10:00"), 5 * SPEED);
    let script = |ask: &Ask| if ask.symbol == "999999" { Reply::Unknown } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &["999999"], Resume::default());
    for start in ["09:00:00", "09:10:00"] {
        assert_eq!(running.gap().await, window_gap(start, GapReason::NoDataReceived, &["999999"]));
    }
    let rejected = running.rejected().await;
    assert_eq!((rejected.symbol, rejected.window.start), (symbol("999999"), at("09:20:00")));
    assert_eq!(running.gap().await, window_gap("09:20:00", GapReason::NoDataReceived, &["999999"]));
    let asked = broker.charts_of("999999").len();
    assert_eq!(running.gap().await, window_gap("09:30:00", GapReason::NoDataReceived, &["999999"]));
    assert_eq!(broker.charts_of("999999").len(), asked);
    running.stop().await;
}

#[tokio::test]
async fn a_stock_without_a_chart_that_traded_nothing_today_has_an_empty_bar() {
    let clock = clock("09:10:00");
    let script = |ask: &Ask| if ask.what == "chart" { Reply::Unknown } else { Reply::Whole };
    let broker = Broker::start(clock.clone(), Calendar::krx(), script).await;
    let mut running = Running::start(&broker, clock, Calendar::krx(), &TWO[..1], Resume::default());
    let bar = running.bar().await;
    assert_eq!((bar.open, bar.close, bar.volume.map(|volume| volume.shares())), (None, None, Some(0)));
    assert!(bar.ask_price.is_some());
    running.stop().await;
}

#[tokio::test]
async fn wrong_keys_end_the_run_with_the_brokers_words() {
    let clock = clock("09:10:00");
    let broker = Broker::start(clock.clone(), Calendar::krx(), |_: &Ask| Reply::WrongKeys).await;
    let running = Running::start(&broker, clock, Calendar::krx(), &TWO, Resume::default());
    let error = running.end().await.unwrap_err();
    assert!(error.to_string().starts_with("Track A cannot go on: the broker refused the app key"), "{error}");
    assert_eq!(broker.asks().len(), 1);
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

#[tokio::test]
async fn a_receiver_that_stalls_makes_the_windows_since_then_come_late_and_not_never() {
    let clock = Clock::compressed(at("09:10:00"), 5 * SPEED);
    let broker = whole(&clock).await;
    let mut running = Running::with_room(&broker, clock.clone(), Calendar::krx(), &TWO, Resume::default(), 1);
    clock.sleep_until(at("09:45:00")).await;
    let bars = running.bars(2 * 4).await;
    let starts =
        |code: &str| bars.iter().filter(|bar| bar.symbol == symbol(code)).map(|bar| bar.bar_time).collect::<Vec<_>>();
    for code in TWO {
        assert_eq!(starts(code), ["09:00:00", "09:10:00", "09:20:00", "09:30:00"].map(at));
    }
    assert!(running.counters.caught_up() >= 2);
    running.stop().await;
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
