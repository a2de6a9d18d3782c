//! What the service manager is told, where there is one.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Tells systemd that the program works, and keeps telling it while its tasks get their turns.
///
/// Outside of systemd, or in a unit of another type, nothing happens.
pub(crate) async fn keep_telling(stop: CancellationToken) {
    tell(&[NotifyState::Ready]);
    let watchdog = sd_notify::watchdog_enabled();
    // Twice in the time that it waits, as its manual advises.
    let pause = watchdog.map_or(Duration::from_secs(30), |patience| patience / 2);
    loop {
        tokio::select! {
            () = stop.cancelled() => return tell(&[NotifyState::Stopping]),
            () = tokio::time::sleep(pause) => tell(&[NotifyState::Watchdog]),
        }
    }
}

/// Shows a line in `systemctl status`.
pub(crate) fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "The service manager cannot be told");
    }
}
