//! Doubtful trades and impossible ones.

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{
    GuardSettings, Guards, Rule,
    Verdict::{self, Degraded, Pass, Rejected},
};
use obs_model::{Calendar, Price, Quantity, Tick};
use proptest::prelude::*;

use crate::{at, tick, tick_of};

fn guards() -> Guards {
    Guards::new(GuardSettings::default(), Calendar::krx())
}

/// The verdict on each of some trades, received when they happened.
fn verdicts(ticks: &[Tick]) -> Vec<Verdict> {
    let mut guards = guards();
    ticks.iter().map(|tick| guards.check(tick, tick.event_time, None)).collect()
}

fn alone(tick: &Tick, received_at: DateTime<Utc>, total: Option<i64>) -> Verdict {
    guards().check_alone(tick, received_at, total.map(|total| Quantity::new(total).unwrap()))
}

#[test]
fn a_sound_trade_passes_at_any_second_of_the_session() {
    // The closing auction trades at 15:30 Korean time, and some seconds after it.
    for time in ["00:00:00", "03:00:00", "06:30:00", "06:30:59"] {
        assert_eq!(alone(&tick(time, 70_000, 1), at(time), Some(1)), Pass, "{time}");
    }
}

#[test]
fn outside_the_session_and_on_a_holiday_a_trade_is_degraded() {
    let off = Degraded(Rule::OffSession);
    assert_eq!(alone(&tick("06:31:00", 70_000, 1), at("06:31:00"), None), off);
    let before = tick_of("005930", at("00:00:00") - TimeDelta::milliseconds(1), 70_000, 1);
    assert_eq!(alone(&before, before.event_time, None), off);
    let saturday = tick_of("005930", at("03:00:00") + TimeDelta::days(2), 70_000, 1);
    assert_eq!(alone(&saturday, saturday.event_time, None), off);

    // Another calendar is asked anew.
    let mut guards = guards();
    assert_eq!(guards.check(&saturday, saturday.event_time, None), off);
    guards.set_calendar(Calendar::always());
    assert_eq!(guards.check(&saturday, saturday.event_time, None), Pass);
}

#[test]
fn quotes_that_cross_degrade_and_equal_or_absent_ones_do_not() {
    let quoted = |bid: i64, ask: i64| Tick {
        bid_price: Price::from_won_or_none(bid).unwrap(),
        ask_price: Price::from_won_or_none(ask).unwrap(),
        ..tick("03:00:00", 70_000, 1)
    };
    let verdict = |bid, ask| alone(&quoted(bid, ask), at("03:00:00"), None);
    assert_eq!(
        [verdict(70_100, 70_000), verdict(70_000, 70_000), verdict(0, 70_000), verdict(70_100, 0)],
        [Degraded(Rule::CrossedQuotes), Pass, Pass, Pass]
    );
}

#[test]
fn absurd_volumes_degrade_and_impossible_ones_are_rejected() {
    let verdict = |shares| alone(&tick("03:00:00", 70_000, shares), at("03:00:00"), None);
    let billion = 1_000_000_000;
    assert_eq!([verdict(billion), verdict(billion + 1)], [Pass, Degraded(Rule::Volume)]);
    assert_eq!([verdict(10 * billion), verdict(10 * billion + 1)], [Degraded(Rule::Volume), Rejected(Rule::Volume)]);
}

#[test]
fn a_total_below_the_trades_own_shares_degrades() {
    let verdict = |total| alone(&tick("03:00:00", 70_000, 10), at("03:00:00"), Some(total));
    assert_eq!([verdict(10), verdict(9)], [Pass, Degraded(Rule::Total)]);
}

#[test]
fn a_time_ahead_of_ours_degrades_and_one_of_long_ago_is_a_backfill() {
    let verdict = |received: &str| alone(&tick("03:01:00", 70_000, 10), at(received), None);
    assert_eq!([verdict("03:00:00"), verdict("02:59:59.9")], [Pass, Degraded(Rule::TimeAhead)]);
    assert_eq!(alone(&tick("03:01:00", 70_000, 10), at("03:01:00") + TimeDelta::days(300), None), Pass);
}

#[test]
fn a_jump_beyond_five_percent_degrades_and_half_ticks_pass() {
    let half_tick = Tick { last_price: Some("70050.5".parse().unwrap()), ..tick("03:00:01", 1, 1) };
    let ticks = [tick("03:00:00", 70_000, 1), half_tick, tick("03:00:02", 70_000, 1), tick("03:00:03", 73_500, 1)];
    assert_eq!(verdicts(&ticks), [Pass; 4]);
    let ticks = [tick("03:00:00", 70_000, 1), tick("03:00:01", 73_501, 1), tick("03:00:02", 73_600, 1)];
    assert_eq!(verdicts(&ticks), [Pass, Degraded(Rule::PriceJump), Pass]);
    assert_eq!(verdicts(&[tick("03:00:00", 70_000, 1), tick("03:00:01", 66_499, 1)])[1], Degraded(Rule::PriceJump));
}

