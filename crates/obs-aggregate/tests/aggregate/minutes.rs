//! Many minutes at once, against a plain model.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, MinuteKey, Minutes, Stretch};
use obs_model::{Bar, Coverage, FeedChange, Ohlc, QualityFlag, Quantity, Symbol, Tick, minute_of};
use proptest::prelude::*;

use crate::{at, event, subscribed, symbol, tick, tick_of};

const CODES: [&str; 3] = ["005930", "000660", "0004V0"];

fn by_key(bars: Vec<Bar>) -> BTreeMap<MinuteKey, Bar> {
    bars.into_iter().map(|bar| ((bar.bar_time, bar.symbol), bar)).collect()
}

/// What bars are by their definition, from all ticks in order of arrival.
fn by_definition(ticks: &[Tick], stretches: &BTreeMap<Symbol, Vec<Stretch>>) -> BTreeMap<MinuteKey, Bar> {
    let mut of_key: BTreeMap<MinuteKey, Vec<Tick>> = BTreeMap::new();
    ticks.iter().for_each(|tick| of_key.entry(Minutes::key_of(tick)).or_default().push(tick.clone()));
    let none = Vec::new();
    let bars = of_key.into_iter().filter_map(|((minute, symbol), mut ticks)| {
        // A stable sort keeps the order of arrival within an instant.
        ticks.sort_by_key(|tick| tick.event_time);
        let priced: Vec<&Tick> = ticks.iter().filter(|tick| tick.last_price.is_some()).collect();
        let prices: Vec<_> = priced.iter().filter_map(|tick| tick.last_price).collect();
        let ohlc = Ohlc::new(*prices.first()?, *prices.iter().max()?, *prices.iter().min()?, *prices.last()?).unwrap();
        let volume = ticks.iter().filter_map(|tick| tick.volume).map(Quantity::shares).sum();
        let stretches = stretches.get(&symbol).unwrap_or(&none);
        let is_attested = |start: DateTime<Utc>| {
            stretches.iter().any(|(from, until)| *from <= start && start + TimeDelta::milliseconds(500) <= *until)
        };
        let is_observed = |slot: &i32| {
            let start = minute + TimeDelta::milliseconds(500) * *slot;
            let end = start + TimeDelta::milliseconds(500);
            is_attested(start) || ticks.iter().any(|tick| start <= tick.event_time && tick.event_time < end)
        };
        let touched = stretches.iter().any(|(from, until)| *from < minute + TimeDelta::minutes(1) && *until > minute);
        let observed = if touched { (0..120).filter(is_observed).count() } else { ticks.len().min(120) };
        let coverage = Coverage::of_slots(observed.try_into().unwrap());
        let session_id = priced.last()?.session_id.clone();
        let quality_flag = QualityFlag::of_coverage(coverage);
        let volume = Quantity::new(volume).unwrap();
        Some(((minute, symbol), Bar { symbol, bar_time: minute, ohlc, volume, coverage, session_id, quality_flag }))
    });
    bars.collect()
}

fn any_tick() -> impl Strategy<Value = Tick> {
    (0..3_usize, 0..400_i64, prop::option::weighted(0.9, 95..105_i64), prop::option::weighted(0.9, 0..50_i64), 1..3_u8)
        .prop_map(|(code, half_seconds, won, shares, run)| {
            let time = at("01:00:00") + TimeDelta::milliseconds(500 * half_seconds);
            Tick {
                last_price: won.map(|won| obs_model::Price::from_won(won).unwrap()),
                volume: shares.map(|shares| Quantity::new(shares).unwrap()),
                session_id: format!("run-{run}").parse().unwrap(),
                ..tick_of(CODES[code], time, 100, 1)
            }
        })
}

/// 005930 is attested in two stretches, 000660 at the end, 0004V0 never.
fn attested() -> Attested {
    let mut attested = Attested::default();
    for (nth, second, change) in [
        (1, 10, subscribed("005930")),
        (1, 75, FeedChange::Alive),
        (1, 76, FeedChange::Closed { reason: obs_model::GapReason::WsTimeout }),
        (2, 100, subscribed("005930")),
        (2, 130, subscribed("000660")),
        (2, 300, FeedChange::Alive),
    ] {
        attested.apply(&event(nth, at("01:00:00") + TimeDelta::seconds(second), change));
    }
    attested
}

