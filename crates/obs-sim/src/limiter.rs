//! How many calls an app key may make in a second, and how many it made.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// The broker counts calls over the last second.
const WINDOW: TimeDelta = TimeDelta::seconds(1);

/// Admits so many calls in any one second, for each app key by itself. A refused call does not count.
pub(crate) struct Limiter {
    per_second: usize,
    admitted: Mutex<BTreeMap<usize, VecDeque<DateTime<Utc>>>>,
}

impl Limiter {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1) as usize, admitted: Mutex::default() }
    }

    /// Whether a customer's call at an instant is within the limit.
    pub(crate) fn admit(&self, customer: usize, now: DateTime<Utc>) -> bool {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = admitted.entry(customer).or_default();
        forget_old(calls, now);
        let admit = calls.len() < self.per_second;
        if admit {
            calls.push_back(now);
        }
        admit
    }
}

/// How fast the clients of a simulator called, in simulated time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// The most calls that one app key made in any one second, refused ones included.
    pub highest_per_second: u32,
    /// All calls of all app keys.
    pub calls: u64,
    /// Those of them that were refused because they came too fast.
    pub refused: u64,
}

/// Watches how fast clients call.
#[derive(Default)]
pub(crate) struct PaceLedger {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    pace: Pace,
    recent: BTreeMap<usize, VecDeque<DateTime<Utc>>>,
}

impl PaceLedger {
    pub(crate) fn add(&self, customer: usize, now: DateTime<Utc>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = seen.recent.entry(customer).or_default();
        forget_old(calls, now);
        calls.push_back(now);
        let in_window = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        seen.pace.highest_per_second = seen.pace.highest_per_second.max(in_window);
        seen.pace.calls += 1;
    }

    pub(crate) fn add_refused(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pace.refused += 1;
    }

    pub(crate) fn pace(&self) -> Pace {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pace
    }
}

fn forget_old(calls: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>) {
    while calls.front().is_some_and(|call| now - *call >= WINDOW) {
        calls.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    #[test]
    fn the_window_slides_and_customers_do_not_share_it() {
        let limiter = Limiter::new(2);
        let admitted = [0, 400, 999, 1_000, 1_399, 1_400].map(|then| limiter.admit(0, at(then)));
        assert_eq!(admitted, [true, true, false, true, false, true]);
        assert!(limiter.admit(1, at(999)));
    }

    #[test]
    fn the_pace_is_the_fullest_second_of_one_customer() {
        let ledger = PaceLedger::default();
        for (customer, then) in [(0, 0), (0, 500), (1, 600), (0, 999), (0, 1_600)] {
            ledger.add(customer, at(then));
        }
        assert_eq!(ledger.pace(), Pace { highest_per_second: 3, calls: 5, refused: 0 });
    }
}
