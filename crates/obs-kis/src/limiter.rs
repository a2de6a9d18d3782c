//! Pacing calls so that the broker never counts too many in a second.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::{sync::Mutex, time};

use crate::{Clock, Limits};

/// By how much the way to the broker may delay one call more than the next: calls that leave as far apart as the limit asks would
/// otherwise arrive too near. Under a compressed clock the way is as long as ever, so it is never less than the second of them.
const JITTER: Duration = Duration::from_millis(50);
const LEAST_JITTER: Duration = Duration::from_millis(8);
/// Timers ring to the millisecond. Turns nearer than this would each come late, and are let through a few at once.
const TIMER: Duration = Duration::from_millis(4);

/// Which of the broker's limits a call is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// The one for all calls.
    General,
    /// The one for reading the ledger, and the one for all calls.
    Ledger,
}

/// Both limits of an account.
#[derive(Debug)]
pub(crate) struct Limiter {
    general: Pace,
    ledger: Pace,
}

impl Limiter {
    pub(crate) fn new(limits: Limits, clock: &Clock) -> Self {
        Self {
            general: Pace::new(limits.calls_per_second, clock),
            ledger: Pace::new(limits.account_calls_per_second, clock),
        }
    }

    /// Waits until a call may be sent.
    pub(crate) async fn turn(&self, budget: Budget) {
        if budget == Budget::Ledger {
            self.ledger.turn().await;
        }
        self.general.turn().await;
    }
}

/// Evenly spaced turns, first come, first served.
///
/// A bucket that admits N at once and refills N a second lets 2 N through in the second that begins when it is full. One that
/// admits B and refills a cell each period lets through B - 1 more than there are periods in any stretch of time, wherever it
/// begins; so the period is a second's (N - B + 1)th part. B is 1 unless turns are too near for a timer.
#[derive(Debug)]
pub(crate) struct Pace {
    // Only the first in the queue looks at the cell; the others sleep until it is their turn.
    cell: Mutex<RateLimiter<NotKeyed, InMemoryState, Timer, NoOpMiddleware<std::time::Instant>>>,
}

impl Pace {
    pub(crate) fn new(per_second: NonZeroU32, clock: &Clock) -> Self {
        let second = clock.real(Duration::from_secs(1)) + clock.real(JITTER).max(LEAST_JITTER);
        let apart = second / per_second.get();
        let nearer = TIMER.as_nanos().div_ceil(apart.as_nanos().max(1));
        let at_once = u32::try_from(nearer).unwrap_or(u32::MAX).min(per_second.get() / 4);
        let at_once = NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN);
        let period = second / (per_second.get() - at_once.get() + 1);
        // A quota has no period only if it is zero.
        let quota = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(per_second)).allow_burst(at_once);
        Self { cell: Mutex::new(RateLimiter::direct_with_clock(quota, Timer)) }
    }

    pub(crate) async fn turn(&self) {
        let cell = self.cell.lock().await;
        while let Err(not_until) = cell.check() {
            time::sleep(not_until.wait_time_from(Timer.now())).await;
        }
    }
}

/// The clock that tokio's timers run by, so that waiting and measuring agree.
#[derive(Clone, Debug)]
struct Timer;

impl governor::clock::Clock for Timer {
    type Instant = std::time::Instant;

    fn now(&self) -> std::time::Instant {
        time::Instant::now().into_std()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// When each of `calls` that all ask at once gets its turn.
    async fn turns(limiter: Limiter, budget: Budget, calls: usize) -> Vec<time::Instant> {
        let limiter = Arc::new(limiter);
        let waiting: Vec<_> = (0..calls)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move {
                    limiter.turn(budget).await;
                    time::Instant::now()
                })
            })
            .collect();
        let mut turns = Vec::new();
        for turn in waiting {
            turns.push(turn.await.unwrap());
        }
        turns
    }

    fn most_in_any(window: Duration, turns: &[time::Instant]) -> usize {
        turns.iter().map(|start| turns.iter().filter(|turn| (*start..*start + window).contains(turn)).count()).max().unwrap()
    }

    fn limits(all: u32, account: u32) -> Limits {
        Limits {
            calls_per_second: NonZeroU32::new(all).unwrap(),
            account_calls_per_second: NonZeroU32::new(account).unwrap(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_limit_and_most_of_it_is_used() {
        for limit in [1_usize, 3, 18, 20] {
            let began = time::Instant::now();
            let turns = turns(Limiter::new(limits(limit as u32, 1), &Clock::system()), Budget::General, 100).await;
            let second = Duration::from_secs(1);
            let most = most_in_any(second, &turns);
            assert!((limit - limit / 10..=limit).contains(&most), "{limit} a second: {most}");
            let took = turns.last().unwrap().duration_since(began).as_secs_f64();
            // A timer rounds up to its next millisecond, so each turn may come that much late.
            let (least, most) = (99.0 * 1.05 / limit as f64, 99.0 * (1.05 / limit as f64 + 0.001));
            assert!((least..=most).contains(&took), "{limit} a second took {took} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_about_the_ledger_have_a_limit_of_their_own() {
        let turns = turns(Limiter::new(limits(18, 2), &Clock::system()), Budget::Ledger, 20).await;
        assert_eq!(most_in_any(Duration::from_secs(1), &turns), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_runs_faster_lets_calls_through_faster() {
        for (speed, least) in [(10, 15), (60, 10), (600, 4)] {
            let clock = Clock::compressed(chrono::DateTime::UNIX_EPOCH, speed);
            let turns = turns(Limiter::new(limits(18, 1), &clock), Budget::General, 200).await;
            let most = most_in_any(clock.real(Duration::from_secs(1)), &turns);
            assert!((least..=18).contains(&most), "at speed {speed}: {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_beyond_all_reason_is_none() {
        let began = time::Instant::now();
        turns(Limiter::new(limits(u32::MAX, 1), &Clock::system()), Budget::General, 1000).await;
        assert!(began.elapsed() < Duration::from_millis(10), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_does_not_save_up_turns() {
        let limiter = Limiter::new(limits(5, 1), &Clock::system());
        limiter.turn(Budget::General).await;
        time::sleep(Duration::from_secs(60)).await;
        let turns = turns(limiter, Budget::General, 20).await;
        assert_eq!(most_in_any(Duration::from_secs(1), &turns), 5);
    }
}
