//! From feed events to gaps.

use chrono::{DateTime, Utc};
use obs_aggregate::GapDetector;
use obs_model::{Calendar, FeedChange, FeedEvent, Gap, GapReason, GapScope, Severity};

use crate::{at, event, seconds, session, subscribed, symbol, unsubscribed};

const LOST: FeedChange = FeedChange::Closed { reason: GapReason::WsDisconnect };

/// A gap in short: start, end, reason, symbols.
type Short = (DateTime<Utc>, DateTime<Utc>, GapReason, Vec<String>);

fn short(gaps: Vec<Gap>) -> Vec<Short> {
    let codes = |gap: &Gap| gap.symbols.iter().map(ToString::to_string).collect();
    gaps.iter().map(|gap| (gap.start(), gap.end(), gap.reason, codes(gap))).collect()
}

fn gap(start: &str, end: &str, reason: GapReason, codes: &[&str]) -> Short {
    (at(start), at(end), reason, codes.iter().map(|code| (*code).to_owned()).collect())
}

/// What a detector finds in events, each at a time of the day.
fn observe(detector: &mut GapDetector, events: &[(u32, &str, FeedChange)]) -> Vec<Short> {
    let events = events.iter().map(|(nth, time, change)| event(*nth, at(time), change.clone()));
    events.flat_map(|event| short(detector.observe(&event))).collect()
}

/// A recorder begins where another one was killed.
fn restart(detector: &mut GapDetector, evidence: Option<DateTime<Utc>>) -> Vec<Short> {
    let evidence = evidence.map(|at| (symbol("005930"), at));
    let owed = detector.owed(GapReason::ProcessRestart, evidence);
    let told = owed.iter().flat_map(|event| short(detector.observe(event))).collect();
    assert_eq!(detector.owed(GapReason::ProcessRestart, evidence), [], "nothing is owed twice");
    told
}

fn always() -> GapDetector {
    GapDetector::new(Calendar::always())
}

/// Connection 1 with two symbols, alive until 01:00:30.
fn connected() -> GapDetector {
    let mut detector = always();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:00", FeedChange::Opened),
            (1, "01:00:00.1", subscribed("005930")),
            (1, "01:00:00.2", subscribed("000660")),
            (1, "01:00:30", FeedChange::Alive),
        ],
    );
    assert_eq!(found, []);
    detector
}

#[test]
fn a_disconnect_is_one_gap_of_all_symbols_from_the_last_life_to_the_last_return() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:45", LOST),
            (2, "01:00:50", FeedChange::Opened),
            (2, "01:00:50.1", subscribed("000660")),
            (2, "01:00:50.2", subscribed("005930")),
            (2, "01:02:00", FeedChange::Alive),
        ],
    );
    assert_eq!(found, [gap("01:00:30", "01:00:50.2", GapReason::WsDisconnect, &["000660", "005930"])]);
}

#[test]
fn a_gap_says_who_noticed_it_and_where() {
    let mut detector = connected();
    detector.observe(&event(1, at("01:00:45"), LOST));
    let noticed = |code| FeedEvent { session_id: session("run-2"), ..event(2, at("01:05:30"), subscribed(code)) };
    assert_eq!(detector.observe(&noticed("005930")), []);
    let gaps = detector.observe(&noticed("000660"));
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].scope, GapScope::Scalp);
    assert_eq!(gaps[0].session_id, session("run-2"));
    assert_eq!((gaps[0].seconds(), gaps[0].severity()), (300, Severity::Critical));
}

#[test]
fn a_straggler_gets_a_gap_of_its_own_and_does_not_hold_up_the_others() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:45", LOST),
            (2, "01:00:50", FeedChange::Opened),
            (2, "01:00:50", subscribed("005930")),
            (2, "01:00:59.9", FeedChange::Alive),
        ],
    );
    assert_eq!(found, []);
    let found = observe(&mut detector, &[(2, "01:01:00", FeedChange::Alive)]);
    assert_eq!(found, [gap("01:00:30", "01:00:50", GapReason::WsDisconnect, &["005930"])]);
    let found = observe(&mut detector, &[(2, "01:05:00", subscribed("000660"))]);
    assert_eq!(found, [gap("01:00:30", "01:05:00", GapReason::WsDisconnect, &["000660"])]);
}

