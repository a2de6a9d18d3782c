//! Requests and answers, without a connection.

use super::*;

const AGAIN: Duration = Duration::from_secs(30);

fn code(n: usize) -> Symbol {
    format!("{n:06}").parse().unwrap()
}

fn codes(count: usize) -> Vec<Symbol> {
    (0..count).map(code).collect()
}

fn subscriptions(wanted: &[Symbol], now: Instant) -> Subscriptions {
    let mut subscriptions = Subscriptions::new(Duration::from_millis(100), AGAIN, now);
    subscriptions.want(wanted);
    subscriptions
}

/// All of these subscribed and acknowledged.
fn subscribed(wanted: &[Symbol], now: Instant) -> Subscriptions {
    let mut subscriptions = subscriptions(wanted, now);
    for symbol in wanted {
        assert_eq!(subscriptions.take_request(now), Some(Request::Subscribe(*symbol)));
        assert_eq!(subscriptions.begun(symbol.as_str()), Answered::Changed(*symbol));
    }
    assert_eq!(subscriptions.next_request(), None);
    subscriptions
}

#[test]
fn requests_keep_their_order_and_their_distance() {
    let start = Instant::now();
    let wanted = [code(3), code(1), code(2)];
    let mut subscriptions = subscriptions(&wanted, start);
    for (n, symbol) in (0..).zip(wanted) {
        let due = start + n * Duration::from_millis(100);
        assert_eq!(subscriptions.next_request(), Some(due));
        assert_eq!(subscriptions.take_request(due), Some(Request::Subscribe(symbol)));
    }
}

#[test]
fn an_unanswered_request_is_repeated() {
    let start = Instant::now();
    let wanted = codes(3);
    let mut subscriptions = subscriptions(&wanted, start);
    for symbol in &wanted {
        assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(*symbol)));
    }
    assert_eq!(subscriptions.begun("000000"), Answered::Changed(code(0)));
    subscriptions.refused(code(2));

    let again = start + AGAIN;
    assert_eq!(subscriptions.next_request(), Some(again));
    assert_eq!(subscriptions.only_unanswered(), Some(code(1)));
    assert_eq!(subscriptions.take_request(again), Some(Request::Subscribe(code(1))));
    assert_eq!(subscriptions.take_request(again), None);
    assert_eq!(subscriptions.begun("000001"), Answered::Changed(code(1)));
    assert_eq!(subscriptions.begun("000001"), Answered::Known);
    assert_eq!(subscriptions.begun("035720"), Answered::Unasked);
    assert_eq!(subscriptions.next_request(), None);
}

#[test]
fn at_41_the_old_one_goes_before_the_new_one_is_asked_for() {
    let start = Instant::now();
    let mut subscriptions = subscribed(&codes(41), start);
    let mut wanted = codes(41);
    wanted[7] = code(99);
    assert_eq!(subscriptions.want(&wanted), 0);

    assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(7))));
    // Until the broker says that it is gone, nothing is asked for; and it is asked to say so again.
    assert_eq!(subscriptions.take_request(start), None);
    assert_eq!(subscriptions.next_request(), Some(start + AGAIN));
    assert_eq!(subscriptions.take_request(start + AGAIN), Some(Request::Unsubscribe(code(7))));
    assert_eq!(subscriptions.ended("000007"), Answered::Changed(code(7)));
    assert_eq!(subscriptions.take_request(start + AGAIN), Some(Request::Subscribe(code(99))));
    assert_eq!(subscriptions.begun("000099"), Answered::Changed(code(99)));
    assert_eq!(subscriptions.next_request(), None);
}

#[test]
fn what_is_wanted_again_while_it_ends_is_subscribed_anew() {
    let start = Instant::now();
    let mut subscriptions = subscribed(&codes(1), start);
    subscriptions.want(&[]);
    assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
    subscriptions.want(&codes(1));
    assert_eq!(subscriptions.take_request(start), None);
    assert_eq!(subscriptions.ended("000000"), Answered::Changed(code(0)));
    assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(0))));
}

#[test]
fn what_was_asked_for_and_is_no_longer_wanted_ends_too() {
    let start = Instant::now();
    let mut subscriptions = subscriptions(&codes(1), start);
    assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(0))));
    subscriptions.want(&[]);
    assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
    assert_eq!(subscriptions.begun("000000"), Answered::Changed(code(0)));
    assert_eq!(subscriptions.ended("000000"), Answered::Changed(code(0)));
    assert_eq!((subscriptions.next_request(), subscriptions.ended("000000")), (None, Answered::Unasked));
}

#[test]
fn without_room_a_symbol_waits_until_another_ends() {
    let start = Instant::now();
    let mut subscriptions = subscriptions(&codes(2), start);
    for n in 0..2 {
        assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(n))));
    }
    subscriptions.begun("000000");
    subscriptions.no_room(code(1));
    assert_eq!(subscriptions.next_request(), None);
    subscriptions.want(&codes(2)[1..]);
    assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
    assert_eq!(subscriptions.take_request(start), None);
    subscriptions.ended("000000");
    assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(1))));
}

#[test]
fn a_refused_symbol_is_not_asked_for_again_even_if_it_is_dropped_and_wanted_again() {
    let start = Instant::now();
    let mut subscriptions = subscriptions(&codes(1), start);
    subscriptions.take_request(start);
    subscriptions.refused(code(0));
    subscriptions.want(&[]);
    subscriptions.want(&codes(1));
    assert_eq!(subscriptions.next_request(), None);
}

#[test]
fn more_than_41_are_cut_and_repetitions_count_once() {
    let mut subscriptions = subscriptions(&[], Instant::now());
    let wanted: Vec<_> = codes(43).into_iter().chain(codes(5)).collect();
    assert_eq!(subscriptions.want(&wanted), 2);
    assert_eq!(subscriptions.wanted, codes(41));
}
