//! The rules' thresholds.

use chrono::TimeDelta;
use obs_model::Quantity;

/// The thresholds of the [rules](crate::Rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardSettings {
    /// [`PriceLimit`](crate::Rule::PriceLimit): beyond so many percent of the last price of the trading day before, a trade is
    /// degraded. It is never rejected: leveraged funds may move twice as far, new shares four times, and splits move the base.
    pub limit_percent: u32,
    /// [`PriceJump`](crate::Rule::PriceJump): beyond so many percent of the price before, a trade is degraded.
    pub jump_percent: u32,
    /// From so many times the price before on the same day, or down to that part of it, it is rejected.
    pub impossible_factor: u32,
    /// [`TimeBackwards`](crate::Rule::TimeBackwards): if a trade happened longer than this before one that came earlier, it is
    /// degraded. The broker reorders within seconds.
    pub late: TimeDelta,
    /// From this on it is rejected.
    pub backwards: TimeDelta,
    /// [`TimeAhead`](crate::Rule::TimeAhead): if a trade happened longer than this after its receipt, it is degraded. Clocks
    /// differ by seconds.
    pub ahead: TimeDelta,
    /// [`Volume`](crate::Rule::Volume): with more shares than this a trade is degraded.
    pub doubtful_volume: Quantity,
    /// With more than this it is rejected.
    pub impossible_volume: Quantity,
    /// [`OffSession`](crate::Rule::OffSession): so long after the close a trade still belongs to the session, because the closing
    /// auction trades at the close and a little after it.
    pub after_close: TimeDelta,
}

impl Default for GuardSettings {
    /// KRX's daily limit of 30 %; 5 % from trade to trade, a billion and ten billion shares as in the Python project's table; five
    /// seconds to a minute of lateness. Tenfold is impossible: the widest range that KRX gives a share within a day, 60 to 400 %
    /// of its base price on the first day, spans less than seven times.
    fn default() -> Self {
        let shares = |number| Quantity::new(number).unwrap_or(Quantity::MAX);
        Self {
            limit_percent: 30,
            jump_percent: 5,
            impossible_factor: 10,
            late: TimeDelta::seconds(5),
            backwards: TimeDelta::minutes(1),
            ahead: TimeDelta::minutes(1),
            doubtful_volume: shares(1_000_000_000),
            impossible_volume: shares(10_000_000_000),
            after_close: TimeDelta::minutes(1),
        }
    }
}
