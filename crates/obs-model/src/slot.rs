//! Who got a subscription, who lost it, and who was left out.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Problem, SessionId, Symbol};

/// A decision about a symbol's subscription: an entry of the slot ledger. The archive keeps it; it is a row of no table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SlotEntry {
    /// When, by our clock.
    pub at: DateTime<Utc>,
    /// About what.
    pub symbol: Symbol,
    /// What was decided.
    pub decision: SlotDecision,
    /// What the symbol's claim was worth, in thousandths; `None` for the watch list, which is worth most.
    pub priority: Option<u16>,
    /// The symbol that took the slot, where one did.
    pub by: Option<Symbol>,
    /// The run of the recorder that decided it.
    pub session_id: SessionId,
}

/// What was decided about a symbol's subscription: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotDecision {
    /// It has a slot from now on.
    Allocated,
    /// It goes on over another app key.
    Moved,
    /// Another symbol took its slot.
    Replaced,
    /// Nothing had renewed its claim.
    Faded,
    /// The broker admitted fewer symbols than it should.
    NoRoom,
    /// The broker does not serve it.
    Refused,
    /// All slots are taken by symbols of at least its worth: it is left out.
    Overflow,
}

impl SlotDecision {
    /// Every decision.
    pub const ALL: [Self; 7] =
        [Self::Allocated, Self::Moved, Self::Replaced, Self::Faded, Self::NoRoom, Self::Refused, Self::Overflow];

    const NAMES: &'static str = "allocated, moved, replaced, faded, no_room, refused, overflow";

    /// The name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Moved => "moved",
            Self::Replaced => "replaced",
            Self::Faded => "faded",
            Self::NoRoom => "no_room",
            Self::Refused => "refused",
            Self::Overflow => "overflow",
        }
    }
}

impl fmt::Display for SlotDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SlotDecision {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|decision| decision.as_str() == name)
            .ok_or_else(|| InvalidValue::new("slot decision", name, Problem::UnknownName { names: Self::NAMES }))
    }
}
