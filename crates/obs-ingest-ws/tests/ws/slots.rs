//! Who gets a slot, who keeps it, and what is written down.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_ws::{Candidate, Eviction, Priority, RefusalKind, SlotChange, SlotError, SlotManager, SlotSettings, Trigger};
use obs_model::{FeedChange, GapReason, Symbol};
use proptest::prelude::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn code(n: usize) -> Symbol {
    format!("{n:06}").parse().unwrap()
}

fn codes(numbers: impl IntoIterator<Item = usize>) -> Vec<Symbol> {
    numbers.into_iter().map(code).collect()
}

fn candidate(n: usize, priority: u16, second: i64) -> Candidate {
    Candidate {
        symbol: code(n),
        priority: Priority::from_thousandths(priority),
        reason: Trigger::VolumeSurge,
        at: at(second),
    }
}

fn small(keys: usize, per_key: usize) -> SlotSettings {
    SlotSettings { keys, per_key, ..SlotSettings::default() }
}

fn closed() -> FeedChange {
    FeedChange::Closed { reason: GapReason::WsDisconnect }
}

/// A manager, and the broker's side of its keys: every wish is granted at once, farewells first.
struct Desk {
    slots: SlotManager,
    registered: Vec<BTreeSet<Symbol>>,
    down: BTreeSet<usize>,
}

impl Desk {
    fn new(settings: &SlotSettings, watch_list: &[Symbol]) -> Self {
        let slots = SlotManager::new(settings, watch_list, at(0)).unwrap();
        let mut desk = Self { slots, registered: vec![BTreeSet::new(); settings.keys], down: BTreeSet::new() };
        for key in 0..settings.keys {
            desk.slots.on_feed(key, &FeedChange::Opened, at(0));
        }
        desk.obey(0);
        desk
    }

    /// Brings every connection in line with what is wanted of it.
    fn obey(&mut self, second: i64) {
        for _ in 0..3 {
            for key in (0..self.registered.len()).filter(|key| !self.down.contains(key)) {
                let wanted: BTreeSet<Symbol> = self.slots.wanted(key).into_iter().collect();
                let (old, new): (Vec<_>, Vec<_>) = (
                    self.registered[key].difference(&wanted).copied().collect(),
                    wanted.difference(&self.registered[key]).copied().collect(),
                );
                for symbol in old {
                    self.registered[key].remove(&symbol);
                    self.slots.on_feed(key, &FeedChange::Unsubscribed { symbol }, at(second));
                }
                for symbol in new {
                    self.registered[key].insert(symbol);
                    self.slots.on_feed(key, &FeedChange::Subscribed { symbol }, at(second));
                }
            }
        }
    }

    fn cut(&mut self, key: usize, second: i64) {
        self.down.insert(key);
        self.registered[key].clear();
        self.slots.on_feed(key, &closed(), at(second));
    }

    fn propose(&mut self, n: usize, priority: u16, second: i64) {
        self.slots.propose(candidate(n, priority, second));
        self.obey(second);
    }

    /// What was decided since the last call: symbol and decision.
    fn ledger(&mut self) -> Vec<(Symbol, SlotChange)> {
        self.slots.take_ledger().into_iter().map(|event| (event.symbol, event.change)).collect()
    }
}

const fn allocated(key: usize) -> SlotChange {
    SlotChange::Allocated { key }
}

fn replaced(key: usize, by: usize) -> SlotChange {
    SlotChange::Evicted { key, why: Eviction::Replaced { by: code(by) } }
}

#[test]
fn the_watch_list_is_spread_over_the_keys_in_its_order() {
    let desk = Desk::new(&small(2, 3), &codes([9, 8, 7, 6, 9]));
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([9, 7]), codes([8, 6])]);
    assert_eq!(desk.slots.wanted(2), []);
}

#[test]
fn what_cannot_be_managed() {
    let manager = |keys, per_key, list: usize| SlotManager::new(&small(keys, per_key), &codes(0..list), at(0)).err();
    assert_eq!(manager(2, 3, 6), None);
    assert_eq!(manager(2, 3, 7), Some(SlotError::WatchList { found: 7, slots: 6 }));
    assert_eq!(manager(0, 41, 0), Some(SlotError::NoSlots));
    assert_eq!(manager(1, 0, 0), Some(SlotError::NoSlots));
}

