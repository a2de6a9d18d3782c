//! An app key as the slot manager knows it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::Symbol;

/// An app key: its connection, and what is registered over it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    per_key: usize,
    link: Link,
    /// Symbols whose subscription the broker acknowledged.
    registered: BTreeSet<Symbol>,
    /// How many the broker admitted when it refused one more than it should have.
    admitted: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Up,
    /// Without a connection since then.
    Down(DateTime<Utc>),
    /// Never to be used again.
    Retired,
}

impl Key {
    pub(super) const fn new(per_key: usize, now: DateTime<Utc>) -> Self {
        Self { per_key, link: Link::Down(now), registered: BTreeSet::new(), admitted: None }
    }

    pub(super) const fn per_key(&self) -> usize {
        self.per_key
    }

    /// How many symbols it can hold, as far as is known.
    pub(super) fn capacity(&self) -> usize {
        self.admitted.map_or(self.per_key, |admitted| admitted.min(self.per_key))
    }

    pub(super) fn is_dead(&self, now: DateTime<Utc>, after: TimeDelta) -> bool {
        match self.link {
            Link::Up => false,
            Link::Down(since) => now - since >= after,
            Link::Retired => true,
        }
    }

    pub(super) fn registered(&self) -> impl Iterator<Item = &Symbol> {
        self.registered.iter()
    }

    pub(super) fn is_registered(&self, symbol: Symbol) -> bool {
        self.registered.contains(&symbol)
    }

    pub(super) fn opened(&mut self) {
        self.link_is(Link::Up);
    }

    pub(super) fn closed(&mut self, now: DateTime<Utc>) {
        // It is not newly down if it was not up in between.
        self.link_is(if self.link == Link::Up { Link::Down(now) } else { self.link });
    }

    pub(super) fn retire(&mut self) {
        self.link_is(Link::Retired);
    }

    /// A new connection, or none, has no registrations and nobody else's either.
    fn link_is(&mut self, link: Link) {
        if self.link != Link::Retired {
            self.link = link;
        }
        self.registered.clear();
        self.admitted = None;
    }

    pub(super) fn subscribed(&mut self, symbol: Symbol) {
        self.registered.insert(symbol);
    }

    pub(super) fn unsubscribed(&mut self, symbol: Symbol) {
        self.registered.remove(&symbol);
        self.admitted = None;
    }

    pub(super) fn has_no_room(&mut self) {
        self.admitted = Some(self.registered.len());
    }
}
