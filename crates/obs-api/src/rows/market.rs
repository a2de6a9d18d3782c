//! Ticks and bars.

use chrono::{DateTime, Utc};
use obs_model::{Bar, Price, QualityFlag, Quantity, SchemaVersion, SessionId, SwingBar, Symbol, Tick};
use obs_store::{Origin, SourcedBar};
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::Row;

/// One trade, with the best quotes that came with it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickRow {
    /// What was traded.
    #[schema(value_type = String, example = "005930")]
    symbol: Symbol,
    /// When, by the exchange's clock, which tells whole seconds.
    event_time: DateTime<Utc>,
    /// Won a share.
    #[schema(value_type = Option<String>, required, example = "71900")]
    last_price: Option<Price>,
    /// Shares of this trade.
    #[schema(value_type = Option<i64>, required)]
    volume: Option<Quantity>,
    /// Best bid in won; `null` for an empty side of the book.
    #[schema(value_type = Option<String>, required, example = "71800")]
    bid_price: Option<Price>,
    /// Best ask in won.
    #[schema(value_type = Option<String>, required, example = "71900")]
    ask_price: Option<Price>,
    /// Shares wanted at the best bid.
    #[schema(value_type = Option<i64>, required)]
    bid_size: Option<Quantity>,
    /// Shares offered at the best ask.
    #[schema(value_type = Option<i64>, required)]
    ask_size: Option<Quantity>,
    /// The run of the recorder that saw it.
    #[schema(value_type = String)]
    session_id: SessionId,
    /// The sampling level of the Python system; 0 is every trade.
    mitigation_level: u8,
    /// How far it can be trusted: `normal`, `degraded` or `gap`.
    #[schema(value_type = String)]
    quality_flag: QualityFlag,
}

impl Row for TickRow {
    const LIST: &'static str = "ticks";
    const COLUMNS: &'static [&'static str] = &[
        "symbol",
        "event_time",
        "last_price",
        "volume",
        "bid_price",
        "ask_price",
        "bid_size",
        "ask_size",
        "session_id",
        "mitigation_level",
        "quality_flag",
    ];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

impl From<Tick> for TickRow {
    fn from(tick: Tick) -> Self {
        Self {
            symbol: tick.symbol,
            event_time: tick.event_time,
            last_price: tick.last_price,
            volume: tick.volume,
            bid_price: tick.bid_price,
            ask_price: tick.ask_price,
            bid_size: tick.bid_size,
            ask_size: tick.ask_size,
            session_id: tick.session_id,
            mitigation_level: tick.mitigation_level,
            quality_flag: tick.quality_flag,
        }
    }
}

/// One minute of one symbol.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BarRow {
    /// What was traded.
    #[schema(value_type = String, example = "005930")]
    pub(crate) symbol: Symbol,
    /// The start of the minute.
    pub(crate) bar_time: DateTime<Utc>,
    /// First price in won.
    #[schema(value_type = String, example = "71900")]
    open: Price,
    /// Highest price in won.
    #[schema(value_type = String, example = "72000")]
    high: Price,
    /// Lowest price in won.
    #[schema(value_type = String, example = "71800")]
    low: Price,
    /// Last price in won.
    #[schema(value_type = String, example = "71950.5")]
    close: Price,
    /// Shares traded.
    #[schema(value_type = i64)]
    volume: Quantity,
    /// How much of the minute was observed, 0 to 1.
    coverage: f64,
    /// The run of the recorder that saw the minute's last trade.
    #[schema(value_type = String)]
    session_id: SessionId,
    /// How far it can be trusted: `normal`, `degraded` or `gap`.
    #[schema(value_type = String)]
    quality_flag: QualityFlag,
    /// `observed` from the feed, or `healed` from the broker's chart afterwards.
    #[schema(example = "observed")]
    origin: &'static str,
}

impl Row for BarRow {
    const LIST: &'static str = "bars";
    const COLUMNS: &'static [&'static str] = &[
        "symbol",
        "bar_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "coverage",
        "session_id",
        "quality_flag",
        "origin",
    ];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

impl From<SourcedBar> for BarRow {
    fn from(SourcedBar { bar, origin }: SourcedBar) -> Self {
        Self {
            symbol: bar.symbol,
            bar_time: bar.bar_time,
            open: bar.ohlc.open(),
            high: bar.ohlc.high(),
            low: bar.ohlc.low(),
            close: bar.ohlc.close(),
            volume: bar.volume,
            coverage: bar.coverage.ratio(),
            session_id: bar.session_id,
            quality_flag: bar.quality_flag,
            origin: origin.as_str(),
        }
    }
}

impl From<Bar> for BarRow {
    fn from(bar: Bar) -> Self {
        SourcedBar { bar, origin: Origin::Observed }.into()
    }
}

/// Ten minutes of one symbol.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SwingBarRow {
    /// What was traded.
    #[schema(value_type = String, example = "005930")]
    symbol: Symbol,
    /// The start of the window; in rows of the Python system (`schema_version` 1.0) the moment of writing.
    bar_time: DateTime<Utc>,
    /// First price in won; `null` where nothing was traded.
    #[schema(value_type = Option<String>, required, example = "71900")]
    open: Option<Price>,
    /// Highest price in won.
    #[schema(value_type = Option<String>, required, example = "72000")]
    high: Option<Price>,
    /// Lowest price in won.
    #[schema(value_type = Option<String>, required, example = "71800")]
    low: Option<Price>,
    /// Last price in won.
    #[schema(value_type = Option<String>, required, example = "71950")]
    close: Option<Price>,
    /// Shares traded in the window; in rows of the Python system since the open.
    #[schema(value_type = Option<i64>, required)]
    volume: Option<Quantity>,
    /// Best bid in won at the window's close.
    #[schema(value_type = Option<String>, required, example = "71900")]
    bid_price: Option<Price>,
    /// Best ask in won at the window's close.
    #[schema(value_type = Option<String>, required, example = "72000")]
    ask_price: Option<Price>,
    /// The run of the recorder that wrote it.
    #[schema(value_type = String)]
    session_id: SessionId,
    /// The version of the written form it came in: `1.0` or `2.0`.
    #[schema(value_type = String, example = "2.0")]
    schema_version: SchemaVersion,
    /// As for ticks.
    mitigation_level: u8,
    /// How far it can be trusted: `normal`, `degraded` or `gap`.
    #[schema(value_type = String)]
    quality_flag: QualityFlag,
}

impl Row for SwingBarRow {
    const LIST: &'static str = "swing-bars";
    const COLUMNS: &'static [&'static str] = &[
        "symbol",
        "bar_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "bid_price",
        "ask_price",
        "session_id",
        "schema_version",
        "mitigation_level",
        "quality_flag",
    ];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

impl From<SwingBar> for SwingBarRow {
    fn from(bar: SwingBar) -> Self {
        Self {
            symbol: bar.symbol,
            bar_time: bar.bar_time,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            bid_price: bar.bid_price,
            ask_price: bar.ask_price,
            session_id: bar.session_id,
            schema_version: bar.schema_version,
            mitigation_level: bar.mitigation_level,
            quality_flag: bar.quality_flag,
        }
    }
}
