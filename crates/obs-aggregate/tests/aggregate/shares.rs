//! Accounting in shares.

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{DayShares, Shares, VolumeBreak};
use proptest::prelude::*;

use crate::{at, symbol};

/// A book after trades of (second, shares, total) of 005930, each received when it happened.
fn after(trades: &[(i64, i64, i64)]) -> Shares {
    let mut shares = Shares::default();
    for (second, volume, total) in trades {
        let when = at("01:00:00") + TimeDelta::seconds(*second);
        shares.add(symbol("005930"), when, when, *volume, *total);
    }
    shares
}

fn day_of(shares: &Shares) -> DayShares {
    shares.days().next().unwrap().2
}

fn breaks(shares: &mut Shares) -> Vec<(i64, i64, i64)> {
    let second = |when: DateTime<Utc>| (when - at("01:00:00")).num_seconds();
    let found = shares.take_breaks(at("23:00:00"));
    found.iter().map(|VolumeBreak { after, before, shares, .. }| (second(*after), second(*before), *shares)).collect()
}

#[test]
fn trades_that_follow_each_other_leave_no_hole() {
    let mut shares = after(&[(0, 10, 110), (1, 5, 115), (1, 1, 116)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 16, before: 100, missing: 0 });
    assert_eq!(day_of(&shares).traded(), 116);
}

#[test]
fn a_withheld_trade_is_missing_to_the_share_and_told_once() {
    let mut shares = after(&[(0, 10, 110), (7, 5, 122)]);
    assert_eq!(breaks(&mut shares), [(0, 7, 7)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 15, before: 100, missing: 7 });
}

#[test]
fn a_late_trade_fills_its_part_of_the_hole() {
    let mut shares = after(&[(0, 10, 110), (7, 5, 130), (3, 4, 118)]);
    assert_eq!(breaks(&mut shares), [(0, 3, 4), (3, 7, 7)]);
    let mut shares = after(&[(0, 10, 110), (7, 5, 122), (3, 7, 117)]);
    assert_eq!(breaks(&mut shares), []);
}

#[test]
fn a_repeated_trade_changes_nothing() {
    let mut shares = after(&[(0, 10, 110), (1, 5, 115), (0, 10, 110), (1, 5, 115)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares).recorded, 15);
}

#[test]
fn a_total_alone_stands_for_all_since_the_one_before_it() {
    let mut shares = Shares::default();
    let mut total = |second: i64, total| {
        let when = at("01:00:00") + TimeDelta::seconds(second);
        shares.add_total(symbol("005930"), when, when, total);
    };
    // One that comes late stands for nothing that is not counted; one from before the first says when counting began.
    for (second, of_day) in [(0, 110), (1, 130), (2, 120), (3, 130), (4, 190), (5, 100)] {
        total(second, of_day);
    }
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 90, before: 100, missing: 0 });
}

#[test]
fn a_total_alone_leaves_no_hole_and_fills_none() {
    let mut shares = after(&[(0, 10, 110), (1, 5, 122)]);
    let when = at("01:00:02");
    shares.add_total(symbol("005930"), when, when, 150);
    shares.add(symbol("005930"), when, when, 4, 154);
    assert_eq!(breaks(&mut shares), [(0, 1, 7)]);
    assert_eq!(day_of(&shares), DayShares { recorded: 47, before: 100, missing: 7 });
}

#[test]
fn a_hole_is_told_only_when_a_late_record_would_have_come() {
    let mut shares = after(&[(0, 10, 110), (7, 5, 122)]);
    assert_eq!(shares.take_breaks(at("01:00:07")), []);
    assert_eq!(shares.take_breaks(at("01:00:08")).len(), 1);
}

#[test]
fn a_new_day_starts_from_nothing() {
    let mut shares = after(&[(0, 10, 110), (86_400, 5, 5)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 5, before: 0, missing: 0 });
}

#[test]
fn what_is_missing_is_told_when_its_day_is_over() {
    let mut shares = after(&[(0, 10, 110), (7, 5, 122), (86_400, 5, 5)]);
    let found = shares.take_breaks(at("23:00:00") + TimeDelta::days(2));
    assert_eq!(found.iter().map(|found| found.shares).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_hole_has_the_times_of_its_trades_by_both_clocks() {
    let mut shares = Shares::default();
    shares.add(symbol("005930"), at("01:00:00"), at("01:00:10.5"), 10, 110);
    shares.add(symbol("005930"), at("01:00:07"), at("01:00:17.5"), 5, 122);
    let (after, before, received) = (at("01:00:00"), at("01:00:07"), (at("01:00:10.5"), at("01:00:17.5")));
    let expected = VolumeBreak { symbol: symbol("005930"), after, before, received, shares: 7 };
    assert_eq!(shares.waiting(), Some(at("01:00:17.5")));
    assert_eq!(shares.take_breaks(at("01:00:18")), [expected]);
    assert_eq!(shares.waiting(), None);
}

#[test]
fn a_trade_before_the_first_one_leaves_the_hole_between_them() {
    let mut shares = after(&[(7, 5, 122), (3, 10, 110)]);
    assert_eq!(breaks(&mut shares), [(3, 7, 7)]);
    assert_eq!(day_of(&shares), DayShares { recorded: 15, before: 100, missing: 7 });
}

#[test]
fn a_trade_that_reaches_over_the_top_raises_it() {
    let mut shares = after(&[(0, 10, 110), (1, 10, 115), (2, 5, 120)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 20, before: 100, missing: 0 });
}

#[test]
fn a_total_that_falls_for_good_is_a_new_count_and_no_loss() {
    let mut shares = after(&[(0, 10, 1_010), (5, 20, 1_030), (60, 3, 3), (61, 4, 7), (62, 5, 14)]);
    assert_eq!(breaks(&mut shares), [(61, 62, 2)]);
    assert_eq!(day_of(&shares), DayShares { recorded: 42, before: 1_000, missing: 2 });
}

#[test]
fn a_new_count_may_begin_above_where_the_old_one_began() {
    let mut shares = after(&[(0, 10, 10), (5, 2_000, 2_010), (60, 3, 103), (61, 4, 107)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 2_017, before: 100, missing: 0 });
}

#[test]
fn one_wrong_total_changes_no_count() {
    let mut shares = after(&[(0, 10, 1_010), (5, 20, 20), (6, 5, 1_015)]);
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares).missing, 0);
}

