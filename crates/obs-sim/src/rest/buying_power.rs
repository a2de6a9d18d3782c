//! How much an account could buy.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use obs_model::Symbol;
use serde_json::Map;

use super::{
    answer::{self, Refused, object},
    gate::Caller,
    params::Params,
};
use crate::{
    exchange::Exchange,
    trading::{OrderRefusal, OrderType, Pricing},
};

pub(crate) fn router() -> Router<Arc<Exchange>> {
    Router::new().route("/uapi/domestic-stock/v1/trading/inquire-psbl-order", get(buying_power))
}

async fn buying_power(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let params = Params::of_query(query);
    params.account(&exchange, caller)?;
    let order_type = OrderType::of(params.required("ORD_DVSN")?).ok_or_else(|| Refused::field("ORD_DVSN"))?;
    let stock = Symbol::new(params.required("PDNO")?).ok().and_then(|symbol| exchange.stock(symbol));
    let Some(stock) = stock else {
        return Err(Refused::order(OrderRefusal::UnknownSymbol, exchange.environment));
    };
    // An order without a price may cost up to the upper limit.
    let price = match params.get("ORD_UNPR").parse::<i64>() {
        Ok(price) if price > 0 && order_type.pricing == Pricing::Limit => price,
        _ => stock.upper_limit,
    };
    let mut desk = exchange.desk();
    let cash = desk.spendable(caller.0, exchange.now()).max(0);
    let shares = desk.costs().affordable(price, cash);
    // There is no credit here, so the figures with credit are those without.
    let output = object([
        ("ord_psbl_cash", cash.to_string()),
        ("ord_psbl_sbst", "0".to_owned()),
        ("ruse_psbl_amt", "0".to_owned()),
        ("fund_rpch_chgs", "0".to_owned()),
        ("psbl_qty_calc_unpr", price.to_string()),
        ("nrcvb_buy_amt", cash.to_string()),
        ("nrcvb_buy_qty", shares.to_string()),
        ("max_buy_amt", cash.to_string()),
        ("max_buy_qty", shares.to_string()),
        ("cma_evlu_amt", "0".to_owned()),
        ("ovrs_re_use_amt_wcrc", "0".to_owned()),
        ("ord_psbl_frcr_amt_wcrc", "0".to_owned()),
    ]);
    Ok(answer::inquiry(exchange.environment, Map::from_iter([("output".to_owned(), output)]), false))
}
