//! Korean market time: minutes, days and session hours.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{SessionHours, minute_of, trading_day};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn parts(hours: SessionHours, from: &str, until: &str) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    hours.within(at(from), at(until))
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
    assert_eq!(parts(SessionHours::REGULAR, hour.0, hour.1), [(at(hour.0), at(hour.1))]);
}

#[test]
fn a_night_between_two_sessions_counts_from_the_opening() {
    let found = parts(SessionHours::REGULAR, "2026-01-22T15:29:00+09:00", "2026-01-23T09:00:30+09:00");
    let evening = (at("2026-01-22T15:29:00+09:00"), at("2026-01-22T15:30:00+09:00"));
    let morning = (at("2026-01-23T09:00:00+09:00"), at("2026-01-23T09:00:30+09:00"));
    assert_eq!(found, [evening, morning]);
}

#[test]
fn a_weekend_is_no_session() {
    assert_eq!(parts(SessionHours::REGULAR, "2026-01-23T15:30:00+09:00", "2026-01-26T09:00:00+09:00"), []);
    let found = parts(SessionHours::REGULAR, "2026-01-23T12:00:00+09:00", "2026-01-26T12:00:00+09:00");
    let friday = (at("2026-01-23T12:00:00+09:00"), at("2026-01-23T15:30:00+09:00"));
    let monday = (at("2026-01-26T09:00:00+09:00"), at("2026-01-26T12:00:00+09:00"));
    assert_eq!(found, [friday, monday]);
}

#[test]
fn a_week_has_five_sessions_of_six_and_a_half_hours() {
    let found = parts(SessionHours::REGULAR, "2026-01-19T00:00:00+09:00", "2026-01-26T00:00:00+09:00");
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|(open, close)| *close - *open == TimeDelta::minutes(390)));
    assert_eq!(found[0].0, at("2026-01-19T09:00:00+09:00"));
}

#[test]
fn nothing_lies_within_an_empty_or_reversed_span() {
    for hours in [SessionHours::REGULAR, SessionHours::ALWAYS] {
        assert_eq!(parts(hours, "2026-01-23T10:00:00+09:00", "2026-01-23T10:00:00+09:00"), []);
        assert_eq!(parts(hours, "2026-01-23T11:00:00+09:00", "2026-01-23T10:00:00+09:00"), []);
    }
    assert_eq!(parts(SessionHours::REGULAR, "2026-01-23T08:00:00+09:00", "2026-01-23T09:00:00+09:00"), []);
}

#[test]
fn a_market_that_never_closes_has_one_part_however_many_days() {
    let span = ("2026-01-22T11:00:00+09:00", "2026-01-27T01:00:00+09:00");
    assert_eq!(parts(SessionHours::ALWAYS, span.0, span.1), [(at(span.0), at(span.1))]);
    let to_midnight = ("2026-01-22T11:00:00+09:00", "2026-01-24T00:00:00+09:00");
    assert_eq!(parts(SessionHours::ALWAYS, to_midnight.0, to_midnight.1), [(at(to_midnight.0), at(to_midnight.1))]);
}

#[test]
fn the_opening_second_is_in_and_the_closing_second_is_out() {
    let contains = |text| SessionHours::REGULAR.contains(at(text));
    assert!(!contains("2026-01-23T08:59:59.999999+09:00"));
    assert!(contains("2026-01-23T09:00:00+09:00"));
    assert!(contains("2026-01-23T15:29:59.999999+09:00"));
    assert!(!contains("2026-01-23T15:30:00+09:00"));
    assert!(!contains("2026-01-25T10:00:00+09:00"), "a Sunday");
    assert!(SessionHours::ALWAYS.contains(at("2026-01-25T00:00:00+09:00")));
}

#[test]
fn hours_past_midnight_belong_to_the_day_on_which_they_open() {
    let night: SessionHours = serde_json::from_str(r#"{"open":"18:00:00","close":"05:00:00","weekends":false}"#).unwrap();
    let found = parts(night, "2026-01-23T04:00:00+09:00", "2026-01-26T19:00:00+09:00");
    let thursday = (at("2026-01-23T04:00:00+09:00"), at("2026-01-23T05:00:00+09:00"));
    let friday = (at("2026-01-23T18:00:00+09:00"), at("2026-01-24T05:00:00+09:00"));
    let monday = (at("2026-01-26T18:00:00+09:00"), at("2026-01-26T19:00:00+09:00"));
    assert_eq!(found, [thursday, friday, monday]);
    assert!(night.contains(at("2026-01-24T04:59:59+09:00")), "Saturday, in Friday's session");
    assert!(!night.contains(at("2026-01-25T04:59:59+09:00")));
}

proptest! {
    #[test]
    fn parts_are_ordered_apart_and_inside_the_span(from in any_instant(), hours in 0_i64..400, always: bool) {
        let session = if always { SessionHours::ALWAYS } else { SessionHours::REGULAR };
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
