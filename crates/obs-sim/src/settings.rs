//! What a simulator is started with.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    faults::Scheduled,
    frame::{BookWidth, RecordWidth},
    market::MarketSettings,
    trading::StartingHolding,
};

/// Tells the time. The simulated market lives in the time that this tells.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Which of the broker's two worlds is simulated. They differ in transaction names, limits, codes and in what they offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Real money at the real broker.
    #[default]
    Live,
    /// The broker's paper trading.
    Paper,
}

/// How fast the broker lets customers call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// Calls that an app key may make in any one second; by default the broker's: 18 live, 1 on paper.
    pub calls_per_second: Option<u32>,
    /// Those of them that may ask for accounts and orders; by default 5 live, 1 on paper. The broker does not tell its limit.
    pub ledger_calls_per_second: Option<u32>,
    /// Whether a call beyond the limit is answered with HTTP 200, as was once reported, rather than 500.
    pub refused_with_200: bool,
}

/// What a simulator is started with; [`SimSettings::new`] fills in what most callers want.
///
/// Durations are of market time: with a clock that runs `speed` times as fast as the machine's they take that much less.
#[derive(Clone)]
pub struct SimSettings {
    /// The market's stocks, seed and pace. The seed also decides the keys that the simulator hands out.
    pub market: MarketSettings,
    /// Live or paper.
    pub environment: Environment,
    /// How many customers there are, each with an app key and an account of its own. At least one.
    pub customers: usize,
    /// The cash in won that each account starts with.
    pub cash: i64,
    /// The shares that each account starts with.
    pub holdings: Vec<StartingHolding>,
    /// How fast customers may call.
    pub limits: CallLimits,
    /// The time of trades, of PINGPONG and of keys.
    pub clock: Clock,
    /// How much faster than the machine's the clock runs. 0 counts as 1.
    pub speed: u32,
    /// How much of the day's session lies behind the market when the simulator starts, at most since the opening. It stands in
    /// prices and charts, and nobody was sent it. Starting takes about a second for four million trades.
    pub past: Duration,
    /// The port of the HTTP interface; 0 takes any free one.
    pub rest_port: u16,
    /// The port of the WebSocket; 0 takes any free one.
    pub websocket_port: u16,
    /// The port of the control endpoint; 0 takes any free one, `None` opens none.
    pub control_port: Option<u16>,
    /// Fields of a trade record.
    pub record_width: RecordWidth,
    /// Fields of an order book.
    pub book_width: BookWidth,
    /// How often due trades are sent. What takes less than a millisecond counts as one.
    pub step: Duration,
    /// How often PINGPONG is sent. What takes less than a millisecond counts as one.
    pub ping_interval: Duration,
    /// How long a PINGPONG may stay unanswered before the connection is closed.
    pub ping_patience: Duration,
    /// How long after its acceptance an order first meets the market.
    pub fill_lag: Duration,
    /// What goes wrong, and when.
    pub faults: Vec<Scheduled>,
    /// How many deliveries the ledger keeps one by one; the oldest go first. Its counts stay exact.
    pub ledger_capacity: usize,
}

impl SimSettings {
    /// The default market, the live broker's limits, one customer with 100 million won, no past, free ports, steps of
    /// 100 ms, the broker's PINGPONG habits, no faults.
    #[must_use]
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            market: MarketSettings::new(seed),
            environment: Environment::Live,
            customers: 1,
            cash: 100_000_000,
            holdings: Vec::new(),
            limits: CallLimits::default(),
            clock,
            speed: 1,
            past: Duration::ZERO,
            rest_port: 0,
            websocket_port: 0,
            control_port: None,
            record_width: RecordWidth::default(),
            book_width: BookWidth::default(),
            step: Duration::from_millis(100),
            ping_interval: Duration::from_secs(10),
            ping_patience: Duration::from_secs(100),
            fill_lag: Duration::from_millis(300),
            faults: Vec::new(),
            ledger_capacity: 500_000,
        }
    }

    /// How long a stretch of market time takes, at least a millisecond.
    pub(crate) fn real(&self, market: Duration) -> Duration {
        (market / self.speed.max(1)).max(Duration::from_millis(1))
    }
}

impl CallLimits {
    /// The limits in force: all calls, and those for accounts and orders.
    pub(crate) fn in_force(&self, environment: Environment) -> (u32, u32) {
        let (calls, ledger) = match environment {
            Environment::Live => (18, 5),
            Environment::Paper => (1, 1),
        };
        (self.calls_per_second.unwrap_or(calls), self.ledger_calls_per_second.unwrap_or(ledger))
    }
}
