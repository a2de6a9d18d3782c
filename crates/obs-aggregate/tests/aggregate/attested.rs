//! Attestations against a plain model of what a store does with the same events.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::Attested;
use obs_model::{FeedChange, FeedEvent, FeedSession, GapReason, Symbol};
use proptest::prelude::*;

use crate::{at, event, subscribed, symbol, unsubscribed};

const CODES: [&str; 3] = ["005930", "000660", "0004V0"];

/// The tables' rules, read off the statements word by word.
fn by_the_book(events: &[FeedEvent]) -> Vec<FeedSession> {
    let mut rows: Vec<FeedSession> = Vec::new();
    for FeedEvent { feed_id, session_id, at, change } in events {
        let is_open = |row: &FeedSession| row.feed_id == *feed_id && !row.closed;
        match change {
            FeedChange::Opened => {}
            FeedChange::Subscribed { symbol } => {
                let key = (feed_id, *symbol, *at);
                if !rows.iter().any(|row| (&row.feed_id, row.symbol, row.attested_from) == key) {
                    rows.push(FeedSession {
                        feed_id: feed_id.clone(),
                        session_id: session_id.clone(),
                        symbol: *symbol,
                        attested_from: *at,
                        attested_until: *at,
                        closed: false,
                    });
                }
            }
            FeedChange::Alive => {
                rows.iter_mut().filter(|row| is_open(row)).for_each(|row| row.attested_until = row.attested_until.max(*at));
            }
            FeedChange::Unsubscribed { symbol } => {
                for row in rows.iter_mut().filter(|row| is_open(row) && row.symbol == *symbol) {
                    row.attested_until = row.attested_until.max(*at);
                    row.closed = true;
                }
            }
            FeedChange::Closed { .. } => rows.iter_mut().filter(|row| is_open(row)).for_each(|row| row.closed = true),
        }
    }
    rows
}

/// The seconds of a symbol that some session attests.
fn attested_seconds(rows: &[FeedSession], symbol: Symbol) -> BTreeSet<DateTime<Utc>> {
    let of_symbol = rows.iter().filter(|row| row.symbol == symbol);
    of_symbol.flat_map(|row| seconds_of(row.attested_from, row.attested_until)).collect()
}

fn seconds_of(from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    (0..(until - from).num_seconds()).map(move |second| from + TimeDelta::seconds(second))
}

fn any_event() -> impl Strategy<Value = FeedEvent> {
    let change = prop_oneof![
        Just(FeedChange::Opened),
        (0..3_usize).prop_map(|nth| subscribed(CODES[nth])),
        (0..3_usize).prop_map(|nth| unsubscribed(CODES[nth])),
        Just(FeedChange::Alive),
        Just(FeedChange::Alive),
        Just(FeedChange::Closed { reason: GapReason::WsDisconnect }),
    ];
    (1..4_u32, 0..40_i64, change)
        .prop_map(|(nth, second, change)| event(nth, at("01:00:00") + TimeDelta::seconds(second), change))
}

proptest! {
    #[test]
    fn events_do_to_memory_what_they_do_to_the_table(
        before in prop::collection::vec(any_event(), 0..30),
        after in prop::collection::vec(any_event(), 0..30),
    ) {
        // Some of it comes out of the store, the rest happens since.
        let mut attested = Attested::new(by_the_book(&before));
        after.iter().for_each(|event| attested.apply(event));
        let rows = by_the_book(&[before, after].concat());
        let stretches = attested.by_symbol();
        for code in CODES {
            let list = stretches.get(&symbol(code)).cloned().unwrap_or_default();
            prop_assert!(list.is_sorted() && list.windows(2).all(|pair| pair[0].1 < pair[1].0), "they overlap: {list:?}");
            let seconds: BTreeSet<_> = list.into_iter().flat_map(|(from, until)| seconds_of(from, until)).collect();
            prop_assert_eq!(seconds, attested_seconds(&rows, symbol(code)));
        }
    }
}
