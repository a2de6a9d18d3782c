//! How slots are given and taken.

use std::time::Duration;

use crate::MAX_REGISTRATIONS;

/// How slots are given and taken. Durations are market time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotSettings {
    /// App keys.
    pub keys: usize,
    /// Symbols that one app key may register.
    pub per_key: usize,
    /// How long a symbol keeps its slot at least, from the acknowledgement of its subscription.
    pub dwell: Duration,
    /// How long a candidate keeps its claim after it was last proposed.
    pub hold: Duration,
    /// How long a key must be without a connection before its symbols move to others. A reconnect is usually quicker.
    pub move_after: Duration,
}

impl Default for SlotSettings {
    fn default() -> Self {
        Self {
            keys: 1,
            per_key: MAX_REGISTRATIONS,
            dwell: Duration::from_secs(120),
            hold: Duration::from_secs(30 * 60),
            move_after: Duration::from_secs(60),
        }
    }
}

/// Why there is no slot manager.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// There is no room at all.
    #[error("there is no slot: name at least one app key, and at least one symbol for each")]
    NoSlots,
    /// The watch list does not fit.
    #[error("the watch list has {found} symbols and there are {slots} slots: shorten it, or add an app key")]
    WatchList {
        /// Symbols of the list.
        found: usize,
        /// Slots of all keys.
        slots: usize,
    },
}
