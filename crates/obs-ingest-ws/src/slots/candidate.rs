//! Symbols that are worth a slot.

use chrono::{DateTime, Utc};
use obs_model::Symbol;

use crate::Trigger;

/// How much a candidate is worth, in thousandths: 0 to 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u16);

impl Priority {
    /// The highest, which the watch list has.
    pub const MAX: Self = Self(1_000);

    /// So many thousandths; more than 1,000 are 1,000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u16) -> Self {
        if thousandths > Self::MAX.0 { Self::MAX } else { Self(thousandths) }
    }

    /// As a number of thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A symbol that is worth a slot, for the time being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The symbol.
    pub symbol: Symbol,
    /// How much it is worth.
    pub priority: Priority,
    /// What proposed it.
    pub reason: Trigger,
    /// When it was found worthy.
    pub at: DateTime<Utc>,
}
