//! What a newer version of a policy changes.

use std::fmt;

use super::Policy;

/// Something that a newer version of a policy changes, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change(String);

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

pub(super) fn changes(_older: &Policy, _newer: &Policy) -> Vec<Change> {
    Vec::new()
}
