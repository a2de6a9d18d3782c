//! What a recorder has recorded.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use obs_aggregate::{Rule, Verdict};
use obs_model::{Gap, GapReason, GapScope};

/// Scalp, swing, all.
const SCOPES: usize = 3;

/// Gaps of one kind.
#[derive(Debug, Default)]
struct GapCount {
    count: AtomicU64,
    millis: AtomicU64,
}

/// What was recorded so far, for a status line on another thread.
#[derive(Debug, Default)]
pub struct RecorderStats {
    pub(super) ticks: AtomicU64,
    pub(super) swing_bars: AtomicU64,
    /// By the places of scope and reason in their lists.
    gaps: [[GapCount; GapReason::ALL.len()]; SCOPES],
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
        self.gaps.iter().flatten().map(|gaps| gaps.count.load(Ordering::Relaxed)).sum()
    }

    /// How many gaps of a scope and a reason were appended, and how long they are together. A gap of several symbols counts once,
    /// with its whole length.
    #[must_use]
    pub fn gaps_of(&self, scope: GapScope, reason: GapReason) -> (u64, Duration) {
        let gaps = &self.gaps[scope as usize][reason as usize];
        (gaps.count.load(Ordering::Relaxed), Duration::from_millis(gaps.millis.load(Ordering::Relaxed)))
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

    /// Counts a gap.
    pub(super) fn add_gap(&self, gap: &Gap) {
        let gaps = &self.gaps[gap.scope as usize][gap.reason as usize];
        let millis = u64::try_from((gap.end() - gap.start()).num_milliseconds()).unwrap_or_default();
        gaps.millis.fetch_add(millis, Ordering::Relaxed);
        gaps.count.fetch_add(1, Ordering::Relaxed);
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
