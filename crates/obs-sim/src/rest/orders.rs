//! Sending, revising and cancelling orders.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use obs_model::{KST, Side, Symbol};
use serde_json::Map;

use super::{
    answer::{self, Refused, object},
    gate::Caller,
    params::Params,
};
use crate::{
    exchange::Exchange,
    settings::Environment,
    trading::{Action, NewOrder, Order, OrderRefusal, OrderType, Pricing, Revision},
};

pub(crate) fn router() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/uapi/domestic-stock/v1/trading/order-cash", post(place))
        .route("/uapi/domestic-stock/v1/trading/order-rvsecncl", post(change))
}

async fn place(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let params = Params::of_body(&body)?;
    params.account(&exchange, caller)?;
    check_venue(&exchange, &params)?;
    // The gate has admitted names of these two kinds only.
    let tr_id = headers.get("tr_id").map_or(&b""[..], |tr_id| tr_id.as_bytes());
    let side = if tr_id.ends_with(b"2U") { Side::Buy } else { Side::Sell };
    let symbol = Symbol::new(params.required("PDNO")?);
    let (order_type, price) = terms(&params)?;
    let quantity = params.number("ORD_QTY")?;
    let placed = symbol.map_err(|_| OrderRefusal::UnknownSymbol).and_then(|symbol| {
        let stock = exchange.stock(symbol);
        let new = NewOrder { symbol, side, order_type, quantity, price };
        exchange.desk().place(caller.0, &new, stock.as_ref(), exchange.now())
    });
    Ok(settle(exchange.environment, placed))
}

async fn change(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Refused> {
    let params = Params::of_body(&body)?;
    params.account(&exchange, caller)?;
    check_venue(&exchange, &params)?;
    params.required("KRX_FWDG_ORD_ORGNO")?;
    let original = params.required("ORGN_ODNO")?.parse().map_err(|_| Refused::field("ORGN_ODNO"))?;
    let quantity = match params.required("QTY_ALL_ORD_YN")? {
        "Y" => None,
        _ => Some(params.number("ORD_QTY")?),
    };
    let symbol = exchange.desk().orders().iter().find(|order| order.number == original).map(|order| order.symbol);
    let stock = symbol.and_then(|symbol| exchange.stock(symbol));
    let now = exchange.now();
    let changed = match (symbol, params.required("RVSE_CNCL_DVSN_CD")?) {
        (None, "01" | "02") => Err(OrderRefusal::NothingLeft),
        (_, "01") => {
            let (order_type, price) = terms(&params)?;
            let revision = Revision { original, quantity, order_type, price };
            exchange.desk().revise(caller.0, revision, stock.as_ref(), now)
        }
        (_, "02") => exchange.desk().cancel(caller.0, original, quantity, stock.as_ref(), now),
        _ => return Err(Refused::field("RVSE_CNCL_DVSN_CD")),
    };
    Ok(settle(exchange.environment, changed))
}

/// Paper trading knows one exchange; a live order may name another, which then stands for the same market here.
fn check_venue(exchange: &Exchange, params: &Params) -> Result<(), Refused> {
    let known: &[&str] = match exchange.environment {
        Environment::Live => &["", "KRX", "NXT", "SOR"],
        Environment::Paper => &["", "KRX"],
    };
    if known.contains(&params.get("EXCG_ID_DVSN_CD")) { Ok(()) } else { Err(Refused::field("EXCG_ID_DVSN_CD")) }
}

/// The type and, where the type has one, the price.
fn terms(params: &Params) -> Result<(OrderType, Option<i64>), Refused> {
    let order_type = OrderType::of(params.required("ORD_DVSN")?).ok_or_else(|| Refused::field("ORD_DVSN"))?;
    let price = params.number("ORD_UNPR")?;
    Ok((order_type, (order_type.pricing == Pricing::Limit).then_some(price)))
}

/// Accepted is not filled. A refusal is HTTP 200 as well.
fn settle(environment: Environment, outcome: Result<Order, OrderRefusal>) -> Response {
    let order = match outcome {
        Ok(order) => order,
        Err(refusal) => {
            return Refused::order(refusal, environment).into_response();
        }
    };
    let (code, text) = match (environment, order.action, order.side) {
        (Environment::Live, ..) => ("APBK0013", "주문 전송 완료 되었습니다."),
        (Environment::Paper, Action::New, Side::Buy) => ("40600000", "모의투자 매수주문이 완료 되었습니다."),
        (Environment::Paper, Action::New, Side::Sell) => ("40590000", "모의투자 매도주문이 완료 되었습니다."),
        (Environment::Paper, Action::Revise, _) => ("40620000", "모의투자 정정주문이 완료 되었습니다."),
        (Environment::Paper, Action::Cancel, _) => ("40630000", "모의투자 취소주문이 완료 되었습니다."),
    };
    let output = object([
        ("KRX_FWDG_ORD_ORGNO", branch(environment).to_owned()),
        ("ODNO", order.odno()),
        ("ORD_TMD", order.accepted_at.with_timezone(&KST).format("%H%M%S").to_string()),
    ]);
    answer::success(code, text, Map::from_iter([("output".to_owned(), output)]))
}

/// The branch that orders go through.
pub(crate) const fn branch(environment: Environment) -> &'static str {
    match environment {
        Environment::Live => "06010",
        Environment::Paper => "00950",
    }
}
