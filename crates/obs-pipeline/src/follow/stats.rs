//! What a follower has loaded, and how fast.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use obs_store::{Committed, Table};

/// The longest delay that is told apart from longer ones, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// What was loaded so far, for a status line on another thread.
pub struct FollowStats {
    ticks: AtomicU64,
    bars: AtomicU64,
    swing_bars: AtomicU64,
    rejects: AtomicU64,
    /// Microseconds since 1970; 0 for none.
    newest: AtomicU64,
    /// Microseconds from a tick's receipt to the end of its commit. `None` never happens with the bounds above.
    delays: Mutex<Option<Histogram<u64>>>,
}

/// How long ticks took from their receipt to the end of their commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// For each bound, how many took no longer.
    pub within: Vec<u64>,
    /// How many there are.
    pub count: u64,
    /// How long they took together.
    pub sum: Duration,
}

impl Default for FollowStats {
    fn default() -> Self {
        Self {
            ticks: AtomicU64::new(0),
            bars: AtomicU64::new(0),
            swing_bars: AtomicU64::new(0),
            rejects: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            // Two digits: a quantile is right to one in a hundred.
            delays: Mutex::new(Histogram::new_with_max(LONGEST, 2).ok()),
        }
    }
}

impl FollowStats {
    /// Ticks committed.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// One-minute bars committed, each counted once.
    #[must_use]
    pub fn bars(&self) -> u64 {
        self.bars.load(Ordering::Relaxed)
    }

    /// Ten-minute bars committed, each counted once.
    #[must_use]
    pub fn swing_bars(&self) -> u64 {
        self.swing_bars.load(Ordering::Relaxed)
    }

    /// Lines rejected.
    #[must_use]
    pub fn rejects(&self) -> u64 {
        self.rejects.load(Ordering::Relaxed)
    }

    /// When the newest committed record reached the recorder.
    #[must_use]
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        let micros = i64::try_from(self.newest.load(Ordering::Relaxed)).ok().filter(|micros| *micros > 0)?;
        DateTime::from_timestamp_micros(micros)
    }

    /// How long it took at most from the receipt of a tick to the end of its commit, for such a share of the ticks (0 to 1)
    /// that came since the follower was made. `None` before the first.
    #[must_use]
    pub fn delay(&self, share: f64) -> Option<Duration> {
        let delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        let some = delays.as_ref().filter(|delays| !delays.is_empty())?;
        Some(Duration::from_micros(some.value_at_quantile(share)))
    }

    /// The same, told apart by length in ascending order: for each of `bounds` (ascending too) how many ticks took no longer; then
    /// how many there are, and how long they took together. Right to one in a hundred.
    #[must_use]
    pub fn delays(&self, bounds: &[Duration]) -> Delays {
        let delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Delays { within: vec![0; bounds.len()], count: 0, sum: Duration::ZERO };
        for step in delays.iter().flat_map(Histogram::iter_recorded) {
            let (delay, count) = (Duration::from_micros(step.value_iterated_to()), step.count_since_last_iteration());
            bounds
                .iter()
                .zip(&mut found.within)
                .filter(|(bound, _)| delay <= **bound)
                .for_each(|(_, within)| *within += count);
            found.count += count;
            found.sum += delay.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        }
        found
    }

    pub(super) fn add(&self, committed: &Committed, newest: Option<DateTime<Utc>>) {
        let add = |counter: &AtomicU64, table| counter.fetch_add(committed.of(table).inserted, Ordering::Relaxed);
        add(&self.ticks, Table::ScalpTicks);
        add(&self.bars, Table::ScalpBars);
        add(&self.swing_bars, Table::SwingBars);
        add(&self.rejects, Table::LoadRejects);
        let micros = newest.and_then(|at| u64::try_from(at.timestamp_micros()).ok()).unwrap_or_default();
        self.newest.fetch_max(micros, Ordering::Relaxed);
    }

    /// Notes that ticks that were received then are committed now.
    pub(super) fn add_delays(&self, received: &[DateTime<Utc>], now: DateTime<Utc>) {
        let mut delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(delays) = delays.as_mut() else { return };
        for at in received {
            delays
                .saturating_record((now - at).num_microseconds().and_then(|us| u64::try_from(us).ok()).unwrap_or_default());
        }
    }
}

impl fmt::Debug for FollowStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowStats").field("ticks", &self.ticks()).field("bars", &self.bars()).finish_non_exhaustive()
    }
}
