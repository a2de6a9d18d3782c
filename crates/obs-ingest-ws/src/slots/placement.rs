//! Who gives way to whom, and who moves where.

use std::cmp::Reverse;

use obs_model::Symbol;

use super::{Candidate, Eviction, Slot, SlotChange, SlotEvent, SlotManager};

impl SlotManager {
    /// Ends the claims that were not renewed.
    pub(super) fn fade(&mut self) {
        let (now, hold) = (self.now, self.hold);
        let faded = self.claims.values().filter(|claim| now - claim.renewed >= hold).map(|claim| claim.candidate.symbol);
        for symbol in faded.collect::<Vec<_>>() {
            if self.slots.get(&symbol).is_none_or(|slot| self.has_dwelt(slot)) {
                self.release(symbol, Eviction::Faded);
                self.claims.remove(&symbol);
            }
        }
    }

    /// Whether a slot's dwell is over. It has not begun before the subscription is acknowledged, but a key that is down does not
    /// keep a symbol.
    pub(super) fn has_dwelt(&self, slot: &Slot) -> bool {
        slot.dwells_since.map_or(self.is_dead(slot.key), |since| self.now - since >= self.dwell)
    }

    /// Starts to move the symbols of dead keys, the most valuable first, and ends moves that lost their sense.
    pub(super) fn leave_dead_keys(&mut self) {
        for key in 0..self.keys.len() {
            if self.is_dead(key) {
                for slot in self.slots.values_mut().filter(|slot| slot.moving_to == Some(key)) {
                    slot.moving_to = None;
                }
                let mut stranded: Vec<Symbol> = self
                    .slots
                    .iter()
                    .filter(|(_, slot)| slot.key == key && slot.moving_to.is_none())
                    .map(|(symbol, _)| *symbol)
                    .collect();
                stranded.sort_by_key(|symbol| Reverse(self.rank(*symbol)));
                for symbol in stranded {
                    self.displace(symbol, key);
                }
            }
        }
    }

    /// Moves a symbol away from a key if another has a slot for it.
    pub(super) fn displace(&mut self, symbol: Symbol, from: usize) {
        if self.slots.get(&symbol).is_none_or(|slot| slot.key != from || slot.moving_to.is_some()) {
            return;
        }
        let Some(to) = self.make_room(symbol, Some(from)) else { return };
        if let Some(slot) = self.slots.get_mut(&symbol) {
            slot.moving_to = Some(to);
        }
    }

    /// Gives slots to the candidates that have none, the most valuable first; writes down who is left out.
    pub(super) fn place_candidates(&mut self) {
        let mut waiting: Vec<Candidate> = self
            .claims
            .values()
            .map(|claim| claim.candidate)
            .filter(|candidate| !self.slots.contains_key(&candidate.symbol))
            .collect();
        waiting.sort_by_key(|candidate| (Reverse(candidate.priority), candidate.at, candidate.symbol));
        for candidate in waiting {
            if let Some(key) = self.make_room(candidate.symbol, None) {
                self.allocate(candidate.symbol, key);
                continue;
            }
            if let Some(claim) = self.claims.get_mut(&candidate.symbol)
                && !std::mem::replace(&mut claim.left_out, true)
            {
                self.write(candidate.symbol, SlotChange::Overflow);
            }
        }
    }

    /// A key with a free slot for a symbol: the emptiest, or one on which a symbol of strictly lower priority gives way.
    pub(super) fn make_room(&mut self, symbol: Symbol, from: Option<usize>) -> Option<usize> {
        let live: Vec<usize> = (0..self.keys.len()).filter(|key| Some(*key) != from && !self.is_dead(*key)).collect();
        let room =
            |key: &usize| self.keys.get(*key).map_or(0, |state| state.capacity().saturating_sub(self.holders(*key).count()));
        let emptiest = live.iter().copied().max_by_key(|key| (room(key), Reverse(*key)));
        if let Some(key) = emptiest.filter(|key| room(key) > 0) {
            return Some(key);
        }
        let gives_way = |(held, slot): &(&Symbol, &Slot)| {
            live.contains(&slot.key)
                && slot.moving_to.is_none()
                && !self.is_pinned(**held)
                && self.rank(**held) < self.rank(symbol)
                && slot.dwells_since.is_some()
                && self.has_dwelt(slot)
        };
        let (held, key) = self
            .slots
            .iter()
            .filter(gives_way)
            .min_by_key(|(held, slot)| (self.rank(**held), slot.dwells_since))
            .map(|(held, slot)| (*held, slot.key))?;
        self.release(held, Eviction::Replaced { by: symbol });
        Some(key)
    }

    pub(super) fn allocate(&mut self, symbol: Symbol, key: usize) {
        self.slots.insert(symbol, Slot { key, moving_to: None, dwells_since: None });
        if let Some(claim) = self.claims.get_mut(&symbol) {
            claim.left_out = false;
        }
        self.write(symbol, SlotChange::Allocated { key });
    }

    /// Takes a symbol's slot away.
    pub(super) fn release(&mut self, symbol: Symbol, why: Eviction) {
        if let Some(slot) = self.slots.remove(&symbol) {
            self.write(symbol, SlotChange::Evicted { key: slot.key, why });
            if let Some(claim) = self.claims.get_mut(&symbol) {
                // Who gave way to another is known to be left out.
                claim.left_out = matches!(why, Eviction::Replaced { .. });
            }
        }
    }

    /// A key has no room for a symbol: it gives its slot back and tries elsewhere. The watch list keeps asking until it has
    /// moved.
    pub(super) fn turned_away(&mut self, symbol: Symbol, key: usize) {
        let is_pinned = self.is_pinned(symbol);
        match self.slots.get_mut(&symbol) {
            Some(slot) if slot.moving_to == Some(key) => slot.moving_to = None,
            Some(slot) if slot.key == key && is_pinned => self.displace(symbol, key),
            Some(slot) if slot.key == key && slot.moving_to.is_none() => self.release(symbol, Eviction::NoRoom),
            _ => {}
        }
    }

    /// A subscription stands: the dwell begins, or a move is done.
    pub(super) fn acknowledged(&mut self, key: usize, symbol: Symbol) {
        let now = self.now;
        let Some(slot) = self.slots.get_mut(&symbol) else { return };
        if slot.moving_to == Some(key) {
            let from = std::mem::replace(&mut slot.key, key);
            slot.moving_to = None;
            slot.dwells_since.get_or_insert(now);
            self.write(symbol, SlotChange::Moved { from, to: key });
        } else if slot.key == key {
            // A key that came back keeps what it had.
            slot.moving_to = None;
            slot.dwells_since.get_or_insert(now);
        }
    }

    pub(super) fn write(&mut self, symbol: Symbol, change: SlotChange) {
        let candidate = self.claims.get(&symbol).map(|claim| claim.candidate);
        self.ledger.push(SlotEvent { at: self.now, symbol, candidate, change });
    }
}