#[test]
fn candidates_take_free_slots_on_the_emptiest_key() {
    let mut desk = Desk::new(&small(2, 2), &codes([0]));
    desk.ledger();
    desk.propose(1, 900, 1);
    desk.propose(2, 900, 2);
    desk.propose(3, 950, 3);
    assert_eq!(desk.ledger(), [(code(1), allocated(1)), (code(2), allocated(0)), (code(3), allocated(1))]);
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([0, 2]), codes([3, 1])]);
}

#[test]
fn a_slot_is_taken_only_for_strictly_more_and_after_the_dwell() {
    let mut desk = Desk::new(&small(1, 2), &[]);
    desk.propose(1, 900, 0);
    desk.propose(2, 900, 10);
    desk.ledger();

    // Worth more, but both dwell; worth the same, after the dwell.
    desk.propose(3, 950, 119);
    assert_eq!(desk.ledger(), [(code(3), SlotChange::Overflow)]);
    desk.propose(4, 900, 119);
    assert_eq!(desk.ledger(), [(code(4), SlotChange::Overflow)]);

    // The first one's dwell is over, and who waits is not forgotten.
    desk.slots.tick(at(120));
    assert_eq!(desk.ledger(), [(code(1), replaced(0, 3)), (code(3), allocated(0))]);
    desk.obey(120);
    assert_eq!(desk.slots.wanted(0), codes([3, 2]));
    // Nobody gives way to an equal.
    desk.slots.tick(at(500));
    assert_eq!(desk.ledger(), []);
}

#[test]
fn the_dwell_begins_with_the_acknowledgement() {
    let mut slots = SlotManager::new(&small(1, 1), &[], at(0)).unwrap();
    slots.on_feed(0, &FeedChange::Opened, at(0));
    slots.propose(candidate(1, 500, 0));
    slots.on_feed(0, &FeedChange::Subscribed { symbol: code(1) }, at(100));
    slots.propose(candidate(2, 900, 219));
    assert_eq!(slots.wanted(0), codes([1]));
    slots.tick(at(220));
    assert_eq!(slots.wanted(0), []);
}

/// The Python system subscribed the new symbol before it dropped the old one, so that at 41 every replacement failed.
#[test]
fn a_newcomer_waits_until_the_old_one_is_unsubscribed() {
    let mut desk = Desk::new(&small(1, 41), &codes(0..40));
    desk.propose(40, 500, 0);
    desk.slots.propose(candidate(41, 900, 120));

    assert_eq!(desk.slots.wanted(0), codes(0..40));
    desk.slots.on_feed(0, &FeedChange::Unsubscribed { symbol: code(40) }, at(121));
    assert_eq!(desk.slots.wanted(0), codes((0..40).chain([41])));
}

/// The Python system wrote the same overflow again in each cycle.
#[test]
fn who_stays_out_is_written_down_once_until_something_changes() {
    let mut desk = Desk::new(&small(1, 1), &codes([0]));
    desk.ledger();
    for second in 0..10 {
        desk.propose(1, 900, second);
        desk.slots.tick(at(second));
    }
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Overflow)]);
    // Less is no news, more is.
    desk.propose(1, 800, 20);
    assert_eq!(desk.ledger(), []);
    desk.propose(1, 950, 30);
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Overflow)]);
    // A claim that faded and comes again is another.
    desk.slots.tick(at(30 + 1800));
    desk.propose(1, 950, 30 + 1801);
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Overflow)]);
}

/// In the Python system nothing but a better candidate ever ended a slot.
#[test]
fn a_claim_that_nothing_renews_fades() {
    let mut desk = Desk::new(&small(1, 2), &codes([0]));
    desk.propose(1, 900, 0);
    desk.propose(1, 100, 1000);
    desk.ledger();
    desk.slots.tick(at(2799));
    assert_eq!(desk.slots.wanted(0), codes([0, 1]));
    desk.slots.tick(at(2800));
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Evicted { key: 0, why: Eviction::Faded })]);
    assert_eq!(desk.slots.wanted(0), codes([0]));
}

#[test]
fn a_freed_slot_goes_to_the_best_who_waits() {
    let mut desk = Desk::new(&small(1, 1), &[]);
    desk.propose(1, 900, 0);
    desk.propose(2, 500, 1000);
    desk.propose(3, 700, 1000);
    desk.ledger();
    desk.slots.tick(at(1800));
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Evicted { key: 0, why: Eviction::Faded }), (code(3), allocated(0))]);
}

