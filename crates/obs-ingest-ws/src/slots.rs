//! Which symbols are listened to over which app key, without any I/O.
//!
//! An app key has room for 41 symbols. A fixed watch list always has its slots; what is left goes to candidates by priority, for
//! at least a minimum dwell, until their claim fades or a better one comes. Time and events come in as arguments; what follows is
//! read with [`SlotManager::wanted`] and [`SlotManager::take_ledger`].

mod candidate;
mod key;
mod ledger;
mod placement;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{FeedChange, Symbol};

use self::key::Key;
pub use self::{
    candidate::{Candidate, Priority},
    ledger::{Eviction, SlotChange, SlotEvent},
    settings::{SlotError, SlotSettings},
};
use crate::RefusalKind;

/// Gives the slots of some app keys to symbols.
#[derive(Clone, Debug)]
pub struct SlotManager {
    dwell: TimeDelta,
    hold: TimeDelta,
    move_after: TimeDelta,
    keys: Vec<Key>,
    pinned: Vec<Symbol>,
    /// Candidates whose claim holds, with a slot or without.
    claims: BTreeMap<Symbol, Claim>,
    slots: BTreeMap<Symbol, Slot>,
    /// Symbols that the broker does not serve, until then.
    barred: BTreeMap<Symbol, DateTime<Utc>>,
    ledger: Vec<SlotEvent>,
    now: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    candidate: Candidate,
    renewed: DateTime<Utc>,
    /// Whether the ledger knows that it has no slot.
    left_out: bool,
}

/// A symbol's place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: usize,
    /// The key that it moves to; it is wanted on both until the new one is acknowledged.
    moving_to: Option<usize>,
    /// When its subscription was first acknowledged.
    dwells_since: Option<DateTime<Utc>>,
}

