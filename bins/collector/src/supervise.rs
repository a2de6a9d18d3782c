//! Keeping a task alive.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use obs_kis::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// The first pause before a task that fell over is started again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A task that held for so long starts over with the first pause.
const STABLE: Duration = Duration::from_secs(60);

/// Runs a task, and runs it again whenever it ends before it is told to: a fault in one must not end the others.
///
/// `start` makes the task; it must end soon after `stop` is cancelled. A panic counts as an end.
///
/// # Errors
/// What the task itself fails with: that is final, and only a person can mend it.
pub(crate) async fn supervise<E, F>(
    name: &'static str,
    clock: &Clock,
    stop: &CancellationToken,
    mut start: impl FnMut() -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let pauses = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_delay(LONGEST_PAUSE).without_max_times();
    let mut waits = pauses.build();
    loop {
        let started = Instant::now();
        // Nothing that a task owns is looked at after it fell over: it is made anew.
        let ended = AssertUnwindSafe(start()).catch_unwind().await;
        if let Ok(Err(final_error)) = ended {
            return Err(final_error);
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        if started.elapsed() >= clock.real(STABLE) {
            waits = pauses.build();
        }
        let pause = waits.next().unwrap_or(LONGEST_PAUSE);
        error!(
            task = name,
            pause_ms = pause.as_millis(),
            "{} and is started again",
            if ended.is_err() { "It panicked" } else { "It ended" }
        );
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = clock.sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_or_ends_is_started_again_until_it_is_told_to_stop() {
        let stop = CancellationToken::new();
        let mut starts = 0;
        let started = Instant::now();
        let outcome: Result<(), Infallible> = supervise("test", &Clock::system(), &stop, || {
            starts += 1;
            let (nth, stop) = (starts, stop.clone());
            async move {
                match nth {
                    1 => panic!("it falls over"),
                    2 => Ok(()),
                    _ => {
                        stop.cancel();
                        Ok(())
                    }
                }
            }
        })
        .await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(starts, 3);
        assert_eq!(started.elapsed().as_secs(), 1 + 2);
    }

    #[tokio::test]
    async fn a_final_error_is_handed_on() {
        let outcome = supervise("test", &Clock::system(), &CancellationToken::new(), || async { Err("keys") }).await;
        assert_eq!(outcome, Err("keys"));
    }
}