#[test]
fn a_key_that_stays_down_hands_its_symbols_over_without_a_hole() {
    let mut desk = Desk::new(&small(2, 3), &codes([0, 1]));
    desk.propose(2, 900, 0);
    desk.ledger();
    // 0 and 2 are on the first key.
    desk.cut(0, 10);
    desk.slots.tick(at(69));
    assert_eq!(desk.slots.wanted(1), codes([1]));

    desk.slots.tick(at(70));
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([0, 2]), codes([0, 1, 2])]);
    assert_eq!(desk.ledger(), []);

    desk.obey(71);
    let moved = SlotChange::Moved { from: 0, to: 1 };
    assert_eq!(desk.ledger(), [(code(0), moved), (code(2), moved)]);
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [vec![], codes([0, 1, 2])]);
}

#[test]
fn a_key_that_comes_back_in_time_keeps_its_symbols() {
    let mut desk = Desk::new(&small(2, 3), &codes([0, 1]));
    desk.ledger();
    desk.cut(0, 10);
    desk.slots.tick(at(70));
    desk.slots.on_feed(0, &FeedChange::Opened, at(71));
    desk.slots.on_feed(0, &FeedChange::Subscribed { symbol: code(0) }, at(72));
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([0]), codes([1])]);
    assert_eq!(desk.ledger(), []);
}

#[test]
fn a_retired_key_makes_room_for_its_watch_list_elsewhere() {
    let mut desk = Desk::new(&small(2, 2), &codes([0, 1]));
    desk.propose(2, 900, 0);
    desk.propose(3, 500, 0);
    desk.ledger();
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([0, 2]), codes([1, 3])]);

    desk.down.insert(0);
    desk.slots.retire(0, at(200));
    desk.obey(200);

    assert_eq!(desk.slots.wanted(1), codes([0, 1]));
    assert_eq!(desk.ledger(), [(code(3), replaced(1, 0)), (code(0), SlotChange::Moved { from: 0, to: 1 })]);
}

#[test]
fn a_key_without_room_sends_its_candidate_elsewhere() {
    let mut desk = Desk::new(&small(2, 3), &codes([0, 1, 2]));
    desk.slots.propose(candidate(3, 900, 1));
    desk.ledger();
    assert_eq!(desk.slots.wanted(1), codes([1, 3]));

    // Somebody else uses the key: it admits one symbol only.
    desk.slots.refused(1, code(3), RefusalKind::NoRoom, at(2));

    assert_eq!(desk.ledger(), [(code(3), SlotChange::Evicted { key: 1, why: Eviction::NoRoom }), (code(3), allocated(0))]);
    // And is not filled further.
    desk.slots.propose(candidate(4, 900, 3));
    assert_eq!(desk.ledger(), [(code(4), SlotChange::Overflow)]);
}

#[test]
fn a_symbol_that_the_broker_does_not_serve_gives_its_slot_back() {
    let mut desk = Desk::new(&small(1, 2), &codes([0]));
    desk.slots.propose(candidate(1, 900, 1));
    desk.ledger();
    desk.slots.refused(0, code(1), RefusalKind::Symbol, at(2));
    desk.slots.refused(0, code(1), RefusalKind::Symbol, at(3));
    desk.propose(1, 950, 4);
    let given_back = SlotChange::Evicted { key: 0, why: Eviction::Refused };
    assert_eq!(desk.ledger(), [(code(1), SlotChange::Refused { key: 0 }), (code(1), given_back)]);
    assert_eq!(desk.slots.wanted(0), codes([0]));
    // The watch list stays what it is.
    desk.slots.refused(0, code(0), RefusalKind::Symbol, at(5));
    assert_eq!(desk.slots.wanted(0), codes([0]));
    // Later it may be tried again.
    desk.propose(1, 950, 3 + 1800);
    assert_eq!(desk.slots.wanted(0), codes([0, 1]));
}

#[test]
fn a_clock_that_goes_back_takes_nothing_back() {
    let mut desk = Desk::new(&small(1, 1), &[]);
    desk.propose(1, 500, 1000);
    desk.slots.tick(at(10));
    desk.propose(2, 900, 20);
    assert_eq!(desk.slots.wanted(0), codes([1]));
    desk.slots.tick(at(1120));
    desk.obey(1120);
    assert_eq!(desk.slots.wanted(0), codes([2]));
}

#[test]
fn a_priority_as_text() {
    let texts = [0, 900, 1000, 2000].map(|thousandths| Priority::from_thousandths(thousandths).to_string());
    assert_eq!(texts, ["0.000", "0.900", "1.000", "1.000"]);
}

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
