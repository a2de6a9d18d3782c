//! A policy as a text that says everything.

use super::Policy;

pub(super) fn text(_policy: &Policy) -> String {
    String::new()
}
