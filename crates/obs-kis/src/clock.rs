//! Market time, and how to wait in it.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{self, Instant};

/// The longest wait without another look at the clock: a wall clock may be set, and a machine may sleep.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Tells the market's time and waits in it.
///
/// It is the machine's clock, or a compressed one in which a day of a simulated market passes in minutes. Cloning is cheap.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    speed: u32,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { now: Arc::new(Utc::now), speed: 1 }
    }

    /// A clock that shows `start` now and runs `speed` times as fast as the machine's; 0 counts as 1.
    #[must_use]
    pub fn compressed(start: DateTime<Utc>, speed: u32) -> Self {
        let (began, speed) = (Instant::now().into_std(), speed.max(1));
        let now = move || {
            let passed = TimeDelta::from_std(began.elapsed().saturating_mul(speed));
            passed.ok().and_then(|passed| start.checked_add_signed(passed)).unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        Self { now: Arc::new(now), speed }
    }

    /// The same clock, but wrong by so much: what a machine shows whose clock was not set.
    #[must_use]
    pub fn skewed(self, by: TimeDelta) -> Self {
        let Self { now, speed } = self;
        Self { now: Arc::new(move || now() + by), speed }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// How much faster than the machine's it runs.
    #[must_use]
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// How long a stretch of market time takes.
    #[must_use]
    pub fn real(&self, market: Duration) -> Duration {
        market / self.speed
    }

    /// Waits for a stretch of market time.
    pub async fn sleep(&self, market: Duration) {
        time::sleep(self.real(market)).await;
    }

    /// Waits until it shows an instant, however often it is set meanwhile.
    pub async fn sleep_until(&self, then: DateTime<Utc>) {
        while let Ok(left) = (then - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            // A timer may ring up to a millisecond early or late; waiting at least one avoids spinning.
            time::sleep(self.real(left).clamp(Duration::from_millis(1), LONGEST_WAIT)).await;
        }
    }

    /// The market time that has passed since this call, however the clock is set.
    #[must_use]
    pub fn steady(&self) -> Arc<dyn Fn() -> Duration + Send + Sync> {
        let (began, speed) = (Instant::now().into_std(), self.speed);
        Arc::new(move || began.elapsed().saturating_mul(speed))
    }

    /// It as a function, for those who only look at it.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn Fn() -> DateTime<Utc> + Send + Sync> {
        Arc::clone(&self.now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("speed", &self.speed).finish()
    }
}
