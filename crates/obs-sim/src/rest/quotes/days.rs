//! FHKST03010100: days, weeks, months and years.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query as Raw, State},
    response::Response,
};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::{
    fields::{Field, day_before, limits, numbers, range, worth},
    minutes::summary,
    nothing, object,
    query::Query,
    quote,
};
use crate::{
    exchange::Exchange,
    frame::text::sign,
    market::{DailyBar, StockView},
    rest::answer::Refused,
};

/// Rows in an answer, at most.
const ROWS: usize = 100;

const PARAMETERS: [&str; 6] = [
    "FID_COND_MRKT_DIV_CODE",
    "FID_INPUT_ISCD",
    "FID_INPUT_DATE_1",
    "FID_INPUT_DATE_2",
    "FID_PERIOD_DIV_CODE",
    "FID_ORG_ADJ_PRC",
];

/// How days are put together.
struct Period {
    /// Two days with the same key are in the same period.
    key: fn(NaiveDate) -> (i32, u32),
    /// A week is dated by its first trading day, anything else by its last, as seen in answers of July 2026.
    dated_by_first: bool,
}

pub(super) async fn answer(
    State(exchange): State<Arc<Exchange>>,
    Raw(query): Raw<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let query = Query::new(query, &PARAMETERS)?;
    let stock = query.stock(&exchange)?;
    let (from, to) = (query.date("FID_INPUT_DATE_1")?, query.date("FID_INPUT_DATE_2")?);
    let key: fn(NaiveDate) -> (i32, u32) = match query.text("FID_PERIOD_DIV_CODE") {
        "D" => |day| (day.year(), day.ordinal()),
        "W" => |day| (day.iso_week().year(), day.iso_week().week()),
        "M" => |day| (day.year(), day.month()),
        "Y" => |day| (day.year(), 0),
        _ => return Err(query.bad("FID_PERIOD_DIV_CODE")),
    };
    let period = Period { key, dated_by_first: query.text("FID_PERIOD_DIV_CODE") == "W" };
    // Nothing is ever split here, so that adjusted and raw prices are the same.
    if !["0", "1"].contains(&query.text("FID_ORG_ADJ_PRC")) {
        return Err(query.bad("FID_ORG_ADJ_PRC"));
    }
    let (today, rows) = match stock {
        Some(stock) => {
            let bars = exchange.market().daily_bars(stock.symbol);
            (object(today(&stock, &bars)), rows(&bars, from, to, &period))
        }
        None => (nothing(["stck_prpr", "stck_prdy_clpr", "acml_vol", "acml_tr_pbmn"]), json!([])),
    };
    Ok(quote([("output1", today), ("output2", rows)]))
}

fn today(stock: &StockView, bars: &[DailyBar]) -> Vec<Field> {
    let StockView { reference, day, quotes, .. } = stock;
    let of_day_before = |pick: fn(&DailyBar) -> i64| day_before(stock, bars).map_or(0, pick);
    let mut fields = summary(stock);
    fields.extend(range(stock));
    fields.extend(limits(stock));
    fields.extend(worth(stock));
    fields.extend(numbers([
        ("prdy_vol", reference.previous_volume),
        ("prdy_vrss_vol", day.map_or(0, |day| day.volume) - reference.previous_volume),
        ("stck_prdy_oprc", of_day_before(|bar| bar.open)),
        ("stck_prdy_hgpr", of_day_before(|bar| bar.high)),
        ("stck_prdy_lwpr", of_day_before(|bar| bar.low)),
        ("askp", quotes.ask),
        ("bidp", quotes.bid),
    ]));
    fields.extend([("stck_shrn_iscd", stock.symbol.to_string()), ("itewhol_loan_rmnd_ratem", "0.00".to_owned())]);
    fields
}

/// The newest first.
fn rows(bars: &[DailyBar], from: NaiveDate, to: NaiveDate, period: &Period) -> Value {
    let mut periods: Vec<DailyBar> = Vec::new();
    for bar in bars.iter().filter(|bar| bar.date <= to) {
        match periods.last_mut().filter(|later| (period.key)(later.date) == (period.key)(bar.date)) {
            Some(later) => {
                later.date = if period.dated_by_first { bar.date } else { later.date };
                later.open = bar.open;
                later.high = later.high.max(bar.high);
                later.low = later.low.min(bar.low);
                later.volume += bar.volume;
                later.value += bar.value;
            }
            None => periods.push(*bar),
        }
    }
    let before = periods.iter().skip(1).map(Some).chain([None]);
    let rows = periods.iter().zip(before).filter(|(bar, _)| bar.date >= from).take(ROWS);
    rows.map(|(bar, before)| row(bar, before.map_or(bar.open, |before| before.close))).collect()
}

fn row(bar: &DailyBar, close_before: i64) -> Value {
    let change = bar.close - close_before;
    object([
        ("stck_bsop_date", bar.date.format("%Y%m%d").to_string()),
        ("stck_clpr", bar.close.to_string()),
        ("stck_oprc", bar.open.to_string()),
        ("stck_hgpr", bar.high.to_string()),
        ("stck_lwpr", bar.low.to_string()),
        ("acml_vol", bar.volume.to_string()),
        ("acml_tr_pbmn", bar.value.to_string()),
        ("flng_cls_code", "00".to_owned()),
        ("prtt_rate", "0.00".to_owned()),
        ("mod_yn", "N".to_owned()),
        ("prdy_vrss_sign", sign(change).to_string()),
        ("prdy_vrss", change.to_string()),
        ("revl_issu_reas", String::new()),
    ])
}