proptest! {
    #[test]
    fn bars_are_what_their_definition_says_however_they_are_taken(
        ticks in prop::collection::vec(any_tick(), 0..300),
        takes in prop::collection::vec(any::<bool>(), 300),
        shuffle in any::<u64>(),
    ) {
        let attested = attested();
        let expected = by_definition(&ticks, &attested.by_symbol());

        let mut minutes = Minutes::default();
        let mut stored = BTreeMap::new();
        for (tick, take) in ticks.iter().zip(takes) {
            minutes.add(tick);
            if take {
                stored.extend(by_key(minutes.take_changed(&attested)));
            }
        }
        stored.extend(by_key(minutes.take_changed(&attested)));
        prop_assert_eq!(&stored, &expected);
        prop_assert_eq!(minutes.take_changed(&attested), []);

        // Any other order that keeps the order of arrival within an instant.
        let mut mixed = ticks;
        mixed.sort_by_key(|tick| (tick.event_time.timestamp_millis() as u64).wrapping_mul(shuffle | 1).rotate_left(31));
        let mut minutes = Minutes::default();
        mixed.iter().for_each(|tick| minutes.add(tick));
        prop_assert_eq!(by_key(minutes.take_changed(&attested)), expected);
    }

    #[test]
    fn what_shrinks_is_old_and_unchanged_and_the_rest_stays(number in 1..60_i64, most in 0..40_usize) {
        let mut minutes = Minutes::default();
        let start = at("01:00:00");
        for nth in 0..number {
            minutes.add(&tick_of("005930", start + TimeDelta::minutes(nth), 100, 1));
            let _ = minutes.take_changed(&Attested::default());
        }
        let last = start + TimeDelta::minutes(number);
        minutes.add(&tick_of("005930", last, 100, 1));
        let all = minutes.len();
        prop_assert_eq!(all as i64, number + 1);
        let forgotten = minutes.shrink(most);
        prop_assert_eq!(forgotten.is_some(), all > most);
        let kept: Vec<i64> =
            (0..=number).filter(|nth| minutes.contains(&(start + TimeDelta::minutes(*nth), symbol("005930")))).collect();
        prop_assert_eq!(kept.len(), minutes.len());
        prop_assert!(minutes.len() <= most.max(1));
        prop_assert!(kept.ends_with(&[number]), "the changed minute went");
        if let Some(latest) = forgotten {
            prop_assert_eq!(Some(latest + TimeDelta::minutes(1)), kept.first().map(|nth| start + TimeDelta::minutes(*nth)));
        }
    }
}

#[test]
fn a_touched_minute_is_taken_again_and_no_other() {
    let mut minutes = Minutes::default();
    for time in ["01:00:30", "01:01:30", "01:02:30", "01:03:30"] {
        minutes.add(&tick(time, 100, 1));
    }
    let none = Attested::default();
    assert_eq!(minutes.changed_range(), Some((at("01:00:00"), at("01:03:00"))));
    assert_eq!(minutes.take_changed(&none).len(), 4);
    assert_eq!(minutes.changed_range(), None);

    minutes.touch(at("01:01:59.9"), at("01:03:00"));
    assert_eq!(minutes.changed_range(), Some((at("01:01:00"), at("01:02:00"))));
    let times: Vec<_> = minutes.take_changed(&none).into_iter().map(|bar| bar.bar_time).collect();
    assert_eq!(times, [at("01:01:00"), at("01:02:00")]);

    // A stretch that runs backwards, as after a clock step, touches nothing.
    minutes.touch(at("01:03:30"), at("01:00:00"));
    assert_eq!(minutes.changed_range(), None);
}

#[test]
fn bars_come_in_the_order_of_time_and_symbol() {
    let mut minutes = Minutes::default();
    for (code, time) in [("005930", "01:01:00"), ("000660", "01:01:00"), ("0004V0", "01:01:00"), ("005930", "01:00:00")] {
        minutes.add(&tick_of(code, at(time), 100, 1));
    }
    let keys: Vec<_> =
        minutes.take_changed(&Attested::default()).into_iter().map(|bar| (bar.bar_time, bar.symbol)).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys.is_sorted());
    assert_eq!(minute_of(at("01:01:00")), keys[3].0);
}
