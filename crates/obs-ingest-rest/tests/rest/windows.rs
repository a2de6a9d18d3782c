//! Windows of ordinary and of odd days.

use chrono::{DateTime, Utc};
use obs_ingest_rest::{Schedule, Window, trading_day_before};
use obs_model::{Calendar, KST, SessionHours, TradingDay};

use crate::running::{at, on};

fn clock(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&KST).format("%m-%d %H:%M").to_string()
}

fn ends(window: &Window) -> (String, String, bool) {
    (clock(window.start), clock(window.end), window.closes)
}

fn named(start: &str, end: &str, closes: bool) -> (String, String, bool) {
    (start.to_owned(), end.to_owned(), closes)
}

fn first_last_count(calendar: Calendar, day: &str) -> Option<(String, String, usize)> {
    let windows = Schedule::new(calendar).of_day(day.parse().unwrap());
    assert!(windows.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].closes));
    Some((clock(windows.first()?.start), clock(windows.last()?.end), windows.len()))
}

#[test]
fn an_ordinary_day_has_39_windows_and_the_last_one_the_closing_auction() {
    let schedule = Schedule::new(Calendar::krx());
    let windows = schedule.of_day("2026-11-23".parse().unwrap());
    assert_eq!(windows.len(), 39);
    assert_eq!(ends(&windows[0]), named("11-23 09:00", "11-23 09:10", false));
    assert_eq!(ends(&windows[38]), named("11-23 15:20", "11-23 15:30", true));
    assert_eq!([windows[0], windows[38]].map(|window| clock(window.complete_at())), ["11-23 09:10", "11-23 15:31"]);
    assert_eq!([windows[0], windows[38]].map(|window| clock(window.last_minute())), ["11-23 09:09", "11-23 15:30"]);
}

#[test]
fn late_openings_shifted_days_and_holidays() {
    let of = |day| first_last_count(Calendar::krx(), day);
    // The first trading day of the year, and the day of the college entrance examination.
    assert_eq!(of("2026-01-02"), Some(("01-02 10:00".into(), "01-02 15:30".into(), 33)));
    assert_eq!(of("2026-11-19"), Some(("11-19 10:00".into(), "11-19 16:30".into(), 39)));
    assert_eq!(of("2026-12-25"), None);
    assert_eq!(of("2026-11-22"), None);
}

#[test]
fn half_days_and_hours_beside_the_grid_shorten_the_outer_windows() {
    let hours = |open: &str, close: &str| SessionHours::new(open.parse().unwrap(), close.parse().unwrap());
    let calendar = Calendar::krx().with_hours(hours("09:05:00", "12:33:00"));
    let windows = Schedule::new(calendar).of_day("2026-11-23".parse().unwrap());
    assert_eq!(ends(&windows[0]), named("11-23 09:05", "11-23 09:10", false));
    assert_eq!(ends(windows.last().unwrap()), named("11-23 12:30", "11-23 12:33", true));
}

#[test]
fn a_market_that_never_closes_has_no_closing_auction() {
    let windows = Schedule::new(Calendar::always()).of_day("2026-11-22".parse().unwrap());
    assert_eq!(windows.len(), 144);
    assert_eq!(ends(windows.last().unwrap()), named("11-22 23:50", "11-23 00:00", false));
}

#[test]
fn next_is_the_window_that_is_on_or_the_next_one_over_nights_and_holidays() {
    let schedule = Schedule::new(Calendar::krx());
    let next = |now| ends(&schedule.next(now).unwrap()).0;
    assert_eq!(next(at("08:00:00")), "11-23 09:00");
    assert_eq!(next(at("09:09:59")), "11-23 09:00");
    assert_eq!(next(at("09:10:00")), "11-23 09:10");
    assert_eq!(next(at("15:30:00")), "11-24 09:00");
    // Christmas is a Friday.
    assert_eq!(next(on("2026-12-24", "18:00:00")), "12-28 09:00");
}

#[test]
fn windows_that_ended_in_a_stretch_of_time() {
    let schedule = Schedule::new(Calendar::krx());
    let ended = schedule.ended_between(on("2026-11-20", "15:20:00"), at("09:20:00"));
    let starts: Vec<_> = ended.iter().map(|window| clock(window.start)).collect();
    assert_eq!(starts, ["11-20 15:20", "11-23 09:00", "11-23 09:10"]);
}

#[test]
fn a_day_that_is_decreed_closed_has_no_windows() {
    let mut calendar = Calendar::krx();
    calendar.set("2026-11-24".parse().unwrap(), TradingDay::Closed);
    let next = Schedule::new(calendar).next(at("15:30:00")).unwrap();
    assert_eq!(clock(next.start), "11-25 09:00");
}

#[test]
fn the_trading_day_before_is_the_calendars() {
    let before = |day: &str| trading_day_before(&Calendar::krx(), day.parse().unwrap()).unwrap().to_string();
    assert_eq!(before("2026-11-24"), "2026-11-23");
    assert_eq!(before("2026-11-23"), "2026-11-20");
    // Behind Christmas and a weekend, and behind Chuseok.
    assert_eq!(before("2026-12-28"), "2026-12-24");
    assert_eq!(before("2026-09-28"), "2026-09-23");
}
