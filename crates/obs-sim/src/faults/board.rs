//! Which faults are on, and which are planned.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Fault, Scheduled};

/// A lasting fault that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    /// Its number, from 1.
    pub id: u64,
    /// What is wrong.
    pub fault: Fault,
    /// Since when, in market time.
    pub since: DateTime<Utc>,
    /// Until when; `None` lasts until it is cleared.
    pub until: Option<DateTime<Utc>>,
}

#[derive(Default)]
pub(crate) struct FaultBoard {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    active: Vec<ActiveFault>,
    /// Later ones first.
    planned: Vec<Scheduled>,
}

/// What an instant brings.
#[derive(Default)]
pub(crate) struct Due {
    /// Faults that begin.
    pub(crate) begins: Vec<Scheduled>,
    /// Whether lasting ones have ended.
    pub(crate) ended: bool,
}

impl FaultBoard {
    pub(crate) fn new(mut planned: Vec<Scheduled>) -> Self {
        planned.sort_by_key(|fault| std::cmp::Reverse(fault.at));
        Self { state: Mutex::new(State { planned, ..State::default() }) }
    }

    /// Takes what is due off the plan, and what is over off the board.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Due {
        let mut state = self.lock();
        let mut due = Due::default();
        while let Some(next) = state.planned.pop_if(|next| next.at <= now) {
            due.begins.push(next);
        }
        let before = state.active.len();
        state.active.retain(|active| active.until.is_none_or(|until| now < until));
        due.ended = state.active.len() < before;
        due
    }

    /// Puts a lasting fault on the board. Zero lasts until it is cleared.
    pub(crate) fn add(&self, fault: Fault, since: DateTime<Utc>, lasting: Duration) -> u64 {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let until = Some(lasting).filter(|lasting| !lasting.is_zero()).and_then(|lasting| TimeDelta::from_std(lasting).ok());
        state.active.push(ActiveFault {
            id,
            fault,
            since,
            until: until.and_then(|lasting| since.checked_add_signed(lasting)),
        });
        id
    }

    /// Takes faults off the board. Whether there were any.
    pub(crate) fn clear(&self, which: impl Fn(&ActiveFault) -> bool) -> bool {
        let mut state = self.lock();
        let before = state.active.len();
        state.active.retain(|active| !which(active));
        state.active.len() < before
    }

    pub(crate) fn active(&self) -> Vec<ActiveFault> {
        self.lock().active.clone()
    }

    /// In the order of their times.
    pub(crate) fn planned(&self) -> Vec<Scheduled> {
        self.lock().planned.iter().rev().cloned().collect()
    }

    /// What the newest fault of a kind says, if one is on.
    pub(crate) fn find<T>(&self, which: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.lock().active.iter().rev().find_map(|active| which(&active.fault))
    }

    pub(crate) fn is_on(&self, fault: &Fault) -> bool {
        self.lock().active.iter().any(|active| active.fault == *fault)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
