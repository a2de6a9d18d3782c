//! The columns of each table.

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use obs_model::{Bar, FeedSession, Gap, GapReason, GapScope, HealedBar, SessionId, SwingBar, Symbol, Tick, VolumeBreak};
use obs_store::SourcedBar;

use crate::{
    ExportError,
    column::{Column, batch},
};

const SYMBOL: &str = "KRX short code";
const SESSION: &str = "the run of the recorder that wrote it";
const QUALITY: &str = "normal, degraded or gap";
const LEVEL: &str = "sampling level of the Python system; 0 is every trade";
const BID: &str = "best bid in won; null where there was none";
const ASK: &str = "best ask in won; null where there was none";
const MINUTE: &str = "start of the minute";
const OPEN: &str = "first price in won";
const HIGH: &str = "highest price in won";
const LOW: &str = "lowest price in won";
const CLOSE: &str = "last price in won";
const SHARES: &str = "shares traded";
const COVERAGE: &str = "share of the minute that was observed, 0 to 1";
const START: &str = "last evidence before the gap";

pub(crate) const TICKS: [Column<Tick>; 11] = [
    Column::text("symbol", SYMBOL, |tick| tick.symbol.as_str()),
    Column::instant("event_time", "time of the trade by the exchange's clock", |tick| tick.event_time),
    Column::price("bid_price", BID, |tick| tick.bid_price),
    Column::price("ask_price", ASK, |tick| tick.ask_price),
    Column::shares("bid_size", "shares wanted at the best bid", |tick| tick.bid_size),
    Column::shares("ask_size", "shares offered at the best ask", |tick| tick.ask_size),
    Column::price("last_price", "price of the trade in won", |tick| tick.last_price),
    Column::shares("volume", "shares of this trade alone; null where unknown", |tick| tick.volume),
    Column::text("session_id", SESSION, |tick| tick.session_id.as_str()),
    Column::number("mitigation_level", LEVEL, |tick| tick.mitigation_level.into()),
    Column::text("quality_flag", QUALITY, |tick| tick.quality_flag.as_str()),
];

pub(crate) const BARS: [Column<Bar>; 10] = [
    Column::text("symbol", SYMBOL, |bar| bar.symbol.as_str()),
    Column::instant("bar_time", MINUTE, |bar| bar.bar_time),
    Column::known_price("open", OPEN, |bar| bar.ohlc.open()),
    Column::known_price("high", HIGH, |bar| bar.ohlc.high()),
    Column::known_price("low", LOW, |bar| bar.ohlc.low()),
    Column::known_price("close", CLOSE, |bar| bar.ohlc.close()),
    Column::known_shares("volume", SHARES, |bar| bar.volume),
    Column::ratio("coverage_ratio", COVERAGE, |bar| bar.coverage.ratio()),
    Column::text("session_id", SESSION, |bar| bar.session_id.as_str()),
    Column::text("quality_flag", QUALITY, |bar| bar.quality_flag.as_str()),
];

pub(crate) const BARS_WITH_HEALING: [Column<SourcedBar>; 11] = [
    Column::text("symbol", SYMBOL, |row| row.bar.symbol.as_str()),
    Column::instant("bar_time", MINUTE, |row| row.bar.bar_time),
    Column::known_price("open", OPEN, |row| row.bar.ohlc.open()),
    Column::known_price("high", HIGH, |row| row.bar.ohlc.high()),
    Column::known_price("low", LOW, |row| row.bar.ohlc.low()),
    Column::known_price("close", CLOSE, |row| row.bar.ohlc.close()),
    Column::known_shares("volume", SHARES, |row| row.bar.volume),
    Column::ratio("coverage_ratio", COVERAGE, |row| row.bar.coverage.ratio()),
    Column::text("session_id", SESSION, |row| row.bar.session_id.as_str()),
    Column::text("quality_flag", QUALITY, |row| row.bar.quality_flag.as_str()),
    Column::text("origin", "observed, or healed: told by the broker's chart afterwards", |row| row.origin.as_str()),
];

pub(crate) const HEALED_BARS: [Column<HealedBar>; 9] = [
    Column::text("symbol", SYMBOL, |bar| bar.symbol.as_str()),
    Column::instant("bar_time", MINUTE, |bar| bar.bar_time),
    Column::known_price("open", OPEN, |bar| bar.ohlc.open()),
    Column::known_price("high", HIGH, |bar| bar.ohlc.high()),
    Column::known_price("low", LOW, |bar| bar.ohlc.low()),
    Column::known_price("close", CLOSE, |bar| bar.ohlc.close()),
    Column::known_shares("volume", SHARES, |bar| bar.volume),
    Column::instant("healed_at", "when the broker was asked", |bar| bar.healed_at),
    Column::text("session_id", SESSION, |bar| bar.session_id.as_str()),
];

pub(crate) const SWING_BARS: [Column<SwingBar>; 13] = [
    Column::text("symbol", SYMBOL, |bar| bar.symbol.as_str()),
    Column::instant("bar_time", "start of the ten minutes; with schema version 1.0 the moment of asking", |bar| {
        bar.bar_time
    }),
    Column::price("open", OPEN, |bar| bar.open),
    Column::price("high", HIGH, |bar| bar.high),
    Column::price("low", LOW, |bar| bar.low),
    Column::price("close", CLOSE, |bar| bar.close),
    Column::shares("volume", "shares traded; with schema version 1.0 since the open", |bar| bar.volume),
    Column::price("bid_price", BID, |bar| bar.bid_price),
    Column::price("ask_price", ASK, |bar| bar.ask_price),
    Column::text("session_id", SESSION, |bar| bar.session_id.as_str()),
    Column::text("schema_version", "1.0 is the Python system's, 2.0 ours", |bar| bar.schema_version.as_str()),
    Column::number("mitigation_level", LEVEL, |bar| bar.mitigation_level.into()),
    Column::text("quality_flag", QUALITY, |bar| bar.quality_flag.as_str()),
];

