//! Bars of one and of ten minutes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Price, Problem, QualityFlag, Quantity, SessionId, Symbol};

/// Half-second slots in a minute: the Python system meant to sample at 2 Hz, and coverage keeps its unit.
pub const SLOTS_PER_MINUTE: u32 = 120;

/// Open, high, low and close in won, with low ≤ open, close ≤ high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ohlc {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
}

impl Ohlc {
    /// Checks four prices.
    ///
    /// # Errors
    /// [`InvalidValue`] unless low ≤ open, close ≤ high.
    pub fn new(open: Price, high: Price, low: Price, close: Price) -> Result<Self, InvalidValue> {
        if low > open || low > close || high < open || high < close {
            let text = format!("{open} {high} {low} {close}");
            return Err(InvalidValue::new("bar", text, Problem::Contradiction("low ≤ open, close ≤ high does not hold")));
        }
        Ok(Self { open, high, low, close })
    }

    /// The bar of a single trade.
    #[must_use]
    pub const fn of(price: Price) -> Self {
        Self { open: price, high: price, low: price, close: price }
    }

    /// The first price.
    #[must_use]
    pub const fn open(&self) -> Price {
        self.open
    }

    /// The highest price.
    #[must_use]
    pub const fn high(&self) -> Price {
        self.high
    }

    /// The lowest price.
    #[must_use]
    pub const fn low(&self) -> Price {
        self.low
    }

    /// The last price.
    #[must_use]
    pub const fn close(&self) -> Price {
        self.close
    }
}

/// The share of a minute's 120 half-second slots that were observed, 0 to 1.
///
/// ```
/// use obs_model::Coverage;
///
/// assert_eq!(Coverage::of_slots(84).ratio(), 0.7);
/// assert!(Coverage::new(1.01).is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
pub struct Coverage(f64);

impl Coverage {
    /// Nothing was observed.
    pub const NONE: Self = Self(0.0);
    /// Every slot was observed.
    pub const FULL: Self = Self(1.0);

    /// Checks a ratio.
    ///
    /// # Errors
    /// [`InvalidValue`] outside 0 to 1.
    pub fn new(ratio: f64) -> Result<Self, InvalidValue> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(InvalidValue::new("coverage", ratio.to_string(), Problem::OutOfRange { range: "0 to 1" }));
        }
        Ok(Self(ratio))
    }

    /// The coverage of so many observed slots; more than all count as all.
    #[must_use]
    pub fn of_slots(observed: u32) -> Self {
        Self(f64::from(observed.min(SLOTS_PER_MINUTE)) / f64::from(SLOTS_PER_MINUTE))
    }

    /// The ratio, 0 to 1.
    #[must_use]
    pub const fn ratio(self) -> f64 {
        self.0
    }
}

/// One minute of one symbol: a row of `scalp_1m_bars`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// What was traded.
    pub symbol: Symbol,
    /// The start of the minute.
    pub bar_time: DateTime<Utc>,
    /// Prices of the minute's trades in won.
    pub ohlc: Ohlc,
    /// Shares traded in the minute.
    pub volume: Quantity,
    /// How much of the minute was observed.
    pub coverage: Coverage,
    /// The run of the recorder that saw the minute's last trade.
    pub session_id: SessionId,
    /// How far it can be trusted.
    pub quality_flag: QualityFlag,
}

/// A row of `swing_bars_10m`: ten minutes of one symbol, or what the Python system put there instead.
///
/// That system stored, at the moment of asking, the day's open, high and low so far, the last price and the cumulative day
/// volume. Such rows keep their values and their moment, and are marked [`QualityFlag::Degraded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwingBar {
    /// What was traded.
    pub symbol: Symbol,
    /// The start of the window; in legacy rows the moment of writing.
    pub bar_time: DateTime<Utc>,
    /// First price in won; `None` where nothing was traded.
    pub open: Option<Price>,
    /// Highest price in won.
    pub high: Option<Price>,
    /// Lowest price in won.
    pub low: Option<Price>,
    /// Last price in won.
    pub close: Option<Price>,
    /// Shares traded in the window; in legacy rows since the open.
    pub volume: Option<Quantity>,
    /// Best bid in won at the window's close.
    pub bid_price: Option<Price>,
    /// Best ask in won at the window's close.
    pub ask_price: Option<Price>,
    /// The run of the recorder that wrote it.
    pub session_id: SessionId,
    /// The version of the written form it came in, such as `2.0`.
    pub schema_version: SchemaVersion,
    /// As [`Tick::mitigation_level`](crate::Tick::mitigation_level).
    pub mitigation_level: u8,
    /// How far it can be trusted.
    pub quality_flag: QualityFlag,
}

/// The version of the written form that a swing bar came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SchemaVersion {
    /// The Python system's.
    #[default]
    #[serde(rename = "1.0")]
    V1,
    /// Ours.
    #[serde(rename = "2.0")]
    V2,
}

impl SchemaVersion {
    /// The name in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

impl std::str::FromStr for SchemaVersion {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match name {
            "1.0" => Ok(Self::V1),
            "2.0" => Ok(Self::V2),
            _ => Err(InvalidValue::new("schema version", name, Problem::UnknownName { names: "1.0, 2.0" })),
        }
    }
}
