//! The Python system's shapes.
//!
//! What each field really held was read from that system's code and files, not from its documents. Three rules apply
//! throughout: a price of 0 means that there was none; `volume` was the day's running total, except in the shapes that copy
//! the tables; a row that is no bar is stored as it is and marked degraded.

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use obs_model::{
    Bar, Coverage, Gap, GapReason, GapScope, KST, Ohlc, QualityFlag, Quantity, SchemaVersion, SwingBar, Symbol, Tick,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Decoder, RejectReason, Rejection, SwingRecord, TickRecord, ours::quality, reject::excerpt, shape::Fields, token::Token,
};

/// The session of records that carry none.
const NO_SESSION: &str = "legacy";

/// How far the exchange's time of day may lie from the time of receipt before it is not believed.
const BELIEVABLE: TimeDelta = TimeDelta::minutes(10);

/// The swing collector's line: the day so far, at the moment of writing.
pub(crate) fn swing_snapshot(f: &Fields<'_>, decoder: &mut Decoder) -> Result<SwingRecord, Rejection> {
    let prices = Members::of("price", f.price)?;
    let ts = Token::new("ts", f.ts).time(decoder.assume_tz())?;
    Ok(SwingRecord {
        received_at: ts,
        bar: SwingBar {
            symbol: Token::new("symbol", f.symbol).parse()?,
            bar_time: ts,
            open: Token::new("price.open", prices.open).price()?,
            high: Token::new("price.high", prices.high).price()?,
            low: Token::new("price.low", prices.low).price()?,
            close: Token::new("price.close", prices.close).price()?,
            volume: Some(Token::new("volume", f.volume).required_quantity()?),
            bid_price: Token::new("bid_price", f.bid_price).price()?,
            ask_price: Token::new("ask_price", f.ask_price).price()?,
            session_id: decoder.session_or(Token::new("session", f.session), NO_SESSION)?,
            schema_version: SchemaVersion::V1,
            mitigation_level: 0,
            quality_flag: QualityFlag::Degraded,
        },
    })
}

/// The scalp collector's line in its versions a to d.
pub(crate) fn scalp_tick(f: &Fields<'_>, decoder: &mut Decoder) -> Result<TickRecord, Rejection> {
    let received_at = Token::new("timestamp", f.timestamp).time(decoder.assume_tz())?;
    let prices = Members::of("price", f.price)?;
    // Version a wrote whatever its provider gave; these are the names in use for the last price.
    let last = prices.current.or(prices.last).or(prices.price).or(prices.close);
    let quotes = if f.bid_ask.is_some() { Members::of("bid_ask", f.bid_ask)? } else { Members::default() };
    let volume = Token::new("volume", f.volume);
    let (traded, cumulative) = if volume.is_object() {
        let volumes = Members::of("volume", f.volume)?;
        let part = |name, raw| Token::new(name, raw).quantity();
        (part("volume.tick", volumes.tick)?, part("volume.accumulated", volumes.accumulated)?)
    } else {
        (None, volume.quantity()?)
    };
    let (event_time, quality_flag) = exchange_time(Token::new("execution_time", f.execution_time), received_at);
    Ok(TickRecord {
        received_at,
        cumulative_volume: cumulative,
        tick: Tick {
            event_time,
            last_price: Some(Token::new("price.current", last).required_price()?),
            volume: traded,
            // Version d may carry the quotes at the top.
            bid_price: Token::new("bid_price", quotes.bid_price.or(f.bid_price)).price()?,
            ask_price: Token::new("ask_price", quotes.ask_price.or(f.ask_price)).price()?,
            quality_flag,
            ..bare_tick(f, decoder, event_time)?
        },
    })
}

/// Mock ticks: price and running volume as plain numbers.
pub(crate) fn flat_tick(f: &Fields<'_>, decoder: &mut Decoder) -> Result<TickRecord, Rejection> {
    let received_at = Token::new("timestamp", f.timestamp).time(decoder.assume_tz())?;
    Ok(TickRecord {
        received_at,
        cumulative_volume: Some(Token::new("volume", f.volume).required_quantity()?),
        tick: Tick {
            last_price: Some(Token::new("price", f.price).required_price()?),
            ..bare_tick(f, decoder, received_at)?
        },
    })
}

