//! From minutes to a ten-minute bar.

use chrono::NaiveDateTime;
use obs_kis::MinuteRow;
use obs_model::{InvalidValue, Money, Ohlc, Price, QualityFlag, Quantity, SchemaVersion, SessionId, SwingBar, Symbol};

use crate::{Evidence, Window, window::korean};

/// What a stock did in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowBar {
    /// The prices of the window's trades in won; `None` when nothing was traded.
    pub ohlc: Option<Ohlc>,
    /// Shares traded in the window.
    pub volume: Quantity,
    /// The minutes in which something was traded, oldest first. All of them are over.
    pub minutes: Vec<MinuteRow>,
}

/// Why there is no bar, although there are rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BarError {
    /// The rows begin inside the window: ask for earlier ones.
    #[error("the minutes from {needed} on are needed, and the chart begins at {}", oldest_text(.oldest))]
    Incomplete {
        /// The window's first minute, Korean time.
        needed: NaiveDateTime,
        /// The oldest minute there is, Korean time.
        oldest: Option<NaiveDateTime>,
    },
    /// The day's cumulative value falls, although there were trades.
    #[error("at {minute} the day's value falls from {before} to {after} won")]
    ValueFalls {
        /// The minute, Korean time.
        minute: NaiveDateTime,
        /// The cumulative value before it.
        before: Money,
        /// The cumulative value at its end.
        after: Money,
    },
    /// A minute's prices are no bar.
    #[error("the minute {minute} is no bar: {problem}")]
    BadMinute {
        /// The minute, Korean time.
        minute: NaiveDateTime,
        /// What is wrong with it.
        problem: InvalidValue,
    },
}

/// The bar of a window, from minutes that must reach from before it to its end.
///
/// A minute had trades when its volume is above zero *and* the day's cumulative value rose in it. The second is what counts for
/// rows that only look like trades: the broker fills up with the current price, and shows the volume of the minute before in a
/// minute that has no trade yet.
///
/// That the minutes reach to the window's *end* is for the caller to see to, by asking after [`Window::complete_at`].
///
/// # Errors
/// [`BarError::Incomplete`] when earlier rows must be asked for, the others when the rows contradict themselves.
pub fn window_bar(window: &Window, evidence: &Evidence) -> Result<WindowBar, BarError> {
    let start = korean(window.start);
    if !evidence.reaches(start) {
        return Err(BarError::Incomplete { needed: start, oldest: evidence.oldest() });
    }
    let mut value = evidence.before(start).map_or(Money::ZERO, |row| row.cumulative_value);
    let mut bar = WindowBar { ohlc: None, volume: Quantity::ZERO, minutes: Vec::new() };
    for (minute, row) in evidence.of_window(window) {
        let (before, after) = (value.won(), row.cumulative_value.won());
        if row.volume == Quantity::ZERO || after == before {
            // Blocks that were dealt beside the book raise the value, and are no trades of the minute.
            value = if after > before { row.cumulative_value } else { value };
            continue;
        }
        if after < before {
            return Err(BarError::ValueFalls { minute: *minute, before: value, after: row.cumulative_value });
        }
        let bad = |problem| BarError::BadMinute { minute: *minute, problem };
        let ohlc = Ohlc::new(row.open, row.high, row.low, row.close).map_err(bad)?;
        bar.ohlc = Some(match bar.ohlc {
            None => ohlc,
            Some(so_far) => {
                let (high, low) = (so_far.high().max(ohlc.high()), so_far.low().min(ohlc.low()));
                Ohlc::new(so_far.open(), high, low, ohlc.close()).map_err(bad)?
            }
        });
        bar.volume = bar.volume.saturating_add(row.volume);
        bar.minutes.push(*row);
        value = row.cumulative_value;
    }
    Ok(bar)
}

/// The best bid and ask in won; `None` where a side is empty or was not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Best {
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
}

impl WindowBar {
    /// The row of `swing_bars_10m`.
    pub(crate) fn into_row(self, symbol: Symbol, window: &Window, best: Best, session_id: SessionId) -> SwingBar {
        SwingBar {
            symbol,
            bar_time: window.start,
            open: self.ohlc.map(|ohlc| ohlc.open()),
            high: self.ohlc.map(|ohlc| ohlc.high()),
            low: self.ohlc.map(|ohlc| ohlc.low()),
            close: self.ohlc.map(|ohlc| ohlc.close()),
            volume: Some(self.volume),
            bid_price: best.bid,
            ask_price: best.ask,
            session_id,
            schema_version: SchemaVersion::V2,
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        }
    }
}

fn oldest_text(oldest: &Option<NaiveDateTime>) -> String {
    oldest.map_or_else(|| "nothing".to_owned(), |oldest| oldest.to_string())
}
