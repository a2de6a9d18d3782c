//! What was missed is caught up, or becomes a gap.

use chrono::TimeDelta;
use obs_ingest_rest::Resume;
use obs_kis::Clock;
use obs_model::{Calendar, GapReason};

use super::{TWO, assert_nothing_asked_too_early, clock, done, gap, whole};
use crate::{
    broker::{Ask, Broker, Reply},
    running::{Running, SPEED, at, expected, on, symbol},
};

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
