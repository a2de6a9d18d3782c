//! Pauses between attempts to connect.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::Settings;

/// A schedule of growing pauses that starts over after a stable connection.
///
/// It grows with every attempt, not only with failed ones: a host that admits and then drops us must not be hammered.
pub(crate) struct Backoff {
    schedule: Vec<Duration>,
    stable_after: Duration,
    attempts: usize,
    rng: StdRng,
}

impl Backoff {
    pub(crate) fn new(settings: &Settings, seed: u64) -> Self {
        Self {
            schedule: settings.backoff.clone(),
            stable_after: settings.stable_after,
            attempts: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// A connection ended that had held so long, in market time.
    pub(crate) fn held(&mut self, held: Duration) {
        if held >= self.stable_after {
            self.attempts = 0;
        }
    }

    /// The pause before the next attempt, in market time.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.schedule.get(self.attempts).or(self.schedule.last()).copied().unwrap_or_default();
        self.attempts = self.attempts.saturating_add(1);
        pause + self.rng.random_range(Duration::ZERO..=pause / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(pause: Duration) -> (u64, bool) {
        let schedule = [1, 2, 5, 10, 20, 30, 60];
        let base = schedule.into_iter().rev().find(|base| Duration::from_secs(*base) <= pause).unwrap();
        (base, pause <= Duration::from_secs(base) * 5 / 4)
    }

    #[test]
    fn pauses_grow_to_a_minute_with_up_to_a_quarter_of_jitter() {
        let mut backoff = Backoff::new(&Settings::default(), 7);
        let pauses: Vec<_> = (0..9).map(|_| seconds(backoff.pause())).collect();
        assert_eq!(pauses, [1, 2, 5, 10, 20, 30, 60, 60, 60].map(|base| (base, true)));
    }

    #[test]
    fn only_a_stable_connection_starts_them_over() {
        let mut backoff = Backoff::new(&Settings::default(), 7);
        let bases = [0, 59, 60, 3600].map(|held| {
            backoff.held(Duration::from_secs(held));
            [seconds(backoff.pause()).0, seconds(backoff.pause()).0]
        });
        assert_eq!(bases, [[1, 2], [5, 10], [1, 2], [1, 2]]);
    }

    #[test]
    fn the_seed_decides_the_jitter() {
        let mut pauses = [7, 7, 8].map(|seed| Backoff::new(&Settings::default(), seed));
        let [one, same, other] = [0, 1, 2].map(|n| pauses[n].pause());
        assert_eq!(one, same);
        assert_ne!(one, other);
    }
}
