//! How wrong our clock is, by the broker's.

use std::{collections::VecDeque, sync::Mutex};

use chrono::{DateTime, TimeDelta, Utc};

/// The answers whose median counts: odd, so that one strange answer, or a few, do not move it.
const SAMPLES: usize = 9;

/// The last differences between our clock and the `Date` of the broker's answers.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    samples: Mutex<VecDeque<TimeDelta>>,
}

impl Skew {
    /// Takes note of an answer's `Date` header and of when the call was sent and answered by our clock.
    pub(crate) fn observe(&self, date: &str, sent: DateTime<Utc>, answered: DateTime<Utc>) {
        let Ok(date) = DateTime::parse_from_rfc2822(date) else { return };
        let ours = sent + (answered - sent) / 2;
        // The header cuts off the fraction of the second: on average it is half a second old.
        let skew = ours - date.to_utc() - TimeDelta::milliseconds(500);
        // A panic elsewhere leaves samples that are as good as before.
        let mut samples = self.samples.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if samples.len() == SAMPLES {
            samples.pop_front();
        }
        samples.push_back(skew);
    }

    /// The median of the last samples: ours minus theirs.
    pub(crate) fn median(&self) -> Option<TimeDelta> {
        let samples = self.samples.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut sorted: Vec<_> = samples.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}
