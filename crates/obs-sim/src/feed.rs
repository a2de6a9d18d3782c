//! The market's heartbeat: every step, what is due is traded and told.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{MissedTickBehavior, interval};

use crate::exchange::Exchange;

/// A pause of this length, by the machine's clock, is not made up for: a machine that slept must not be flooded with a night's
/// trades.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// After such a pause, the market time that is traded at once.
const AFTER_PAUSE: TimeDelta = TimeDelta::seconds(10);

/// Trades from an instant on, until the simulator ends. `step` is by the machine's clock.
pub(crate) async fn run(exchange: Arc<Exchange>, mut from: DateTime<Utc>, step: Duration) {
    let mut timer = interval(step.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = exchange.stop.cancelled() => return,
        }
        let to = exchange.world_now();
        let paused = (to - from).to_std().is_ok_and(|gap| exchange.real(gap) > LONGEST_PAUSE);
        let trades = exchange.market().advance(if paused { to - AFTER_PAUSE } else { from }, to);
        exchange.publish(&trades);
        // While a clock goes back, the market stands still.
        from = from.max(to);
    }
}
