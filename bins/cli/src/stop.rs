//! Ctrl-C and its kin.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Signals that come so close together are one wish to stop: whoever signals a process and then its group sends two.
const ONE_WISH: Duration = Duration::from_secs(1);

/// A token that is cancelled by the first Ctrl-C or termination signal; another one later ends the program at once.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let stop = token.clone();
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for the termination signal")?;
    tokio::spawn(async move {
        let mut first = None;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let since = first.get_or_insert_with(Instant::now).elapsed();
            if stop.is_cancelled() && since >= ONE_WISH {
                std::process::exit(130);
            }
            stop.cancel();
        }
    });
    Ok(token)
}