pub(crate) const GAPS: [Column<Gap>; 6] = [
    Column::instant("gap_start_ts", START, Gap::start),
    Column::instant("gap_end_ts", "first evidence after the gap", Gap::end),
    Column::number("gap_seconds", "its length in seconds, rounded half up", Gap::seconds),
    Column::text("scope", "scalp (ticks), swing (ten-minute bars) or all", |gap| gap.scope.as_str()),
    Column::text("reason", "code of the reason, such as ws_disconnect", |gap| gap.reason.as_str()),
    Column::text("session_id", SESSION, |gap| gap.session_id.as_str()),
];

/// A gap of one symbol: a row of `scalp_gap_symbols`, with what `scalp_gaps` says of the gap.
pub(crate) struct GapSymbol {
    symbol: Symbol,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    scope: GapScope,
    reason: GapReason,
    session_id: SessionId,
}

pub(crate) const GAP_SYMBOLS: [Column<GapSymbol>; 6] = [
    Column::text("symbol", SYMBOL, |row| row.symbol.as_str()),
    Column::instant("gap_start_ts", START, |row| row.start),
    Column::instant("gap_end_ts", "when the symbol was back", |row| row.end),
    Column::text("scope", "scalp (ticks), swing (ten-minute bars) or all", |row| row.scope.as_str()),
    Column::text("reason", "code of the reason, such as ws_disconnect", |row| row.reason.as_str()),
    Column::text("session_id", SESSION, |row| row.session_id.as_str()),
];

pub(crate) const FEED_SESSIONS: [Column<FeedSession>; 6] = [
    Column::text("feed_id", "the connection", |row| row.feed_id.as_str()),
    Column::text("symbol", SYMBOL, |row| row.symbol.as_str()),
    Column::instant("attested_from", "when the subscription was acknowledged", |row| row.attested_from),
    Column::text("session_id", SESSION, |row| row.session_id.as_str()),
    Column::instant("attested_until", "last sign of life", |row| row.attested_until),
    Column::flag("closed", "whether the subscription or the connection is over", |row| row.closed),
];

pub(crate) const VOLUME_BREAKS: [Column<VolumeBreak>; 5] = [
    Column::text("symbol", SYMBOL, |row| row.symbol.as_str()),
    Column::instant("after_time", "time of the recorded trade before the missing ones", |row| row.after),
    Column::instant("before_time", "time of the recorded trade behind them", |row| row.before),
    Column::known_shares("shares", "shares that are missing", |row| row.shares),
    Column::text("session_id", SESSION, |row| row.session_id.as_str()),
];

/// Rows of `scalp_ticks`.
///
/// # Errors
/// [`ExportError::Columns`] if the values make no columns, which those of the model do.
pub fn ticks(rows: &[Tick]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&TICKS, rows)?)
}

/// Rows of `scalp_1m_bars`.
///
/// # Errors
/// As [`ticks`].
pub fn bars(rows: &[Bar]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&BARS, rows)?)
}

/// Rows of the view `scalp_1m_bars_healed`.
///
/// # Errors
/// As [`ticks`].
pub fn bars_with_healing(rows: &[SourcedBar]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&BARS_WITH_HEALING, rows)?)
}

/// Rows of `healed_1m_bars`, without the column `source`, which says the same in all of them.
///
/// # Errors
/// As [`ticks`].
pub fn healed_bars(rows: &[HealedBar]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&HEALED_BARS, rows)?)
}

/// Rows of `swing_bars_10m`.
///
/// # Errors
/// As [`ticks`].
pub fn swing_bars(rows: &[SwingBar]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&SWING_BARS, rows)?)
}

/// Rows of `scalp_gaps`. Their symbols are [`gap_symbols`].
///
/// # Errors
/// As [`ticks`].
pub fn gaps(rows: &[Gap]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&GAPS, rows)?)
}

/// Rows of `scalp_gap_symbols`: of each gap one for each of its symbols, and none for a gap of all symbols. Instead of the gap's
/// row number they have what `scalp_gaps` says of it.
///
/// # Errors
/// As [`ticks`].
pub fn gap_symbols(rows: &[Gap]) -> Result<RecordBatch, ExportError> {
    let touched = rows.iter().flat_map(|gap| {
        gap.symbols.iter().map(|symbol| GapSymbol {
            symbol: *symbol,
            start: gap.start(),
            end: gap.end_of(*symbol),
            scope: gap.scope,
            reason: gap.reason,
            session_id: gap.session_id.clone(),
        })
    });
    Ok(batch(&GAP_SYMBOLS, &touched.collect::<Vec<_>>())?)
}

/// Rows of `feed_sessions`.
///
/// # Errors
/// As [`ticks`].
pub fn feed_sessions(rows: &[FeedSession]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&FEED_SESSIONS, rows)?)
}

/// Rows of `volume_breaks`.
///
/// # Errors
/// As [`ticks`].
pub fn volume_breaks(rows: &[VolumeBreak]) -> Result<RecordBatch, ExportError> {
    Ok(batch(&VOLUME_BREAKS, rows)?)
}
