//! Claims: who gets a slot, who gives way, and who waits.

use obs_ingest_ws::{Eviction, SlotChange, SlotManager};
use obs_model::FeedChange;

use super::{Desk, allocated, at, candidate, code, codes, replaced, small};

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
