//! Korean market time: minutes, days and session hours.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use obs_model::{Calendar, SessionHours, TradingDay, minute_of, trading_day};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn parts(calendar: Calendar, from: &str, until: &str) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    calendar.within(at(from), at(until))
}

/// Instants from 1990 to 2100, to the microsecond.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (631_152_000_000_000_i64..4_133_980_800_000_000).prop_map(|us| DateTime::from_timestamp_micros(us).unwrap())
}

#[test]
fn the_trading_day_changes_at_korean_midnight() {
    assert_eq!(trading_day(at("2026-01-22T23:59:59.999999+09:00")).to_string(), "2026-01-22");
    assert_eq!(trading_day(at("2026-01-23T00:00:00+09:00")).to_string(), "2026-01-23");
    assert_eq!(trading_day(at("2026-01-22T14:59:59Z")).to_string(), "2026-01-22");
    assert_eq!(trading_day(at("2026-01-22T15:00:00Z")).to_string(), "2026-01-23");
}

#[test]
fn a_minute_starts_where_its_seconds_are_zero() {
    assert_eq!(minute_of(at("2026-01-23T00:00:59.999999999+09:00")), at("2026-01-23T00:00:00+09:00"));
    assert_eq!(minute_of(at("2026-01-23T00:00:00+09:00")), at("2026-01-23T00:00:00+09:00"));
    assert_eq!(minute_of(at("2026-01-22T23:59:59.999999+09:00")), at("2026-01-22T23:59:00+09:00"));
    assert_eq!(minute_of(at("2016-12-31T23:59:60.5Z")), at("2016-12-31T23:59:00Z"), "a leap second");
    assert_eq!(minute_of(at("1969-12-31T23:59:30.5Z")), at("1969-12-31T23:59:00Z"));
}

#[test]
fn an_hour_of_the_session_is_one_part() {
    let hour = ("2026-01-23T10:00:00+09:00", "2026-01-23T11:00:00+09:00");
    assert_eq!(parts(Calendar::krx(), hour.0, hour.1), [(at(hour.0), at(hour.1))]);
}

#[test]
fn a_night_between_two_sessions_counts_from_the_opening() {
    let found = parts(Calendar::krx(), "2026-01-22T15:29:00+09:00", "2026-01-23T09:00:30+09:00");
    let evening = (at("2026-01-22T15:29:00+09:00"), at("2026-01-22T15:30:00+09:00"));
    let morning = (at("2026-01-23T09:00:00+09:00"), at("2026-01-23T09:00:30+09:00"));
    assert_eq!(found, [evening, morning]);
}

#[test]
fn a_weekend_is_no_session() {
    assert_eq!(parts(Calendar::krx(), "2026-01-23T15:30:00+09:00", "2026-01-26T09:00:00+09:00"), []);
    let found = parts(Calendar::krx(), "2026-01-23T12:00:00+09:00", "2026-01-26T12:00:00+09:00");
    let friday = (at("2026-01-23T12:00:00+09:00"), at("2026-01-23T15:30:00+09:00"));
    let monday = (at("2026-01-26T09:00:00+09:00"), at("2026-01-26T12:00:00+09:00"));
    assert_eq!(found, [friday, monday]);
}

#[test]
fn a_week_has_five_sessions_of_six_and_a_half_hours() {
    let found = parts(Calendar::krx(), "2026-01-19T00:00:00+09:00", "2026-01-26T00:00:00+09:00");
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|(open, close)| *close - *open == TimeDelta::minutes(390)));
    assert_eq!(found[0].0, at("2026-01-19T09:00:00+09:00"));
}

#[test]
fn nothing_lies_within_an_empty_or_reversed_span() {
    for hours in [Calendar::krx(), Calendar::always()] {
        assert_eq!(parts(hours.clone(), "2026-01-23T10:00:00+09:00", "2026-01-23T10:00:00+09:00"), []);
        assert_eq!(parts(hours.clone(), "2026-01-23T11:00:00+09:00", "2026-01-23T10:00:00+09:00"), []);
    }
    assert_eq!(parts(Calendar::krx(), "2026-01-23T08:00:00+09:00", "2026-01-23T09:00:00+09:00"), []);
}

#[test]
fn a_market_that_never_closes_has_one_part_however_many_days() {
    let span = ("2026-01-22T11:00:00+09:00", "2026-01-27T01:00:00+09:00");
    assert_eq!(parts(Calendar::always(), span.0, span.1), [(at(span.0), at(span.1))]);
    let to_midnight = ("2026-01-22T11:00:00+09:00", "2026-01-24T00:00:00+09:00");
    assert_eq!(parts(Calendar::always(), to_midnight.0, to_midnight.1), [(at(to_midnight.0), at(to_midnight.1))]);
}

