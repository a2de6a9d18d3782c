//! FHKST01010200: ten levels of a stock's order book, and the price that an auction would bring.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query as Raw, State},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    fields::{numbers, range},
    object,
    query::Query,
    quote,
};
use crate::{
    exchange::Exchange,
    frame::text::{hour, percent, sign},
    market::{BookView, Level, Phase, StockView},
    rest::answer::Refused,
};

pub(super) async fn answer(
    State(exchange): State<Arc<Exchange>>,
    Raw(query): Raw<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let query = Query::new(query, &["FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD"])?;
    let (book, auction) = match query.stock(&exchange)? {
        Some(stock) => (levels(&stock.book()), auction(&stock)),
        None => (json!({}), json!({})),
    };
    Ok(quote([("output1", book), ("output2", auction)]))
}

/// Prices, sizes and their changes, level by level. A change says how the size differs from the one sent before, which nobody
/// can know who asks at times only: here it is always 0.
fn levels(book: &BookView) -> Value {
    let sides = [("askp", &book.asks), ("bidp", &book.bids)];
    let mut fields = vec![("aspr_acpt_hour".to_owned(), hour(book.at))];
    let mut of_levels = |suffix: &str, pick: fn(Level) -> i64| {
        for (side, levels) in sides {
            fields.extend((0..BookView::LEVELS).map(|nth| {
                let level = levels.get(nth).copied().unwrap_or_default();
                (format!("{side}{suffix}{}", nth + 1), pick(level).to_string())
            }));
        }
    };
    of_levels("", |level| level.price);
    of_levels("_rsqn", |level| level.size);
    of_levels("_rsqn_icdc", |_| 0);
    let [asks, bids] = sides.map(|(_, levels)| levels.iter().map(|level| level.size).sum::<i64>());
    let session = match book.phase {
        Phase::OpeningAuction => "10",
        Phase::Continuous | Phase::ClosingAuction => "20",
        Phase::Closed => "31",
    };
    let totals = [("total_askp_rsqn", asks), ("total_bidp_rsqn", bids), ("ntby_aspr_rsqn", bids - asks)];
    fields.extend(totals.map(|(name, total)| (name.to_owned(), total.to_string())));
    fields.extend(ALWAYS_ZERO.map(|name| (name.to_owned(), "0".to_owned())));
    fields.push(("new_mkop_cls_code".to_owned(), session.to_owned()));
    object(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// Changes, as above, and trading after hours, which is not simulated.
const ALWAYS_ZERO: [&str; 6] = [
    "total_askp_rsqn_icdc",
    "total_bidp_rsqn_icdc",
    "ovtm_total_askp_rsqn",
    "ovtm_total_bidp_rsqn",
    "ovtm_total_askp_icdc",
    "ovtm_total_bidp_icdc",
];

fn auction(stock: &StockView) -> Value {
    let StockView { last, reference, expected, .. } = stock;
    let Level { price, size } = expected.unwrap_or_default();
    // Without an expected price, the broker still sends a change: that of a price of 0.
    let change = price - reference.base_price;
    let state = if expected.is_some() { "311" } else { "112" };
    let texts = [
        ("antc_mkop_cls_code", state.to_owned()),
        ("antc_cntg_vrss_sign", sign(change).to_string()),
        ("antc_cntg_prdy_ctrt", percent(change, reference.base_price)),
        ("stck_shrn_iscd", stock.symbol.to_string()),
        ("vi_cls_code", "N".to_owned()),
    ];
    let numbers = numbers([
        ("stck_prpr", *last),
        ("stck_sdpr", reference.base_price),
        ("antc_cnpr", price),
        ("antc_cntg_vrss", change),
        ("antc_vol", size),
    ]);
    object(range(stock).into_iter().chain(texts).chain(numbers))
}
