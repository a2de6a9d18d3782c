//! The market's heartbeat: every step, what is due is traded and told.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{MissedTickBehavior, interval};

use crate::{exchange::Exchange, market::Market};

/// The most market time that one step makes up for: a machine that slept must not be flooded with a night's trades.
const LONGEST_STEP: TimeDelta = TimeDelta::seconds(10);

/// Trades from an instant on, until the simulator ends.
pub(crate) async fn run(exchange: Arc<Exchange>, mut market: Market, mut from: DateTime<Utc>, step: Duration) {
    let mut timer = interval(step.max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = exchange.stop.cancelled() => return,
        }
        let to = exchange.now();
        exchange.publish(&market.advance(from.max(to - LONGEST_STEP), to));
        from = to;
    }
}
