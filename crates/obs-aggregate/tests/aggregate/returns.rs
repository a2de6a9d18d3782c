//! What a detector knows of gaps beyond telling them: the first record after one, and shares that are missing in one.

use chrono::TimeDelta;
use obs_aggregate::{GapDetector, VolumeBreak};
use obs_model::{Calendar, FeedChange, Gap, GapReason, GapScope, trading_day};

use crate::{at, event, session, subscribed, symbol, unsubscribed};

const LOST: FeedChange = FeedChange::Closed { reason: GapReason::WsDisconnect };

fn detector(calendar: Calendar, events: &[(u32, &str, FeedChange)]) -> GapDetector {
    let mut detector = GapDetector::new(calendar);
    events.iter().for_each(|(nth, time, change)| drop(detector.observe(&event(*nth, at(time), change.clone()))));
    detector
}

/// 005930 and 000660 are subscribed, lost at 01:00:30 and, 005930 alone, back at 01:00:40.
fn back() -> [(u32, &'static str, FeedChange); 7] {
    [
        (1, "01:00:00", FeedChange::Opened),
        (1, "01:00:00", subscribed("005930")),
        (1, "01:00:00", subscribed("000660")),
        (1, "01:00:30", FeedChange::Alive),
        (1, "01:00:33", LOST),
        (2, "01:00:39", FeedChange::Opened),
        (2, "01:00:40", subscribed("005930")),
    ]
}

/// Five shares of a symbol missing between two trades, each received a second after it happened.
fn missing(code: &str, after: &str, before: &str) -> VolumeBreak {
    let received = (at(after) + TimeDelta::seconds(1), at(before) + TimeDelta::seconds(1));
    VolumeBreak { symbol: symbol(code), after: at(after), before: at(before), received, shares: 5 }
}

fn gaps(detector: &GapDetector, found: &VolumeBreak) -> Vec<Gap> {
    detector.gaps_of_break(found, &session("run-1"))
}

#[test]
fn the_first_record_after_a_gap_is_told_once_and_by_symbol() {
    let mut detector = detector(Calendar::always(), &back());
    assert_eq!(["005930", "005930", "000660"].map(|code| detector.take_return(symbol(code))), [true, false, false]);
}

#[test]
fn a_first_subscription_is_no_return_nor_is_one_after_the_night() {
    let mut early = detector(Calendar::always(), &back()[..4]);
    assert!(!early.take_return(symbol("005930")));
    // Lost half an hour before the opening (00:00:00) and back before it.
    let night = [
        (1, "00:00:00", FeedChange::Opened),
        (1, "00:00:00", subscribed("005930")),
        (1, "06:29:59.9", FeedChange::Alive),
        (1, "07:00:00", LOST),
        (2, "08:00:00", subscribed("005930")),
    ];
    assert!(!detector(Calendar::krx(), &night).take_return(symbol("005930")));
}

#[test]
fn a_symbol_that_is_lost_again_or_given_up_before_its_first_record_is_no_return() {
    let mut again = detector(Calendar::always(), &back());
    again.observe(&event(2, at("01:00:41"), LOST));
    assert!(!again.take_return(symbol("005930")));
    let mut given_up = detector(Calendar::always(), &back());
    given_up.observe(&event(2, at("01:00:41"), unsubscribed("005930")));
    assert!(!given_up.take_return(symbol("005930")));
    // It is when it is taken up again on the same day.
    given_up.observe(&event(2, at("01:20:00"), subscribed("005930")));
    assert!(given_up.take_return(symbol("005930")));
}

#[test]
fn a_break_in_a_healthy_connection_is_a_gap_of_its_symbol() {
    let detector = detector(Calendar::always(), &back()[..4]);
    let ends = (at("01:00:10"), at("01:00:17"));
    let expected =
        Gap::new(ends, GapScope::Scalp, GapReason::VolumeBreak, vec![symbol("005930")], session("run-1")).unwrap();
    assert_eq!(gaps(&detector, &missing("005930", "01:00:10", "01:00:17")), [expected]);
}

#[test]
fn a_break_within_a_second_is_a_gap_without_length() {
    let detector = detector(Calendar::krx(), &[]);
    let found = gaps(&detector, &missing("005930", "01:00:10", "01:00:10"));
    assert_eq!(found.iter().map(Gap::seconds).collect::<Vec<_>>(), [0]);
    assert_eq!(gaps(&detector, &missing("005930", "09:00:10", "09:00:10")), [], "in the evening");
}

#[test]
fn a_break_outside_the_session_is_no_gap() {
    let detector = detector(Calendar::krx(), &[]);
    assert_eq!(gaps(&detector, &missing("005930", "06:31:00", "06:40:00")), []);
    let found = gaps(&detector, &missing("005930", "06:29:00", "06:40:00"));
    assert_eq!(found.iter().map(|gap| (gap.start(), gap.end())).collect::<Vec<_>>(), [(at("06:29:00"), at("06:30:00"))]);
}

#[test]
fn a_break_over_a_gap_that_is_not_told_yet_or_still_open_is_part_of_it() {
    // The gap of both waits for 000660.
    let waiting = detector(Calendar::always(), &back());
    assert_eq!(gaps(&waiting, &missing("005930", "01:00:31", "01:00:41")), []);
    assert_eq!(gaps(&waiting, &missing("000660", "01:00:31", "01:00:41")), []);
    assert_eq!(gaps(&waiting, &missing("005930", "01:00:40", "01:00:44")).len(), 1, "behind its return");
    assert_eq!(gaps(&waiting, &missing("0004V0", "01:00:31", "01:00:41")).len(), 1, "another symbol");
}

#[test]
fn a_break_over_a_gap_that_was_told_long_ago_is_part_of_it() {
    let mut detector = detector(Calendar::always(), &back());
    assert_eq!(detector.observe(&event(2, at("01:00:42"), subscribed("000660"))).len(), 1);
    // A quiet stock: its next trade comes an hour later.
    assert_eq!(gaps(&detector, &missing("005930", "01:00:20", "02:00:41")), []);
    assert_eq!(gaps(&detector, &missing("005930", "01:00:20", "01:00:25")).len(), 1, "before it");
    assert_eq!(gaps(&detector, &missing("005930", "01:00:41", "02:00:41")).len(), 1, "behind its own return");
}

#[test]
fn a_break_over_a_gap_that_the_last_recorder_told_is_part_of_it() {
    let mut detector = GapDetector::new(Calendar::always());
    let ends = (at("01:00:00"), at("01:10:00"));
    let told = Gap::new(ends, GapScope::Scalp, GapReason::WsTimeout, vec![symbol("005930")], session("run-0")).unwrap();
    detector.was_told(&told);
    assert_eq!(gaps(&detector, &missing("005930", "00:59:00", "01:20:00")), []);
}

#[test]
fn absent_are_the_lost_and_those_that_gave_up_today() {
    let mut detector = detector(Calendar::always(), &back());
    detector.observe(&event(2, at("01:00:50"), unsubscribed("005930")));
    let today = trading_day(at("01:00:00"));
    assert_eq!(detector.absent(today).collect::<Vec<_>>(), [symbol("000660"), symbol("005930")]);
    assert_eq!(detector.absent(today.succ_opt().unwrap()).collect::<Vec<_>>(), [symbol("000660")]);
}
