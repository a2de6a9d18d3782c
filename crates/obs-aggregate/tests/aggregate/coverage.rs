//! How much of a minute was observed.

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Minute, Stretch};
use obs_model::{Bar, FeedChange, GapReason, QualityFlag, Tick};

use crate::{at, event, subscribed, symbol, tick, tick_of};

fn bar(ticks: &[Tick], stretches: &[Stretch]) -> Bar {
    let mut minute = Minute::default();
    ticks.iter().for_each(|tick| minute.add(tick));
    minute.bar(symbol("005930"), at("01:00:00"), stretches).unwrap()
}

/// How many of the 120 slots were observed.
fn slots(ticks: &[Tick], stretches: &[Stretch]) -> f64 {
    bar(ticks, stretches).coverage.ratio() * 120.0
}

/// So many ticks, half a second apart, from the minute's start, and then again.
fn ticks(number: i32) -> Vec<Tick> {
    let time = |nth: i32| at("01:00:00") + TimeDelta::milliseconds(500) * (nth % 120);
    (0..number).map(|nth| tick_of("005930", time(nth), 100, 1)).collect()
}

fn assert_slots(found: f64, expected: u32) {
    assert!((found - f64::from(expected)).abs() < 1e-9, "{found} slots instead of {expected}");
}

#[test]
fn without_attestation_it_is_the_number_of_ticks_by_120() {
    assert_slots(slots(&ticks(1), &[]), 1);
    let same_second: Vec<Tick> = (0..30).map(|_| tick("01:00:10", 100, 1)).collect();
    assert_slots(slots(&same_second, &[]), 30);
    assert_slots(slots(&ticks(120), &[]), 120);
    assert_slots(slots(&ticks(500), &[]), 120);
}

#[test]
fn a_stretch_that_only_meets_the_minute_attests_nothing_of_it() {
    let before = (at("00:50:00"), at("01:00:00"));
    let after = (at("01:01:00"), at("01:09:00"));
    let same_second: Vec<Tick> = (0..30).map(|_| tick("01:00:10", 100, 1)).collect();
    assert_slots(slots(&same_second, &[before, after]), 30);
}

#[test]
fn a_quiet_symbol_on_a_line_that_is_alive_is_fully_covered() {
    let bar = bar(&ticks(1), &[(at("00:59:58.3"), at("01:01:00"))]);
    assert_slots(bar.coverage.ratio() * 120.0, 120);
    assert_eq!(bar.quality_flag, QualityFlag::Normal);
}

#[test]
fn a_disconnect_in_the_middle_takes_its_slots_but_not_those_with_ticks() {
    // Away from 20.2 s to 39.9 s: the slots that begin at 20.0 to 39.5 s are not wholly attested.
    let stretches = [(at("00:30:00"), at("01:00:20.2")), (at("01:00:39.9"), at("01:30:00"))];
    assert_slots(slots(&[tick("01:00:05", 100, 1)], &stretches), 80);
    assert_slots(slots(&[tick("01:00:05", 100, 1), tick("01:00:25", 100, 1), tick("01:00:25.4", 100, 1)], &stretches), 81);
}

#[test]
fn ticks_outside_the_stretch_count_by_slot_once_the_minute_is_attested_at_all() {
    // Attested for five seconds at the end, and thirty ticks in one slot before it.
    let mut seen: Vec<Tick> = (0..30).map(|_| tick("01:00:10", 100, 1)).collect();
    seen.push(tick("01:00:57", 100, 1));
    assert_slots(slots(&seen, &[(at("01:00:55"), at("01:05:00"))]), 11);
}

#[test]
fn stretches_of_two_feeds_that_touch_leave_no_seam() {
    let mut attested = Attested::default();
    attested.apply(&event(1, at("00:59:00"), subscribed("005930")));
    attested.apply(&event(1, at("01:00:30.25"), FeedChange::Alive));
    attested.apply(&event(1, at("01:00:31"), FeedChange::Closed { reason: GapReason::WsDisconnect }));
    attested.apply(&event(2, at("01:00:30.25"), subscribed("005930")));
    attested.apply(&event(2, at("01:02:00"), FeedChange::Alive));
    let stretches = attested.by_symbol();
    assert_eq!(stretches[&symbol("005930")], [(at("00:59:00"), at("01:02:00"))]);
    assert_slots(slots(&ticks(1), &stretches[&symbol("005930")]), 120);
}

#[test]
fn a_subscription_without_a_later_sign_of_life_attests_nothing() {
    let mut attested = Attested::default();
    attested.apply(&event(1, at("01:00:30"), subscribed("005930")));
    assert!(attested.by_symbol().is_empty());
}

#[test]
fn the_right_one_of_many_stretches_is_found() {
    let stretch = |minute: i64| -> Stretch {
        let start: DateTime<Utc> = at("00:00:00") + TimeDelta::minutes(minute);
        (start, start + TimeDelta::seconds(30))
    };
    let stretches: Vec<Stretch> = (0..600).map(stretch).collect();
    assert_slots(slots(&ticks(1), &stretches), 60);
}

#[test]
fn the_flag_changes_exactly_at_seven_and_at_five_tenths() {
    let flag = |number| bar(&ticks(number), &[]).quality_flag;
    assert_eq!([flag(120), flag(84), flag(83)], [QualityFlag::Normal, QualityFlag::Normal, QualityFlag::Degraded]);
    assert_eq!([flag(60), flag(59), flag(1)], [QualityFlag::Degraded, QualityFlag::Gap, QualityFlag::Gap]);

    // The same by attestation: 42 and 30 seconds.
    let attested = |until| bar(&ticks(1), &[(at("01:00:00"), at(until))]).quality_flag;
    assert_eq!([attested("01:00:42"), attested("01:00:41.9")], [QualityFlag::Normal, QualityFlag::Degraded]);
    assert_eq!([attested("01:00:30"), attested("01:00:29.9")], [QualityFlag::Degraded, QualityFlag::Gap]);
}
