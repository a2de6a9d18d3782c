//! TradingView's UDF protocol, as far as a chart needs it: bars of one and of ten minutes.
//!
//! The protocol wants numbers, so prices are JSON numbers here, written digit for digit. It tells errors in answers with status
//! 200, and clients may send parameters that later versions have, so unknown ones are passed over.

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Price, Symbol};
use obs_store::TimeRange;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use super::record::known_symbols;
use crate::{
    parameters::Lenient,
    problem::{Problem, Problems},
    router::{App, Shared},
    rows::record::SymbolRow,
};

/// What the protocol calls the exchange.
const EXCHANGE: &str = "KRX";
/// Most bars of an answer.
const MAX_BARS: usize = 20_000;
/// How far back bars are looked for when a range has none: over the longest holidays.
const BACK: TimeDelta = TimeDelta::days(30);

/// Configuration
#[utoipa::path(
    get, path = "/api/v1/udf/config", operation_id = "udf_config", tag = "tradingview",
    responses((status = 200, description = "What this data feed can do", body = Value), Problems)
)]
pub(crate) async fn config() -> Json<Value> {
    Json(json!({
        "supports_search": true,
        "supports_group_request": false,
        "supports_marks": false,
        "supports_timescale_marks": false,
        "supports_time": true,
        "supported_resolutions": ["1", "10"],
        "exchanges": [{ "value": EXCHANGE, "name": "Korea Exchange", "desc": "Korea Exchange" }],
        "symbols_types": [{ "name": "Stock", "value": "stock" }],
    }))
}

/// Time
#[utoipa::path(
    get, path = "/api/v1/udf/time", operation_id = "udf_time", tag = "tradingview",
    responses((status = 200, description = "Seconds since 1970", body = String, content_type = "text/plain"), Problems)
)]
pub(crate) async fn time(State(app): State<App>) -> String {
    app.now().timestamp().to_string()
}

/// Which symbol.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SymbolQuery {
    /// Its code, with or without `KRX:`.
    symbol: Option<String>,
}

/// Symbol
#[utoipa::path(
    get, path = "/api/v1/udf/symbols", operation_id = "udf_symbols", tag = "tradingview", params(SymbolQuery),
    responses((status = 200, description = "What a chart needs to know of it, or an error", body = Value), Problems)
)]
pub(crate) async fn symbols(State(app): State<App>, Lenient(query): Lenient<SymbolQuery>) -> Result<Json<Value>, Problem> {
    let Some(symbol) = query.symbol.as_deref().and_then(symbol_of) else { return Ok(Json(failure("unknown_symbol"))) };
    let known = known_symbols(&app).await?.into_iter().find(|row| row.symbol == symbol);
    Ok(Json(known.map_or_else(|| failure("unknown_symbol"), |row| described(&row))))
}

fn described(row: &SymbolRow) -> Value {
    let name = row.name.clone().unwrap_or_else(|| row.symbol.to_string());
    json!({
        "name": row.symbol,
        "ticker": row.symbol,
        "description": name,
        "type": "stock",
        "exchange": EXCHANGE,
        "listed_exchange": EXCHANGE,
        "exchange-traded": EXCHANGE,
        "exchange-listed": EXCHANGE,
        "session": "0900-1530",
        "timezone": "Asia/Seoul",
        "currency_code": "KRW",
        "minmov": 1,
        "minmov2": 0,
        "minmovement": 1,
        "minmovement2": 0,
        "pricescale": 1,
        "pointvalue": 1,
        "has_intraday": true,
        "has_daily": false,
        "has_weekly_and_monthly": false,
        "has-no-volume": false,
        "has_empty_bars": false,
        "intraday_multipliers": ["1", "10"],
        "supported_resolutions": ["1", "10"],
        "data_status": "streaming",
    })
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// A part of the code or the name.
    query: Option<String>,
    /// Most answers.
    limit: Option<String>,
}

/// Search
#[utoipa::path(
    get, path = "/api/v1/udf/search", operation_id = "udf_search", tag = "tradingview", params(SearchQuery),
    responses((status = 200, description = "Symbols that fit", body = Vec<Value>), Problems)
)]
pub(crate) async fn search(State(app): State<App>, Lenient(query): Lenient<SearchQuery>) -> Result<Json<Value>, Problem> {
    let part = query.query.unwrap_or_default().to_uppercase();
    let part = part.strip_prefix("KRX:").unwrap_or(&part);
    let limit = query.limit.and_then(|limit| limit.parse().ok()).unwrap_or(30);
    let fits = |row: &SymbolRow| {
        row.symbol.as_str().contains(part) || row.name.as_ref().is_some_and(|name| name.to_uppercase().contains(part))
    };
    let found = known_symbols(&app).await?.into_iter().filter(fits).take(limit).map(|row| {
        let name = row.name.unwrap_or_else(|| row.symbol.to_string());
        json!({
            "symbol": row.symbol,
            "full_name": format!("{EXCHANGE}:{}", row.symbol),
            "ticker": row.symbol,
            "description": name,
            "exchange": EXCHANGE,
            "type": "stock",
        })
    });
    Ok(Json(found.collect()))
}

/// Which bars.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// The symbol's code.
    symbol: Option<String>,
    /// `1` or `10` minutes.
    resolution: Option<String>,
    /// First second, since 1970.
    from: Option<String>,
    /// First second after it.
    to: Option<String>,
    /// So many bars before `to`, if that is more than `from` gives.
    countback: Option<String>,
}

