//! What the slot manager decided.

use chrono::{DateTime, Utc};
use obs_model::Symbol;

use crate::Candidate;

/// A decision about a symbol's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// About what.
    pub symbol: Symbol,
    /// Its claim then; `None` for the watch list.
    pub candidate: Option<Candidate>,
    /// What was decided.
    pub change: SlotChange,
}

/// What was decided about a symbol's slot. Keys count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotChange {
    /// It has one from now on.
    Allocated {
        /// On this key.
        key: usize,
    },
    /// It lost it.
    Evicted {
        /// On this key.
        key: usize,
        /// What for.
        why: Eviction,
    },
    /// Another key has taken it over, and it is dropped from the first.
    Moved {
        /// From this key.
        from: usize,
        /// To this one.
        to: usize,
    },
    /// It is left out: all slots are taken by symbols of at least its priority, or in their dwell. Said once, and again only when
    /// something about it has changed: its priority rose, or it had a slot in between.
    Overflow,
    /// The broker does not serve it.
    Refused {
        /// On this key.
        key: usize,
    },
}

/// Why a symbol lost its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// A symbol of higher priority needed it.
    Replaced {
        /// That symbol.
        by: Symbol,
    },
    /// Nothing renewed its claim.
    Faded,
    /// The broker admitted fewer symbols on the key than it should.
    NoRoom,
    /// The broker does not serve it.
    Refused,
}