#[test]
fn a_symbol_that_nobody_wants_any_more_is_missing_until_that_is_said() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:45", LOST),
            (2, "01:00:50", subscribed("005930")),
            (2, "01:00:52", unsubscribed("000660")),
            (2, "02:00:10", FeedChange::Alive),
        ],
    );
    assert_eq!(found, [gap("01:00:30", "01:00:52", GapReason::WsDisconnect, &["005930", "000660"])]);
}

#[test]
fn a_symbol_that_gave_up_its_slot_and_has_one_again_was_missing_in_between() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:40", unsubscribed("000660")),
            (1, "02:00:00", FeedChange::Alive),
            (1, "02:00:05", subscribed("000660")),
        ],
    );
    assert_eq!(found, [gap("01:00:40", "02:00:05", GapReason::SlotEvicted, &["000660"])]);
}

#[test]
fn a_symbol_that_gave_up_its_slot_yesterday_is_a_new_choice_today() {
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let mut detector = GapDetector::new(Calendar::krx());
    let back = instant("2026-01-23T01:00:00Z");
    detector.observe(&event(1, at("01:00:00"), subscribed("000660")));
    detector.observe(&event(1, at("02:00:00"), unsubscribed("000660")));
    assert_eq!(detector.observe(&event(1, back, subscribed("000660"))), []);
}

#[test]
fn a_symbol_that_moves_to_another_connection_is_not_missing() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (2, "01:00:40", subscribed("000660")),
            (1, "01:00:41", unsubscribed("000660")),
            (2, "01:05:00", FeedChange::Alive),
            (1, "01:10:00", subscribed("000660")),
        ],
    );
    assert_eq!(found, []);
}

#[test]
fn an_unsubscribed_symbol_is_not_lost_with_its_connection() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[(1, "01:00:40", unsubscribed("000660")), (1, "01:00:45", LOST), (2, "01:01:00", subscribed("005930"))],
    );
    assert_eq!(found, [gap("01:00:30", "01:01:00", GapReason::WsDisconnect, &["005930"])]);
}

#[test]
fn a_symbol_that_another_connection_holds_is_not_lost() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[(2, "01:00:40", subscribed("000660")), (1, "01:00:45", LOST), (2, "01:01:00", subscribed("005930"))],
    );
    assert_eq!(found, [gap("01:00:30", "01:01:00", GapReason::WsDisconnect, &["005930"])]);
}

#[test]
fn a_second_loss_before_all_are_back_leaves_no_second_unaccounted_and_none_twice() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:45", LOST),
            (2, "01:00:50", FeedChange::Opened),
            (2, "01:00:50", subscribed("005930")),
            (2, "01:00:52", FeedChange::Closed { reason: GapReason::WsTimeout }),
        ],
    );
    assert_eq!(found, [gap("01:00:30", "01:00:50", GapReason::WsDisconnect, &["005930"])]);
    let mut found = observe(
        &mut detector,
        &[(3, "01:01:00", FeedChange::Opened), (3, "01:01:00", subscribed("005930")), (3, "01:01:01", subscribed("000660"))],
    );
    found.sort_by_key(|gap| (gap.0, gap.1));
    let second = gap("01:00:50", "01:01:00", GapReason::WsTimeout, &["005930"]);
    let first = gap("01:00:30", "01:01:01", GapReason::WsDisconnect, &["000660"]);
    assert_eq!(found, [first, second]);
}

#[test]
fn a_connection_that_attested_no_symbol_makes_no_gap() {
    let mut detector = connected();
    let found = observe(
        &mut detector,
        &[
            (1, "01:00:45", LOST),
            (2, "01:00:50", FeedChange::Opened),
            (2, "01:00:51", LOST),
            (3, "01:01:00", subscribed("005930")),
            (3, "01:01:00", subscribed("000660")),
        ],
    );
    assert_eq!(found, [gap("01:00:30", "01:01:00", GapReason::WsDisconnect, &["005930", "000660"])]);
}

