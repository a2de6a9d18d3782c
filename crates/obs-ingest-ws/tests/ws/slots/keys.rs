//! Several app keys: which symbol goes where, and what happens when one is down, full or gone.

use obs_ingest_ws::{Eviction, RefusalKind, SlotChange};
use obs_model::FeedChange;

use super::{Desk, allocated, at, candidate, code, codes, replaced, small};

#[test]
fn the_watch_list_is_spread_over_the_keys_in_its_order() {
    let desk = Desk::new(&small(2, 3), &codes([9, 8, 7, 6, 9]));
    assert_eq!([0, 1].map(|key| desk.slots.wanted(key)), [codes([9, 7]), codes([8, 6])]);
    assert_eq!(desk.slots.wanted(2), []);
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
