//! Any events: no key has too many, the watch list is served, and the ledger is a story.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::TimeDelta;
use obs_ingest_ws::{Candidate, RefusalKind, SlotChange, SlotSettings};
use obs_model::{FeedChange, Symbol};
use proptest::prelude::*;

use super::{Desk, at, candidate, code, codes, small};

/// Something that happens to a desk.
#[derive(Clone, Debug)]
enum Event {
    Propose { n: usize, priority: u16 },
    Obey,
    Subscribe { key: usize },
    Cut { key: usize },
    Open { key: usize },
    NoRoom { key: usize, n: usize },
    Unknown { key: usize, n: usize },
    Retire { key: usize },
}

fn event() -> impl Strategy<Value = (Event, i64)> {
    let (key, n) = (0..3_usize, 0..20_usize);
    let event = prop_oneof![
        8 => (n.clone(), 0..1000_u16).prop_map(|(n, priority)| Event::Propose { n, priority }),
        8 => Just(Event::Obey),
        4 => key.clone().prop_map(|key| Event::Subscribe { key }),
        2 => key.clone().prop_map(|key| Event::Cut { key }),
        4 => key.clone().prop_map(|key| Event::Open { key }),
        1 => (key.clone(), n.clone()).prop_map(|(key, n)| Event::NoRoom { key, n }),
        1 => (key.clone(), n).prop_map(|(key, n)| Event::Unknown { key, n }),
        1 => key.prop_map(|key| Event::Retire { key }),
    ];
    (event, 0..400_i64)
}

proptest! {
    #[test]
    fn whatever_happens(events in prop::collection::vec(event(), 0..80)) {
        const PER_KEY: usize = 4;
        let watch_list = codes(0..5);
        let settings = SlotSettings { dwell: Duration::from_secs(120), ..small(3, PER_KEY) };
        let mut desk = Desk::new(&settings, &watch_list);
        // Whether a symbol has a slot, and its claim when it was last left out.
        let (mut second, mut stories) = (0, BTreeMap::<Symbol, (bool, Option<Candidate>)>::new());
        for (event, later) in events {
            second += later;
            match event {
                Event::Propose { n, priority } => desk.slots.propose(candidate(n, priority, second)),
                Event::Obey => desk.obey(second),
                // One subscription of those that are wanted is acknowledged, if there is room.
                Event::Subscribe { key } => {
                    let new = desk.slots.wanted(key).into_iter().find(|symbol| !desk.registered[key].contains(symbol));
                    if let Some(symbol) = new.filter(|_| !desk.down.contains(&key)) {
                        desk.registered[key].insert(symbol);
                        desk.slots.on_feed(key, &FeedChange::Subscribed { symbol }, at(second));
                    }
                }
                Event::Cut { key } => desk.cut(key, second),
                Event::Open { key } => {
                    desk.down.remove(&key);
                    desk.registered[key].clear();
                    desk.slots.on_feed(key, &FeedChange::Opened, at(second));
                }
                Event::NoRoom { key, n } => desk.slots.refused(key, code(n), RefusalKind::NoRoom, at(second)),
                Event::Unknown { key, n } => desk.slots.refused(key, code(n), RefusalKind::Symbol, at(second)),
                Event::Retire { key } => {
                    desk.cut(key, second);
                    desk.slots.retire(key, at(second));
                }
            }
            desk.slots.tick(at(second));

            let wanted: Vec<Vec<Symbol>> = (0..3).map(|key| desk.slots.wanted(key)).collect();
            for (key, wanted) in wanted.iter().enumerate() {
                let either: BTreeSet<Symbol> = wanted.iter().chain(&desk.registered[key]).copied().collect();
                prop_assert!(either.len() <= PER_KEY, "{either:?} on key {key}");
            }
            for symbol in &watch_list {
                prop_assert!(wanted.iter().any(|wanted| wanted.contains(symbol)), "{symbol} is not wanted");
            }
            for n in 0..20 {
                let keys: Vec<usize> = (0..3).filter(|key| wanted[*key].contains(&code(n))).collect();
                prop_assert!(keys.len() <= 2, "{n} on {keys:?}");
                // On two keys only while the second is not acknowledged.
                let served = keys.iter().filter(|key| desk.registered[**key].contains(&code(n))).count();
                prop_assert!(keys.len() < 2 || served < 2, "{n} is served on {keys:?}");
            }
            // Every symbol's ledger is a story: in, out, in; and left out once in between.
            for event in desk.slots.take_ledger() {
                let symbol = event.symbol;
                let (has_slot, left_out) = stories.entry(symbol).or_default();
                match event.change {
                    SlotChange::Allocated { .. } => {
                        prop_assert!(!*has_slot, "{symbol} twice");
                        (*has_slot, *left_out) = (true, None);
                    }
                    SlotChange::Evicted { .. } => {
                        prop_assert!(*has_slot, "{symbol} had none");
                        *has_slot = false;
                    }
                    SlotChange::Moved { from, to } => prop_assert!(*has_slot && from != to),
                    SlotChange::Overflow => {
                        let claim = event.candidate.unwrap();
                        let is_news = left_out.is_none_or(|known| {
                            claim.priority > known.priority || claim.at - known.at >= TimeDelta::minutes(30)
                        });
                        prop_assert!(!*has_slot && is_news, "{symbol} is left out again");
                        *left_out = Some(claim);
                    }
                    SlotChange::Refused { .. } => *left_out = None,
                }
            }
        }
    }
}