#[test]
fn the_opening_second_is_in_and_the_closing_second_is_out() {
    let contains = |text| Calendar::krx().contains(at(text));
    assert!(!contains("2026-01-23T08:59:59.999999+09:00"));
    assert!(contains("2026-01-23T09:00:00+09:00"));
    assert!(contains("2026-01-23T15:29:59.999999+09:00"));
    assert!(!contains("2026-01-23T15:30:00+09:00"));
    assert!(!contains("2026-01-25T10:00:00+09:00"), "a Sunday");
    assert!(Calendar::always().contains(at("2026-01-25T00:00:00+09:00")));
}

#[test]
fn hours_past_midnight_belong_to_the_day_on_which_they_open() {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let night = Calendar::krx().with_hours(SessionHours::new(time(18), time(5)));
    let found = parts(night.clone(), "2026-01-23T04:00:00+09:00", "2026-01-26T19:00:00+09:00");
    let thursday = (at("2026-01-23T04:00:00+09:00"), at("2026-01-23T05:00:00+09:00"));
    let friday = (at("2026-01-23T18:00:00+09:00"), at("2026-01-24T05:00:00+09:00"));
    let monday = (at("2026-01-26T18:00:00+09:00"), at("2026-01-26T19:00:00+09:00"));
    assert_eq!(found, [thursday, friday, monday]);
    assert!(night.contains(at("2026-01-24T04:59:59+09:00")), "Saturday, in Friday's session");
    assert!(!night.contains(at("2026-01-25T04:59:59+09:00")));
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn holidays_and_substitute_holidays_are_no_sessions() {
    let krx = Calendar::krx();
    for closed in ["2026-02-16", "2026-06-03", "2026-07-17", "2026-12-31", "2027-05-03", "2027-07-19", "2027-12-27"] {
        assert_eq!(krx.session(date(closed)), None, "{closed}");
    }
    let weekdays = |year: i32| {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let days = first.iter_days().take_while(move |day| day.format("%Y").to_string() == year.to_string());
        days.filter(|day| krx.session(*day).is_some()).count()
    };
    // By KRX's own count 2025 had 242 trading days; the others are 261 weekdays less the closed ones.
    assert_eq!([2025, 2026, 2027].map(weekdays), [242, 244, 245]);
    assert_eq!(krx.known_until(), Some(date("2027-12-31")));
}

#[test]
fn odd_days_open_later() {
    let krx = Calendar::krx();
    let session = |day| krx.session(date(day)).unwrap();
    let first_of_year = (at("2027-01-04T10:00:00+09:00"), at("2027-01-04T15:30:00+09:00"));
    let examination = (at("2026-11-19T10:00:00+09:00"), at("2026-11-19T16:30:00+09:00"));
    assert_eq!(session("2027-01-04"), first_of_year);
    assert_eq!(session("2026-11-19"), examination);
}

#[test]
fn what_the_broker_says_of_a_day_counts() {
    let mut krx = Calendar::krx();
    krx.set_open(date("2026-11-24"), false);
    assert_eq!(krx.day(date("2026-11-24")), TradingDay::Closed);
    krx.set_open(date("2026-12-31"), true);
    assert_eq!(krx.day(date("2026-12-31")), TradingDay::Regular);
    krx.set_open(date("2027-01-04"), true);
    assert_eq!(krx.day(date("2027-01-04")), TradingDay::LateOpening, "an odd opening stays");
}

#[test]
fn the_next_session_is_the_one_that_is_on_or_comes() {
    let next = |text| Calendar::krx().session_at_or_after(at(text)).unwrap().0;
    assert_eq!(next("2026-09-23T15:29:59+09:00"), at("2026-09-23T09:00:00+09:00"));
    assert_eq!(next("2026-09-23T15:30:00+09:00"), at("2026-09-28T09:00:00+09:00"), "after Chuseok");
}

proptest! {
    #[test]
    fn parts_are_ordered_apart_and_inside_the_span(from in any_instant(), hours in 0_i64..400, always: bool) {
        let session = if always { Calendar::always() } else { Calendar::krx() };
        let until = from + TimeDelta::hours(hours);
        let found = session.within(from, until);
        prop_assert!(found.iter().all(|(start, end)| from <= *start && start < end && *end <= until));
        prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0));
        prop_assert!(found.iter().all(|(start, _)| session.contains(*start)));
        if always && hours > 0 {
            prop_assert_eq!(found, [(from, until)]);
        }
    }

    #[test]
    fn a_minute_holds_its_instant(instant in any_instant()) {
        let minute = minute_of(instant);
        prop_assert_eq!(minute.timestamp_micros() % 60_000_000, 0);
        prop_assert!(minute <= instant && instant - minute < TimeDelta::minutes(1));
    }
}
