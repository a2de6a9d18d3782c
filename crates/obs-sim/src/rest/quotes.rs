//! What the broker answers about prices, charts and days, and its lists of stocks.

mod book;
mod days;
mod fields;
mod holidays;
mod isin;
mod master;
mod minutes;
mod price;
mod query;

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use serde_json::{Map, Value};

use super::answer;
use crate::exchange::Exchange;

/// The quotes under `/uapi`, and the lists that need no keys.
pub(crate) fn router() -> Router<Arc<Exchange>> {
    let quotation = |name: &str| format!("/uapi/domestic-stock/v1/quotations/{name}");
    Router::new()
        .route(&quotation("inquire-price"), get(price::answer))
        .route(&quotation("inquire-asking-price-exp-ccn"), get(book::answer))
        .route(&quotation("inquire-time-itemchartprice"), get(minutes::answer))
        .route(&quotation("inquire-daily-itemchartprice"), get(days::answer))
        .route(&quotation("chk-holiday"), get(holidays::answer))
        .route("/common/master/{file}", get(master::answer))
}

/// A successful answer with its outputs.
fn quote<const N: usize>(outputs: [(&str, Value); N]) -> Response {
    let outputs: Map<String, Value> = outputs.into_iter().map(|(name, output)| (name.to_owned(), output)).collect();
    answer::success("MCA00000", "정상처리 되었습니다.", outputs)
}

/// An object of texts.
fn object<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> Value {
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// The same keys, all "0", which is what the broker says of a stock that it does not know.
fn nothing<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    object(names.into_iter().map(|name| (name, "0".to_owned())))
}