#[test]
fn a_restart_counts_from_the_last_line_that_was_written() {
    let back = [(2, "01:10:00", subscribed("005930")), (2, "01:10:00", subscribed("000660"))];
    let both = ["005930", "000660"];

    // The last tick is younger than the last attestation.
    let mut detector = connected();
    assert_eq!(restart(&mut detector, Some(at("01:00:33"))), []);
    let found = observe(&mut detector, &back);
    assert_eq!(found, [gap("01:00:33", "01:10:00", GapReason::ProcessRestart, &both)]);

    // It is older, or there is none.
    for evidence in [Some(at("00:59:00")), None] {
        let mut detector = connected();
        assert_eq!(restart(&mut detector, evidence), []);
        let found = observe(&mut detector, &back);
        assert_eq!(found, [gap("01:00:30", "01:10:00", GapReason::ProcessRestart, &both)]);
    }
}

#[test]
fn what_a_killed_recorder_owes_is_that_its_feeds_lived_and_ended() {
    let detector = connected();
    let heard = |code| Some((symbol(code), at("01:00:33")));
    let owed = detector.owed(GapReason::ProcessRestart, heard("005930"));
    let over = FeedChange::Closed { reason: GapReason::ProcessRestart };
    assert_eq!(owed, [event(1, at("01:00:33"), FeedChange::Alive), event(1, at("01:00:33"), over.clone())]);
    assert_eq!(always().owed(GapReason::ProcessRestart, heard("005930")), []);
    // Of a symbol that another connection listens to, nothing follows for this one.
    let owed = detector.owed(GapReason::ProcessRestart, heard("035720"));
    assert_eq!(owed, [event(1, at("01:00:30"), FeedChange::Alive), event(1, at("01:00:30"), over)]);
}

#[test]
fn connections_as_of_an_instant_are_open_and_subscribed_then() {
    let now = at("02:00:00");
    let expected = [FeedChange::Opened, subscribed("000660"), subscribed("005930")];
    assert_eq!(connected().as_of(now), expected.map(|change| event(1, now, change)));
    assert_eq!(always().as_of(now), []);
}

#[test]
fn a_symbol_is_missing_from_its_own_last_sign_of_life() {
    // 0004V0 was subscribed after the connection was last attested for all.
    let mut detector = connected();
    let events = [(1, "01:00:40", subscribed("0004V0")), (1, "01:00:45", LOST)];
    assert_eq!(observe(&mut detector, &events), []);
    let back = ["005930", "000660", "0004V0"].map(|code| (2, "01:01:00", subscribed(code)));
    let found = observe(&mut detector, &back);
    let both = gap("01:00:30", "01:01:00", GapReason::WsDisconnect, &["005930", "000660"]);
    assert_eq!(found, [both, gap("01:00:40", "01:01:00", GapReason::WsDisconnect, &["0004V0"])]);
}

#[test]
fn a_stop_that_somebody_asked_for_stays_one_after_the_restart() {
    let mut detector = connected();
    observe(&mut detector, &[(1, "01:00:40", FeedChange::Closed { reason: GapReason::ManualStop })]);
    assert_eq!(restart(&mut detector, Some(at("01:00:39"))), []);
    let found = observe(&mut detector, &[(2, "01:10:00", subscribed("005930")), (2, "01:10:00", subscribed("000660"))]);
    assert_eq!(found, [gap("01:00:30", "01:10:00", GapReason::ManualStop, &["005930", "000660"])]);
}

