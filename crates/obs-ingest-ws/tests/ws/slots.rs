//! Who gets a slot, who keeps it, and what is written down.

mod any;
mod claims;
mod keys;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_ws::{Candidate, Eviction, Priority, SlotChange, SlotError, SlotManager, SlotSettings, Trigger};
use obs_model::{FeedChange, GapReason, Symbol};

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
fn what_cannot_be_managed() {
    let manager = |keys, per_key, list: usize| SlotManager::new(&small(keys, per_key), &codes(0..list), at(0)).err();
    assert_eq!(manager(2, 3, 6), None);
    assert_eq!(manager(2, 3, 7), Some(SlotError::WatchList { found: 7, slots: 6 }));
    assert_eq!(manager(0, 41, 0), Some(SlotError::NoSlots));
    assert_eq!(manager(1, 0, 0), Some(SlotError::NoSlots));
}

#[test]
fn a_priority_as_text() {
    let texts = [0, 900, 1000, 2000].map(|thousandths| Priority::from_thousandths(thousandths).to_string());
    assert_eq!(texts, ["0.000", "0.900", "1.000", "1.000"]);
}