/// Bars as the protocol wants them: one list for each value.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct History {
    /// `ok`, `no_data` or `error`.
    s: &'static str,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    errmsg: Option<String>,
    /// The last bar before the range, where it has none; seconds since 1970.
    #[serde(rename = "nextTime", skip_serializing_if = "Option::is_none")]
    next_time: Option<i64>,
    /// The starts of the bars, in seconds since 1970.
    t: Vec<i64>,
    /// First prices in won.
    #[schema(value_type = Vec<f64>)]
    o: Vec<Box<RawValue>>,
    /// Highest prices.
    #[schema(value_type = Vec<f64>)]
    h: Vec<Box<RawValue>>,
    /// Lowest prices.
    #[schema(value_type = Vec<f64>)]
    l: Vec<Box<RawValue>>,
    /// Last prices.
    #[schema(value_type = Vec<f64>)]
    c: Vec<Box<RawValue>>,
    /// Shares.
    v: Vec<i64>,
}

/// A bar of either length.
struct Candle {
    time: DateTime<Utc>,
    prices: [Price; 4],
    shares: i64,
}

/// History
///
/// The bars that were recorded. Where nothing was traded or nothing was observed there is none, and none is made up.
#[utoipa::path(
    get, path = "/api/v1/udf/history", operation_id = "udf_history", tag = "tradingview", params(HistoryQuery),
    responses((status = 200, description = "Bars, or that there are none, or an error", body = History), Problems)
)]
pub(crate) async fn history(
    State(app): State<App>,
    Lenient(query): Lenient<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let (symbol, ten, range, countback) = match read(&query) {
        Ok(asked) => asked,
        Err(why) => return Ok(Json(History { s: "error", errmsg: Some(why), ..History::default() })),
    };
    let mut candles = candles(&app, symbol, ten, range).await?;
    if candles.len() < countback {
        let earlier = TimeRange { from: range.from - BACK, until: range.from };
        let mut more = self::candles(&app, symbol, ten, earlier).await?;
        more.drain(..more.len().saturating_sub(countback - candles.len()));
        more.append(&mut candles);
        candles = more;
    }
    candles.drain(..candles.len().saturating_sub(MAX_BARS));
    if candles.is_empty() {
        let earlier = TimeRange { from: range.from - BACK, until: range.from };
        let last = self::candles(&app, symbol, ten, earlier).await?.pop();
        let next_time = last.map(|candle| candle.time.timestamp());
        return Ok(Json(History { s: "no_data", next_time, ..History::default() }));
    }
    let prices = |nth: usize| candles.iter().filter_map(|candle| number(candle.prices[nth])).collect();
    let (o, h, l, c) = (prices(0), prices(1), prices(2), prices(3));
    let t = candles.iter().map(|candle| candle.time.timestamp()).collect();
    let v = candles.iter().map(|candle| candle.shares).collect();
    Ok(Json(History { s: "ok", t, o, h, l, c, v, ..History::default() }))
}

type AskedHistory = (Symbol, bool, TimeRange, usize);

fn read(query: &HistoryQuery) -> Result<AskedHistory, String> {
    let symbol = query.symbol.as_deref().and_then(symbol_of).ok_or("unknown_symbol")?;
    let ten = match query.resolution.as_deref() {
        Some("1") => false,
        Some("10") => true,
        other => {
            return Err(format!("resolution is {:?}: there are bars of 1 and of 10 minutes", other.unwrap_or_default()));
        }
    };
    let second = |name: &str, text: &Option<String>| {
        let seconds = text.as_deref().unwrap_or_default().parse().ok();
        // Years of four digits; no chart asks for others.
        let at = seconds.filter(|seconds: &i64| (-62_000_000_000..253_000_000_000).contains(seconds));
        at.and_then(|at| DateTime::from_timestamp(at, 0)).ok_or(format!("{name} must be seconds since 1970"))
    };
    let until = second("to", &query.to)?;
    let countback = query.countback.as_deref().map(str::parse::<usize>).transpose();
    let countback = countback.map_err(|_| "countback must be a whole number".to_owned())?.unwrap_or(0);
    let from = match &query.from {
        None if countback > 0 => until,
        from => second("from", from)?,
    };
    Ok((symbol, ten, TimeRange { from: from.min(until), until }, countback.min(MAX_BARS)))
}

async fn candles(app: &Shared, symbol: Symbol, ten: bool, range: TimeRange) -> Result<Vec<Candle>, Problem> {
    if !ten {
        let bars = app.store().bars(range, Some(symbol)).await?.into_iter();
        let candle = |bar: obs_model::Bar| Candle {
            time: bar.bar_time,
            prices: [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()],
            shares: bar.volume.shares(),
        };
        return Ok(bars.map(candle).collect());
    }
    let bars = app.store().swing_bars(range, Some(symbol)).await?.into_iter();
    // Rows of the Python system are no windows: they hold the day so far, at some moment.
    let whole = bars.filter(|bar| bar.schema_version == obs_model::SchemaVersion::V2);
    let candle = |bar: obs_model::SwingBar| {
        let prices = [bar.open?, bar.high?, bar.low?, bar.close?];
        Some(Candle { time: bar.bar_time, prices, shares: bar.volume.map_or(0, |volume| volume.shares()) })
    };
    Ok(whole.filter_map(candle).collect())
}

/// A price as a JSON number, with all its digits.
fn number(price: Price) -> Option<Box<RawValue>> {
    RawValue::from_string(price.to_string()).ok()
}

fn symbol_of(text: &str) -> Option<Symbol> {
    Symbol::new(text.strip_prefix("KRX:").unwrap_or(text)).ok()
}

fn failure(why: &str) -> Value {
    json!({ "s": "error", "errmsg": why })
}
