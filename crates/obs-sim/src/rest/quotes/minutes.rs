//! FHKST03010200: the minutes of a day.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query as Raw, State},
    response::Response,
};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use obs_model::{KST, minute_of, trading_day};
use serde_json::{Value, json};

use super::{
    fields::{Field, last_price, turnover},
    nothing, object,
    query::Query,
    quote,
};
use crate::{
    exchange::Exchange,
    frame::text::hour,
    market::{Candle, Market, Phase, StockView},
    rest::answer::Refused,
};

/// Rows in an answer.
const ROWS: i64 = 30;

const PARAMETERS: [&str; 5] =
    ["FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN", "FID_ETC_CLS_CODE"];

pub(super) async fn answer(
    State(exchange): State<Arc<Exchange>>,
    Raw(query): Raw<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let query = Query::new(query, &PARAMETERS)?;
    let (stock, until) = (query.stock(&exchange)?, query.time("FID_INPUT_HOUR_1")?);
    let (summary, rows) = match stock {
        Some(stock) => (object(summary(&stock)), rows(&exchange.market(), &stock, until)),
        None => (nothing(SUMMARY), json!([])),
    };
    Ok(quote([("output1", summary), ("output2", rows)]))
}

const SUMMARY: [&str; 8] =
    ["prdy_vrss", "prdy_vrss_sign", "prdy_ctrt", "stck_prdy_clpr", "acml_vol", "acml_tr_pbmn", "hts_kor_isnm", "stck_prpr"];

/// What both charts say of the day.
pub(super) fn summary(stock: &StockView) -> Vec<Field> {
    let mut fields = last_price(stock).to_vec();
    fields.extend(turnover(stock));
    fields.extend([("stck_prdy_clpr", stock.reference.base_price.to_string()), ("hts_kor_isnm", stock.name.clone())]);
    fields
}

/// Thirty minutes up to one, the newest first, from the opening on.
///
/// A minute without a trade has a row with the price before it and no volume. No source says so of the broker: we assume it,
/// because it is known to fill time that has not come yet in that way.
fn rows(market: &Market, stock: &StockView, until: NaiveTime) -> Value {
    let Some((day, (opening, close))) = market.day().zip(market.hours()) else { return json!([]) };
    let Some(until) = day.and_time(until).and_local_timezone(KST).single() else { return json!([]) };
    let (now, until) = (minute_of(stock.at), minute_of(until.to_utc().min(close)));
    let candles = market.candles(stock.symbol, day);
    let minutes = (0..ROWS).map(|back| until - TimeDelta::minutes(back));
    let rows = minutes.take_while(|minute| *minute >= minute_of(opening)).map(|minute| {
        let mut candle = at(candles, minute, stock.reference.base_price);
        // Until the first trade of the running minute, the first row shows the volume of the minute before.
        if minute == until && minute == now && candle.volume == 0 && stock.phase == Phase::Continuous {
            candle.volume = at(candles, minute - TimeDelta::minutes(1), 0).volume;
        }
        row(&candle)
    });
    rows.collect()
}

/// A minute's candle, or what fills its place.
fn at(candles: &[Candle], minute: DateTime<Utc>, base_price: i64) -> Candle {
    let later = candles.partition_point(|candle| candle.minute <= minute);
    let last = later.checked_sub(1).and_then(|index| candles.get(index));
    match last {
        Some(candle) if candle.minute == minute => *candle,
        before => {
            let (price, cumulative_value) = before.map_or((base_price, 0), |candle| (candle.close, candle.cumulative_value));
            Candle { minute, open: price, high: price, low: price, close: price, volume: 0, cumulative_value }
        }
    }
}

fn row(candle: &Candle) -> Value {
    object([
        ("stck_bsop_date", trading_day(candle.minute).format("%Y%m%d").to_string()),
        ("stck_cntg_hour", hour(candle.minute)),
        ("stck_prpr", candle.close.to_string()),
        ("stck_oprc", candle.open.to_string()),
        ("stck_hgpr", candle.high.to_string()),
        ("stck_lwpr", candle.low.to_string()),
        ("cntg_vol", candle.volume.to_string()),
        ("acml_tr_pbmn", candle.cumulative_value.to_string()),
    ])
}
