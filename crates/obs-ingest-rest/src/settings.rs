//! How a poller behaves.

use std::time::Duration;

use crate::{Window, window::WINDOW};
use chrono::{DateTime, TimeDelta, Utc};

/// How a poller behaves. Every duration is market time (see [`obs_kis::Clock`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long after the end of a window's last minute its first stock is asked for, so that the broker's chart has it whole: 5
    /// s.
    pub settle: Duration,
    /// Over how much of a window's length its polls are spread, in percent: 60. The rest is for retries.
    pub spread_percent: u32,
    /// How long before the next window's first poll this one's last retry must be over: 30 s.
    pub margin: Duration,
    /// The most stocks that are asked for at once: 8. How many calls go out in a second is the client's to decide.
    pub concurrency: usize,
    /// Pauses before the first, second, … retry of a stock; the last one repeats: 2, 5, 10, 20, 30 s. The client has tried a few
    /// times by itself before.
    pub retry_pauses: Vec<Duration>,
    /// After so many windows in a row without data a stock is taken for unknown to the broker, and asked for once a day: 3.
    pub unknown_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            spread_percent: 60,
            margin: Duration::from_secs(30),
            concurrency: 8,
            retry_pauses: [2, 5, 10, 20, 30].map(Duration::from_secs).to_vec(),
            unknown_after: 3,
        }
    }
}

impl Settings {
    /// When a window's first stock is asked for.
    pub(crate) fn due(&self, window: &Window) -> DateTime<Utc> {
        window.complete_at() + delta(self.settle)
    }

    /// When the nth of so many stocks is asked for: always the same offset, so that a stock's bars are equally old.
    pub(crate) fn due_of(&self, window: &Window, nth: usize, of: usize) -> DateTime<Utc> {
        let spread = WINDOW.num_milliseconds() * i64::from(self.spread_percent.min(100)) / 100;
        let share = i128::from(spread) * nth as i128 / of.max(1) as i128;
        self.due(window) + TimeDelta::milliseconds(i64::try_from(share).unwrap_or_default())
    }

    /// When a stock that was not had is given up.
    pub(crate) fn deadline(&self, window: &Window) -> DateTime<Utc> {
        window.complete_at() + WINDOW - delta(self.margin)
    }

    /// The pause after so many failures.
    pub(crate) fn pause(&self, failures: u32) -> TimeDelta {
        let nth = failures.saturating_sub(1) as usize;
        let pause = self.retry_pauses.get(nth).or(self.retry_pauses.last()).copied();
        // Without any pause a broker that is down would be hammered.
        delta(pause.unwrap_or_default().max(Duration::from_millis(100)))
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
