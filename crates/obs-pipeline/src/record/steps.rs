//! Clocks that are set while a recorder runs.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::Clock;

/// A clock that nobody sets: the time since some beginning. It runs as fast as the [`Clock`] beside it.
pub type SteadyClock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What is shorter is no step: a time service slews that much.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);

/// Two looks at the steady clock that are further apart say nothing about what the other clock showed in between.
const APART: Duration = Duration::from_millis(200);

/// Looks at a clock that may be set, beside one that may not.
pub(super) struct Steps {
    clock: Clock,
    steady: SteadyClock,
    /// What the clock showed when the steady one began, as far as is known.
    beginning: Option<DateTime<Utc>>,
}

impl Steps {
    pub(super) fn new(clock: Clock, steady: SteadyClock) -> Self {
        let mut steps = Self { clock, steady, beginning: None };
        let _ = steps.look();
        steps
    }

    /// By how much the clock was set since the last look, and what it shows now; `None` if it was not.
    pub(super) fn look(&mut self) -> Option<(TimeDelta, DateTime<Utc>)> {
        let before = (self.steady)();
        let now = (self.clock)();
        // The thread may have been kept waiting in between. There will be another look.
        let is_exact = (self.steady)().saturating_sub(before) < APART;
        let beginning = TimeDelta::from_std(before).ok().and_then(|passed| now.checked_sub_signed(passed));
        let beginning = beginning.filter(|_| is_exact)?;
        let step = beginning - self.beginning.replace(beginning)?;
        (step.abs() >= SHORTEST).then_some((step, now))
    }
}