#[test]
fn what_was_written_before_a_crash_is_not_told_again() {
    let told = |end: &str, codes: &[&str]| {
        let symbols = codes.iter().map(|code| symbol(code)).collect();
        let ends = (at("01:00:30"), at(end));
        Gap::new(ends, GapScope::Scalp, GapReason::WsDisconnect, symbols, session("run-1")).unwrap()
    };
    // The crash came after the gap and before the last subscription that completes it.
    let mut detector = connected();
    observe(
        &mut detector,
        &[(1, "01:00:45", LOST), (2, "01:00:50", FeedChange::Opened), (2, "01:00:50", subscribed("005930"))],
    );
    detector.was_told(&told("01:00:51", &["005930", "000660"]));
    assert_eq!(restart(&mut detector, None), []);
    let mut found = observe(&mut detector, &[(3, "01:02:00", subscribed("005930")), (3, "01:02:00", subscribed("000660"))]);
    found.sort_by_key(|gap| (gap.0, gap.1));
    let rest = gap("01:00:51", "01:02:00", GapReason::WsDisconnect, &["000660"]);
    let restart = gap("01:00:50", "01:02:00", GapReason::ProcessRestart, &["005930"]);
    assert_eq!(found, [restart, rest]);

    // A gap of something else changes nothing.
    let mut detector = connected();
    observe(&mut detector, &[(1, "01:00:45", LOST)]);
    detector.was_told(&told("01:00:51", &["0004V0"]));
    let found = observe(&mut detector, &[(2, "01:01:00", subscribed("005930")), (2, "01:01:00", subscribed("000660"))]);
    assert_eq!(found, [gap("01:00:30", "01:01:00", GapReason::WsDisconnect, &["005930", "000660"])]);
}

#[test]
fn only_session_time_counts_over_a_night_and_a_weekend() {
    // Friday 23 January, 15:29:00 Korean time, to Monday 26 January, 09:00:40.
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let mut detector = GapDetector::new(Calendar::krx());
    let evidence = instant("2026-01-23T06:29:00Z");
    detector.observe(&event(1, evidence - seconds(60), subscribed("005930")));
    detector.observe(&event(1, evidence, FeedChange::Alive));
    detector.observe(&event(1, instant("2026-01-23T06:29:20Z"), LOST));
    let found = short(detector.observe(&event(2, instant("2026-01-26T00:00:40Z"), subscribed("005930"))));
    let part = |start, end| (instant(start), instant(end), GapReason::WsDisconnect, vec!["005930".to_owned()]);
    let before = part("2026-01-23T06:29:00Z", "2026-01-23T06:30:00Z");
    let after = part("2026-01-26T00:00:00Z", "2026-01-26T00:00:40Z");
    assert_eq!(found, [before, after]);

    // Wholly outside: nothing.
    detector.observe(&event(2, instant("2026-01-26T06:31:00Z"), FeedChange::Alive));
    detector.observe(&event(2, instant("2026-01-26T06:31:10Z"), LOST));
    assert_eq!(detector.observe(&event(3, instant("2026-01-26T23:59:00Z"), subscribed("005930"))), []);
}

#[test]
fn parts_that_were_written_before_a_crash_are_not_told_again() {
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let ends = (instant("2026-01-22T06:29:00Z"), instant("2026-01-22T06:30:00Z"));
    let mut detector = GapDetector::new(Calendar::krx());
    detector.observe(&event(1, ends.0, subscribed("005930")));
    detector.observe(&event(1, ends.0 + seconds(9), LOST));
    let written = Gap::new(ends, GapScope::Scalp, GapReason::WsDisconnect, vec![symbol("005930")], session("run-1"));
    detector.was_told(&written.unwrap());
    assert_eq!(restart(&mut detector, None), []);
    let found = short(detector.observe(&event(2, instant("2026-01-23T00:00:40Z"), subscribed("005930"))));
    let start = instant("2026-01-23T00:00:00Z");
    assert_eq!(found, [(start, start + seconds(40), GapReason::WsDisconnect, vec!["005930".to_owned()])]);
}

#[test]
fn below_half_a_second_there_is_no_gap() {
    for (back, expected) in [("01:00:30.499", 0), ("01:00:30.5", 1)] {
        let mut detector = connected();
        let events = [(1, "01:00:30.2", LOST), (2, back, subscribed("005930")), (2, back, subscribed("000660"))];
        assert_eq!(observe(&mut detector, &events).len(), expected, "{back}");
    }
}

#[test]
fn a_clock_that_was_set_back_makes_no_gap_that_ends_before_it_starts() {
    let mut detector = connected();
    let events = [(1, "01:00:31", LOST), (2, "01:00:10", subscribed("005930")), (2, "01:00:10", subscribed("000660"))];
    assert_eq!(observe(&mut detector, &events), []);
}
