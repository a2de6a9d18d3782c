//! A broker that fails, in whole or for some stocks.

use obs_ingest_rest::Resume;
use obs_kis::Clock;
use obs_model::{Calendar, GapReason};

use super::{TWO, clock, window_gap};
use crate::{
    broker::{Ask, Broker, Reply},
    running::{Running, SPEED, at, expected, symbol},
};

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