/// Mock swing rows: the last price as a plain number beside the day's open, high and low.
pub(crate) fn flat_swing(f: &Fields<'_>, decoder: &mut Decoder) -> Result<SwingRecord, Rejection> {
    let ts = Token::new("timestamp", f.timestamp).time(decoder.assume_tz())?;
    Ok(SwingRecord {
        received_at: ts,
        bar: SwingBar {
            symbol: Token::new("symbol", f.symbol).parse()?,
            bar_time: ts,
            open: Token::new("open", f.open).price()?,
            high: Token::new("high", f.high).price()?,
            low: Token::new("low", f.low).price()?,
            close: Token::new("price", f.price).price()?,
            volume: Token::new("volume", f.volume).quantity()?,
            bid_price: None,
            ask_price: None,
            session_id: decoder.session_or(Token::new("session_id", f.session_id), NO_SESSION)?,
            schema_version: SchemaVersion::V1,
            mitigation_level: 0,
            quality_flag: QualityFlag::Degraded,
        },
    })
}

/// A row of `scalp_ticks` as a line: here `volume` is what the column holds.
pub(crate) fn table_tick(f: &Fields<'_>, decoder: &mut Decoder) -> Result<TickRecord, Rejection> {
    let event_time = Token::new("event_time", f.event_time).time(decoder.assume_tz())?;
    // The table admits no NULL in these two; a 0 still means an empty side of the book.
    let quote = |token: Token<'_>| token.json().and_then(|_| token.price());
    Ok(TickRecord {
        received_at: event_time,
        cumulative_volume: None,
        tick: Tick {
            symbol: Token::new("symbol", f.symbol).parse()?,
            event_time,
            last_price: Some(Token::new("last_price", f.last_price).required_price()?),
            volume: Token::new("volume", f.volume).quantity()?,
            bid_price: quote(Token::new("bid_price", f.bid_price))?,
            ask_price: quote(Token::new("ask_price", f.ask_price))?,
            bid_size: Token::new("bid_size", f.bid_size).quantity()?,
            ask_size: Token::new("ask_size", f.ask_size).quantity()?,
            session_id: decoder.session(Token::new("session_id", f.session_id))?,
            mitigation_level: Token::new("mitigation_level", f.mitigation_level).small()?,
            quality_flag: quality(f)?,
        },
    })
}

/// A row of `scalp_1m_bars` as a line.
pub(crate) fn table_bar(f: &Fields<'_>, decoder: &mut Decoder) -> Result<Bar, Rejection> {
    let price = |name, raw| Token::new(name, raw).required_price();
    let (open, high) = (price("open", f.open)?, price("high", f.high)?);
    let (low, close) = (price("low", f.low)?, price("close", f.close)?);
    let ratio = Token::new("coverage_ratio", f.coverage_ratio).ratio()?;
    Ok(Bar {
        symbol: Token::new("symbol", f.symbol).parse()?,
        bar_time: Token::new("bar_time", f.bar_time).time(decoder.assume_tz())?,
        ohlc: Ohlc::new(open, high, low, close).map_err(|error| Rejection::of_value("open, high, low, close", &error))?,
        volume: Token::new("volume", f.volume).required_quantity()?,
        coverage: Coverage::new(ratio).map_err(|error| Rejection::of_value("coverage_ratio", &error))?,
        session_id: decoder.session(Token::new("session_id", f.session_id))?,
        quality_flag: quality(f)?,
    })
}

/// A row of `swing_bars_10m` as a line.
pub(crate) fn table_swing(f: &Fields<'_>, decoder: &mut Decoder) -> Result<SwingRecord, Rejection> {
    let bar_time = Token::new("bar_time", f.bar_time).time(decoder.assume_tz())?;
    let version = Token::new("schema_version", f.schema_version);
    Ok(SwingRecord {
        received_at: bar_time,
        bar: SwingBar {
            symbol: Token::new("symbol", f.symbol).parse()?,
            bar_time,
            open: Token::new("open", f.open).price()?,
            high: Token::new("high", f.high).price()?,
            low: Token::new("low", f.low).price()?,
            close: Some(Token::new("close", f.close).required_price()?),
            volume: Token::new("volume", f.volume).quantity()?,
            bid_price: Token::new("bid_price", f.bid_price).price()?,
            ask_price: Token::new("ask_price", f.ask_price).price()?,
            session_id: decoder.session(Token::new("session_id", f.session_id))?,
            schema_version: if version.is_present() { version.parse()? } else { SchemaVersion::V1 },
            mitigation_level: Token::new("mitigation_level", f.mitigation_level).small()?,
            quality_flag: quality(f)?,
        },
    })
}

