//! Open, high, low, close and volume.

use obs_aggregate::Minute;
use obs_model::{Bar, Tick};

use crate::{at, session, symbol, tick};

fn bar(ticks: &[Tick]) -> Option<Bar> {
    let mut minute = Minute::default();
    ticks.iter().for_each(|tick| minute.add(tick));
    minute.bar(symbol("005930"), at("01:00:00"), &[])
}

/// Open, high, low, close in won, and the volume.
fn values(ticks: &[Tick]) -> (i64, i64, i64, i64, i64) {
    let bar = bar(ticks).unwrap();
    let won = |price: obs_model::Price| price.whole_won().unwrap();
    (won(bar.ohlc.open()), won(bar.ohlc.high()), won(bar.ohlc.low()), won(bar.ohlc.close()), bar.volume.shares())
}

#[test]
fn one_tick_is_a_whole_bar() {
    assert_eq!(values(&[tick("01:00:07", 71_900, 3)]), (71_900, 71_900, 71_900, 71_900, 3));
}

#[test]
fn open_and_close_go_by_the_exchanges_time_and_not_by_arrival() {
    let ticks = [tick("01:00:30", 105, 1), tick("01:00:59", 102, 2), tick("01:00:00", 101, 4), tick("01:00:10", 99, 8)];
    assert_eq!(values(&ticks), (101, 105, 99, 102, 15));
}

#[test]
fn within_one_second_the_first_arrival_opens_and_the_last_closes() {
    let ticks = [tick("01:00:10", 101, 1), tick("01:00:10", 104, 1), tick("01:00:10", 98, 1), tick("01:00:10", 103, 1)];
    assert_eq!(values(&ticks), (101, 104, 98, 103, 4));
}

#[test]
fn a_later_arrival_of_the_opening_second_does_not_open() {
    let ticks = [tick("01:00:10", 101, 1), tick("01:00:20", 104, 1), tick("01:00:10", 98, 1)];
    assert_eq!(values(&ticks), (101, 104, 98, 104, 3));
}

#[test]
fn a_tick_without_volume_adds_none_and_one_without_price_only_volume() {
    let no_volume = Tick { volume: None, ..tick("01:00:10", 101, 1) };
    let no_price = Tick { last_price: None, ..tick("01:00:05", 1, 7) };
    assert_eq!(values(&[no_price, no_volume, tick("01:00:20", 103, 2)]), (101, 103, 101, 103, 9));
}

#[test]
fn a_minute_without_any_price_has_no_bar() {
    assert_eq!(bar(&[]), None);
    assert_eq!(bar(&[Tick { last_price: None, ..tick("01:00:05", 1, 7) }]), None);
}

#[test]
fn a_bar_belongs_to_the_run_that_saw_its_last_trade() {
    let of_run = |name, time| Tick { session_id: session(name), ..tick(time, 100, 1) };
    let seen = bar(&[of_run("b", "01:00:40"), of_run("a", "01:00:30")]).unwrap();
    assert_eq!(seen.session_id, session("b"));
}

#[test]
fn a_volume_beyond_all_bounds_stays_at_the_bound() {
    let huge = Tick { volume: Some(obs_model::Quantity::MAX), ..tick("01:00:05", 100, 1) };
    assert_eq!(values(&[huge.clone(), huge]).4, i64::MAX);
}
