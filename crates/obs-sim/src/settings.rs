//! What a simulator is started with.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{frame::RecordWidth, market::MarketSettings};

/// Tells the time. The simulated market lives in the time that this tells.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a simulator is started with; [`SimSettings::new`] fills in what most callers want.
#[derive(Clone)]
pub struct SimSettings {
    /// The market's stocks, seed and pace. The seed also decides the keys that the simulator hands out.
    pub market: MarketSettings,
    /// The time of trades, of PINGPONG and of keys.
    pub clock: Clock,
    /// The port of the HTTP interface; 0 takes any free one.
    pub rest_port: u16,
    /// The port of the WebSocket; 0 takes any free one.
    pub websocket_port: u16,
    /// Fields of a trade record.
    pub record_width: RecordWidth,
    /// How often due trades are sent. What is below a millisecond counts as one.
    pub step: Duration,
    /// How often PINGPONG is sent. What is below a millisecond counts as one.
    pub ping_interval: Duration,
    /// How long a PINGPONG may stay unanswered before the connection is closed.
    pub ping_patience: Duration,
    /// How many deliveries the ledger keeps one by one; the oldest go first. Its counts stay exact.
    pub ledger_capacity: usize,
}

impl SimSettings {
    /// The default market, free ports, steps of 100 ms, the broker's PINGPONG habits.
    #[must_use]
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            market: MarketSettings::new(seed),
            clock,
            rest_port: 0,
            websocket_port: 0,
            record_width: RecordWidth::default(),
            step: Duration::from_millis(100),
            ping_interval: Duration::from_secs(10),
            ping_patience: Duration::from_secs(100),
            ledger_capacity: 500_000,
        }
    }
}