impl SlotManager {
    /// A manager with the watch list in place, spread over the keys. Repetitions in the list count once.
    ///
    /// # Errors
    /// [`SlotError`] if there are no slots, or fewer than the watch list needs.
    pub fn new(settings: &SlotSettings, watch_list: &[Symbol], now: DateTime<Utc>) -> Result<Self, SlotError> {
        let slots = settings.keys.saturating_mul(settings.per_key);
        if slots == 0 {
            return Err(SlotError::NoSlots);
        }
        let mut seen = BTreeSet::new();
        let pinned: Vec<Symbol> = watch_list.iter().copied().filter(|symbol| seen.insert(*symbol)).collect();
        if pinned.len() > slots {
            return Err(SlotError::WatchList { found: pinned.len(), slots });
        }
        let [dwell, hold, move_after] = [settings.dwell, settings.hold, settings.move_after]
            .map(|time| TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX));
        let mut new = Self {
            dwell,
            hold,
            move_after,
            keys: vec![Key::new(settings.per_key, now); settings.keys],
            pinned,
            claims: BTreeMap::new(),
            slots: BTreeMap::new(),
            barred: BTreeMap::new(),
            ledger: Vec::new(),
            now,
        };
        for (n, symbol) in new.pinned.clone().into_iter().enumerate() {
            new.allocate(symbol, n % settings.keys);
        }
        Ok(new)
    }

    /// Puts a candidate forward, or renews its claim. A claim's priority may rise and does not fall.
    pub fn propose(&mut self, candidate: Candidate) {
        let now = self.advance(candidate.at);
        let is_barred = self.barred.get(&candidate.symbol).is_some_and(|until| *until > now);
        if !is_barred && !self.is_pinned(candidate.symbol) {
            let new = Claim { candidate, renewed: now, left_out: false };
            let claim = self.claims.entry(candidate.symbol).or_insert(new);
            claim.renewed = now;
            if candidate.priority > claim.candidate.priority {
                *claim = new;
            }
        }
        self.settle();
    }

    /// Takes note of what the feed of a key (from 0) said. Unknown keys are ignored.
    pub fn on_feed(&mut self, key: usize, change: &FeedChange, at: DateTime<Utc>) {
        let now = self.advance(at);
        let Some(state) = self.keys.get_mut(key) else { return };
        match change {
            FeedChange::Opened => state.opened(),
            FeedChange::Closed { .. } => state.closed(now),
            FeedChange::Unsubscribed { symbol } => state.unsubscribed(*symbol),
            FeedChange::Subscribed { symbol } => {
                state.subscribed(*symbol);
                self.acknowledged(key, *symbol);
            }
            FeedChange::Alive => return,
        }
        self.settle();
    }

    /// Takes note of a refusal on a key. A key without room is not filled further until a symbol leaves it; a symbol that the
    /// broker does not serve loses its claim, and is not admitted again for as long as a claim holds.
    pub fn refused(&mut self, key: usize, symbol: Symbol, kind: RefusalKind, at: DateTime<Utc>) {
        let now = self.advance(at);
        match kind {
            RefusalKind::NoRoom => {
                if let Some(state) = self.keys.get_mut(key) {
                    state.has_no_room();
                }
                self.turned_away(symbol, key);
            }
            RefusalKind::Symbol => {
                if self.barred.insert(symbol, now.checked_add_signed(self.hold).unwrap_or(now)).is_none() {
                    self.write(symbol, SlotChange::Refused { key });
                }
                if !self.is_pinned(symbol) {
                    self.release(symbol, Eviction::Refused);
                    self.claims.remove(&symbol);
                }
            }
            RefusalKind::Passing | RefusalKind::Connection => {}
        }
        self.settle();
    }

    /// Takes a key out of use for good, such as one whose login the broker refuses. Its symbols move to the others.
    pub fn retire(&mut self, key: usize, at: DateTime<Utc>) {
        self.advance(at);
        if let Some(state) = self.keys.get_mut(key) {
            state.retire();
        }
        self.settle();
    }

    /// Lets time pass: claims fade, dwells end, symbols leave keys that stay down.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        self.advance(now);
        self.settle();
    }

    /// What the feed of a key (from 0) should be subscribed to, in order of priority; never more than the key has room for. A
    /// newcomer is held back while a symbol that left is still registered.
    #[must_use]
    pub fn wanted(&self, key: usize) -> Vec<Symbol> {
        let Some(state) = self.keys.get(key) else { return Vec::new() };
        let mut holders: Vec<Symbol> = self.holders(key).collect();
        holders.sort_by_key(|symbol| (std::cmp::Reverse(self.rank(*symbol)), *symbol));
        // What is served stays; so does the watch list, unless it is still wanted on the key that it moves from.
        let stays = |symbol: &Symbol| {
            let is_here = self.slots.get(symbol).is_some_and(|slot| slot.key == key);
            state.is_registered(*symbol) || is_here && self.is_pinned(*symbol)
        };
        let leaving = state.registered().filter(|symbol| !holders.contains(symbol)).count();
        let staying = holders.iter().filter(|symbol| stays(symbol)).count();
        let mut room = state.per_key().saturating_sub(leaving + staying);
        holders.retain(|symbol| {
            if stays(symbol) {
                return true;
            }
            let fits = room > 0;
            room = room.saturating_sub(1);
            fits
        });
        holders
    }

    /// What was decided since the last call, in order, each decision once.
    pub fn take_ledger(&mut self) -> Vec<SlotEvent> {
        std::mem::take(&mut self.ledger)
    }

    /// Time that runs backwards stands still.
    fn advance(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.now = self.now.max(now);
        self.now
    }

    fn is_pinned(&self, symbol: Symbol) -> bool {
        self.pinned.contains(&symbol)
    }

    /// What a symbol is worth; the watch list more than anything, in its order.
    fn rank(&self, symbol: Symbol) -> (Priority, usize) {
        match self.pinned.iter().rev().position(|pinned| *pinned == symbol) {
            Some(behind) => (Priority::MAX, behind + 1),
            None => (self.claims.get(&symbol).map_or(Priority::from_thousandths(0), |claim| claim.candidate.priority), 0),
        }
    }

    /// The symbols that have a slot of this key, or move to it.
    fn holders(&self, key: usize) -> impl Iterator<Item = Symbol> {
        self.slots.iter().filter(move |(_, slot)| slot.key == key || slot.moving_to == Some(key)).map(|(symbol, _)| *symbol)
    }

    fn is_dead(&self, key: usize) -> bool {
        self.keys.get(key).is_none_or(|state| state.is_dead(self.now, self.move_after))
    }

    /// Draws all conclusions from what is known now.
    fn settle(&mut self) {
        let now = self.now;
        self.barred.retain(|_, until| *until > now);
        self.fade();
        self.leave_dead_keys();
        self.place_candidates();
    }
}
