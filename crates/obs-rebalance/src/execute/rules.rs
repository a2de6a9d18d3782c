//! How orders are sent, and what is not exceeded.

use std::{path::PathBuf, time::Duration};

use obs_model::Money;
use rust_decimal::Decimal;

/// How orders are sent. Durations are market time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRules {
    /// How long an order may rest before it is withdrawn and its rest priced anew: 60 s.
    pub patience: Duration,
    /// How often shares of the plan are offered in all, the first time included: 3. Refusals that may pass have as many tries of
    /// their own.
    pub attempts: u32,
    /// How far the limit of an order that is priced anew lies beyond the best price of the other side, as a part of it: 0.005.
    pub distance: Decimal,
    /// How far prices may have moved from those that the plan was decided at, as a part of them: 0.02. Orders that are priced
    /// anew stay within it.
    pub away: Decimal,
    /// How long after sending an order that the broker does not list may still appear: 60 s. It must be longer than any call to
    /// the broker may take.
    pub unknown_patience: Duration,
    /// How often the broker is asked what became of the orders: 2 s.
    pub poll: Duration,
    /// How long the same order waits after a refusal that may pass: 5 s.
    pub pause: Duration,
}

/// What is not exceeded, whatever a plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradingLimits {
    /// The largest order in won.
    pub order_value: Option<Money>,
    /// The most that is bought and sold on a day at one broker, in won.
    pub day_value: Option<Money>,
    /// While a file of this name exists, nothing is sent.
    pub kill_switch: PathBuf,
}

impl Default for ExecutionRules {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(60),
            attempts: 3,
            distance: Decimal::new(5, 3),
            away: Decimal::new(2, 2),
            unknown_patience: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            pause: Duration::from_secs(5),
        }
    }
}