/// An entry of the gap ledger: silence since the last update, noticed at an instant.
pub(crate) fn gap(f: &Fields<'_>, decoder: &mut Decoder) -> Result<Gap, Rejection> {
    let zone = decoder.assume_tz();
    let start = Token::new("last_update", f.last_update).time(zone)?;
    let end = Token::new("detected_at", f.detected_at).time(zone)?;
    let scope = match &*Token::new("track_type", f.track_type).text()? {
        "track_a" => GapScope::Swing,
        "track_b" => GapScope::Scalp,
        other => return Err(Rejection::new(RejectReason::BadValue, format!("`track_type` is {}", excerpt(other)))),
    };
    let symbol = Token::new("symbol", f.symbol);
    let symbols: Vec<Symbol> = if symbol.is_present() { vec![symbol.parse()?] } else { Vec::new() };
    let session_id = decoder.session_or(Token::new("session_id", f.session_id), NO_SESSION)?;
    Gap::new((start, end), scope, GapReason::NoDataReceived, symbols, session_id)
        .map_err(|error| Rejection::of_value("detected_at", &error))
}

/// A tick of a symbol and session, with nothing else known.
fn bare_tick(f: &Fields<'_>, decoder: &mut Decoder, event_time: DateTime<Utc>) -> Result<Tick, Rejection> {
    Ok(Tick {
        symbol: Token::new("symbol", f.symbol).parse()?,
        event_time,
        last_price: None,
        volume: None::<Quantity>,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id: decoder.session_or(Token::new("session_id", f.session_id), NO_SESSION)?,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
}

/// The exchange's instant out of its time of day and the time of receipt.
///
/// The record has no date, so it is that of the receipt in Korea. Where the two lie far apart (test rows with a wrong clock, an
/// ISO time in the field) the receipt counts, and the tick is marked.
fn exchange_time(time_of_day: Token<'_>, received_at: DateTime<Utc>) -> (DateTime<Utc>, QualityFlag) {
    let stated = time_of_day.text().ok().and_then(|text| {
        // chrono admits a second 60, which no exchange sends.
        let time = NaiveTime::parse_from_str(&text, "%H%M%S").ok().filter(|time| time.nanosecond() == 0)?;
        let day = received_at.with_timezone(&KST).date_naive();
        Some(day.and_time(time).and_local_timezone(KST).single()?.to_utc())
    });
    match stated {
        Some(instant) if (instant - received_at).abs() <= BELIEVABLE => (instant, QualityFlag::Normal),
        _ => (received_at, QualityFlag::Degraded),
    }
}

/// The members of the nested objects `price`, `volume` and `bid_ask`.
#[derive(Default, Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    open: Option<&'a RawValue>,
    high: Option<&'a RawValue>,
    low: Option<&'a RawValue>,
    close: Option<&'a RawValue>,
    current: Option<&'a RawValue>,
    last: Option<&'a RawValue>,
    price: Option<&'a RawValue>,
    tick: Option<&'a RawValue>,
    accumulated: Option<&'a RawValue>,
    bid_price: Option<&'a RawValue>,
    ask_price: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    fn of(field: &'static str, raw: Option<&'a RawValue>) -> Result<Self, Rejection> {
        let token = Token::new(field, raw);
        let json = token.json()?;
        if !token.is_object() {
            return Err(token.wrong_type("an object"));
        }
        // Valid JSON so far, so this is a member that stands twice.
        serde_json::from_str(json).map_err(|error| Rejection::new(RejectReason::NotJson, format!("`{field}`: {error}")))
    }
}