#[test]
fn another_run_may_count_anew_at_an_earlier_time() {
    let mut shares = after(&[(50, 10, 1_010)]);
    shares.another_run();
    for (second, volume, total) in [(3, 5, 5), (4, 6, 11)] {
        let when = at("01:00:00") + TimeDelta::seconds(second);
        shares.add(symbol("005930"), when, when, volume, total);
    }
    assert_eq!(breaks(&mut shares), []);
    assert_eq!(day_of(&shares), DayShares { recorded: 21, before: 1_000, missing: 0 });
}

#[test]
fn what_was_told_before_is_not_told_again() {
    let told = |shares| obs_model::VolumeBreak {
        symbol: symbol("005930"),
        after: at("01:00:00"),
        before: at("01:00:07"),
        shares: obs_model::Quantity::new(shares).unwrap(),
        session_id: crate::session("run-1"),
    };
    for (shares_told, expected) in [(7, 0), (6, 1)] {
        let mut shares = after(&[(0, 10, 110), (7, 5, 122)]);
        shares.was_told(&told(shares_told));
        assert_eq!(breaks(&mut shares).len(), expected);
    }
}

#[test]
fn a_trade_is_missing_when_all_its_shares_are() {
    let shares = after(&[(0, 10, 110), (7, 5, 122)]);
    let misses = |volume, total| shares.misses(symbol("005930"), volume, total);
    assert_eq!([misses(7, 117), misses(1, 111), misses(1, 117)], [true; 3]);
    assert_eq!([misses(8, 117), misses(8, 118), misses(5, 122), misses(5, 127), misses(0, 112)], [false; 5]);
    assert!(!shares.misses(symbol("000660"), 7, 117));
}

#[test]
fn nonsense_is_no_trade() {
    let mut shares = after(&[(0, 0, 100), (0, 10, 9), (0, i64::MAX, i64::MIN), (0, -5, 10)]);
    assert_eq!(breaks(&mut shares), []);
    assert!(!shares.knows(symbol("005930")));
}

proptest! {
    /// Whatever is withheld, and in whatever order the rest arrives: what is recorded and what is missing add up.
    #[test]
    fn recorded_and_missing_add_up(
        trades in prop::collection::vec((1_i64..1_000, any::<bool>()), 1..60),
        order in prop::collection::vec(any::<u16>(), 60),
    ) {
        let mut total = 0;
        // Three trades a second: second, shares, total.
        let all = (0_i64..).zip(trades).map(|(nth, (volume, kept))| { total += volume; (nth / 3, volume, total, kept) });
        let mut kept: Vec<(i64, i64, i64)> = all.filter(|trade| trade.3).map(|trade| (trade.0, trade.1, trade.2)).collect();
        let expected: i64 = kept.iter().map(|trade| trade.1).sum();
        let bounds = kept.first().map(|first| first.2 - first.1).zip(kept.last().map(|last| last.2));
        let mut keys = order.into_iter();
        kept.sort_by_cached_key(|_| keys.next());
        let mut shares = after(&kept);
        if let Some((first, last)) = bounds {
            let day = day_of(&shares);
            prop_assert_eq!(day.recorded, expected);
            prop_assert_eq!((day.before, day.traded()), (first, last));
            let told: i64 = breaks(&mut shares).iter().map(|found| found.2).sum();
            prop_assert_eq!(told, day.missing);
        }
    }

    /// A count that starts anew, after however many trades, neither loses nor doubles a share.
    #[test]
    fn counts_that_follow_each_other_add_up(counts in prop::collection::vec(prop::collection::vec(1_i64..1_000, 3..20), 1..5)) {
        let (mut trades, mut second, mut top) = (Vec::new(), 0, 0);
        for count in &counts {
            let mut total = 0;
            // The first two trades of a new count are below the last total, or nothing would tell it from the old one.
            prop_assume!(top == 0 || count[0] + count[1] < top);
            for volume in count {
                (second, total) = (second + 1, total + volume);
                trades.push((second, *volume, total));
            }
            top = total;
        }
        let mut shares = after(&trades);
        let recorded = counts.iter().flatten().sum();
        prop_assert_eq!(breaks(&mut shares), []);
        prop_assert_eq!(day_of(&shares), DayShares { recorded, before: 0, missing: 0 });
    }
}
