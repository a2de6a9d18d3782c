//! What a recorder has recorded.

use std::sync::atomic::{AtomicU64, Ordering};

use obs_aggregate::{Rule, Verdict};

/// What was recorded so far, for a status line on another thread.
#[derive(Debug, Default)]
pub struct RecorderStats {
    pub(super) ticks: AtomicU64,
    pub(super) swing_bars: AtomicU64,
    pub(super) gaps: AtomicU64,
    pub(super) breaks: AtomicU64,
    pub(super) lost_shares: AtomicU64,
    /// By the rule's place in [`Rule::ALL`].
    degraded: [AtomicU64; Rule::ALL.len()],
    rejected: [AtomicU64; Rule::ALL.len()],
}

impl RecorderStats {
    /// Ticks appended.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Ten-minute bars appended.
    #[must_use]
    pub fn swing_bars(&self) -> u64 {
        self.swing_bars.load(Ordering::Relaxed)
    }

    /// Gaps appended.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// How often shares were found to be missing.
    #[must_use]
    pub fn breaks(&self) -> u64 {
        self.breaks.load(Ordering::Relaxed)
    }

    /// How many shares were missing then, in all.
    #[must_use]
    pub fn lost_shares(&self) -> u64 {
        self.lost_shares.load(Ordering::Relaxed)
    }

    /// Ticks that were appended with a mark because they broke this rule.
    #[must_use]
    pub fn degraded(&self, rule: Rule) -> u64 {
        self.degraded[rule as usize].load(Ordering::Relaxed)
    }

    /// Ticks that were kept apart because they broke this rule.
    #[must_use]
    pub fn rejected(&self, rule: Rule) -> u64 {
        self.rejected[rule as usize].load(Ordering::Relaxed)
    }

    /// Counts a tick by what it was taken for.
    pub(super) fn judged(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Pass => return,
            Verdict::Degraded(rule) => &self.degraded[rule as usize],
            Verdict::Rejected(rule) => &self.rejected[rule as usize],
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