#[test]
fn a_tenfold_price_is_rejected_alone_and_believed_the_second_time() {
    let ticks = [70_000, 700_000, 70_100, 7_000, 699_999].map(|won| tick("03:00:00", won, 1));
    let rejected = Rejected(Rule::PriceJump);
    assert_eq!(verdicts(&ticks), [Pass, rejected, Pass, rejected, Degraded(Rule::PriceJump)]);
    // The first one was the wrong one.
    let ticks = [1_000_000, 70_000, 70_100, 70_200].map(|won| tick("03:00:00", won, 1));
    assert_eq!(verdicts(&ticks), [Pass, rejected, Degraded(Rule::PriceJump), Pass]);
}

#[test]
fn beyond_the_daily_limit_of_the_last_close_a_trade_is_degraded_and_never_rejected() {
    let next = |won| tick_of("005930", at("00:00:05") + TimeDelta::days(1), won, 1);
    let verdict = |won| verdicts(&[tick("06:30:00", 10_000, 1), next(won)])[1];
    assert_eq!([verdict(13_000), verdict(7_000)], [Pass, Pass]);
    assert_eq!([verdict(13_001), verdict(6_999), verdict(500_000)], [Degraded(Rule::PriceLimit); 3]);
}

#[test]
fn time_may_run_backwards_by_seconds_and_not_by_a_minute() {
    let ticks = ["03:02:00", "03:01:55", "03:01:54", "03:01:00", "03:02:01"].map(|time| tick(time, 70_000, 1));
    let (late, backwards) = (Degraded(Rule::TimeBackwards), Rejected(Rule::TimeBackwards));
    assert_eq!(verdicts(&ticks), [Pass, Pass, late, backwards, Pass]);
    // The first one was the wrong one.
    let ticks = ["05:00:00", "03:01:00", "03:01:01", "03:01:02"].map(|time| tick(time, 70_000, 1));
    assert_eq!(verdicts(&ticks), [Pass, backwards, late, Pass]);
}

#[test]
fn a_rejected_trade_that_is_real_by_other_evidence_is_no_evidence_for_the_next() {
    let mut guards = guards();
    let mut check = |time: &str, overruled: bool| {
        let trade = tick(time, 70_000, 1);
        let verdict = guards.check(&trade, trade.event_time, None);
        if overruled {
            guards.overrule(trade.symbol);
        }
        verdict
    };
    let backwards = Rejected(Rule::TimeBackwards);
    let found = [check("03:10:00", false), check("03:04:00", true), check("03:04:01", false), check("03:10:01", false)];
    assert_eq!(found, [Pass, backwards, backwards, Pass]);
}

#[test]
fn equal_times_are_normal_because_the_broker_tells_seconds() {
    assert_eq!(verdicts(&[70_000, 70_100, 70_000].map(|won| tick("03:00:00", won, 1))), [Pass; 3]);
}

#[test]
fn symbols_are_judged_apart_and_letters_in_codes_are_real() {
    let ticks = [tick_of("005930", at("03:10:00"), 70_000, 1), tick_of("0004V0", at("03:00:00"), 900, 1)];
    assert_eq!(verdicts(&ticks), [Pass; 2]);
}

#[test]
fn names_are_unique_and_fit_the_column() {
    let names: std::collections::BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(names.iter().all(|name| name.len() <= 50));
    assert!(Rule::ALL.iter().enumerate().all(|(place, rule)| *rule as usize == place));
}

proptest! {
    /// Whatever is put between sound trades, alone each time: all sound ones pass.
    #[test]
    fn lone_wrong_records_do_not_spoil_sound_ones(
        steps in prop::collection::vec((0..20_i64, -100..100_i64, prop::option::weighted(0.2, (any::<bool>(), 1..40_i64))), 1..60)
    ) {
        let (mut guards, mut second, mut won) = (guards(), 0, 100_000);
        for (nth, (seconds, change, wrong)) in steps.into_iter().enumerate() {
            (second, won) = (second + seconds, won + change);
            let when = at("03:00:00") + TimeDelta::seconds(second);
            let sound = tick_of("005930", when, won, 1);
            prop_assert_eq!(guards.check(&sound, when, None), Pass);
            if let Some((is_price, size)) = wrong.filter(|_| nth > 0) {
                let wrong = if is_price {
                    tick_of("005930", when, 12 * won * size, 1)
                } else {
                    tick_of("005930", when - TimeDelta::minutes(size), won, 1)
                };
                prop_assert!(matches!(guards.check(&wrong, when, None), Rejected(_)));
            }
        }
    }
}
