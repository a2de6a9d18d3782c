//! The orders of an account, and those that can still be changed.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use chrono::NaiveDate;
use obs_model::{KST, Side, trading_day};
use serde_json::Value;

use super::{
    answer::{self, Refused, object},
    gate::Caller,
    money::quotient,
    orders::branch,
    paging::Page,
    params::Params,
};
use crate::{
    exchange::Exchange,
    settings::Environment,
    trading::{Action, Costs, Order},
};

pub(crate) fn router() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/uapi/domestic-stock/v1/trading/inquire-daily-ccld", get(orders_of_days))
        .route("/uapi/domestic-stock/v1/trading/inquire-psbl-rvsecncl", get(changeable))
}

async fn orders_of_days(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let params = Params::of_query(query);
    let account = params.account(&exchange, caller)?;
    let (from, to) = (day(&params, "INQR_STRT_DT")?, day(&params, "INQR_END_DT")?);
    let side = side(params.required("SLL_BUY_DVSN_CD")?).ok_or_else(|| Refused::field("SLL_BUY_DVSN_CD"))?;
    let filled = match params.required("CCLD_DVSN")? {
        "00" => None,
        "01" => Some(true),
        "02" => Some(false),
        _ => return Err(Refused::field("CCLD_DVSN")),
    };
    let (symbol, number) = (params.get("PDNO").to_owned(), params.get("ODNO").parse::<u64>().ok());
    let wanted = |order: &Order| {
        (from..=to).contains(&trading_day(order.accepted_at))
            && side.is_none_or(|side| side == order.side)
            && filled.is_none_or(|filled| if filled { order.filled > 0 } else { order.remaining() > 0 })
            && (symbol.is_empty() || symbol == order.symbol.as_str())
            && number.is_none_or(|number| number == order.number)
    };
    let (mut orders, costs) = read(&exchange, caller, wanted);
    if params.required("INQR_DVSN")? == "00" {
        orders.reverse();
    }
    let totals = totals(&orders, costs);
    let size = match exchange.environment {
        Environment::Live => 100,
        Environment::Paper => 15,
    };
    let page = Page::cut(orders, Order::odno, size, &headers, &params);
    let mut outputs = page.cursor(&format!("{account}^{}^{}", from.format("%Y%m%d"), to.format("%Y%m%d")));
    outputs.insert("output1".to_owned(), page.rows.iter().map(|order| daily_row(order, exchange.environment)).collect());
    outputs.insert("output2".to_owned(), totals);
    Ok(answer::inquiry(exchange.environment, outputs, page.next.is_some()))
}

async fn changeable(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let params = Params::of_query(query);
    let account = params.account(&exchange, caller)?;
    let side = match params.required("INQR_DVSN_2")? {
        "0" => None,
        "1" => Some(Side::Sell),
        "2" => Some(Side::Buy),
        _ => return Err(Refused::field("INQR_DVSN_2")),
    };
    let (orders, _) = read(&exchange, caller, |o| o.remaining() > 0 && side.is_none_or(|side| side == o.side));
    let page = Page::cut(orders, Order::odno, 50, &headers, &params);
    let mut outputs = page.cursor(&account);
    outputs.insert("output".to_owned(), page.rows.iter().map(|order| open_row(order, exchange.environment)).collect());
    Ok(answer::inquiry(exchange.environment, outputs, page.next.is_some()))
}

/// The caller's orders that are wanted, oldest first.
fn read(exchange: &Exchange, Caller(customer): Caller, wanted: impl Fn(&Order) -> bool) -> (Vec<Order>, Costs) {
    let mut desk = exchange.desk();
    // Orders of an earlier day are over, also when nothing was traded since.
    let _ = desk.account(customer, exchange.now());
    let orders = desk.orders().iter().filter(|order| order.customer == customer && wanted(order)).cloned().collect();
    (orders, desk.costs())
}

fn day(params: &Params, name: &str) -> Result<NaiveDate, Refused> {
    NaiveDate::parse_from_str(params.required(name)?, "%Y%m%d").map_err(|_| Refused::field(name))
}

/// `None` inside for both sides.
fn side(code: &str) -> Option<Option<Side>> {
    match code {
        "00" => Some(None),
        "01" => Some(Some(Side::Sell)),
        "02" => Some(Some(Side::Buy)),
        _ => None,
    }
}

const fn side_code(side: Side) -> &'static str {
    match side {
        Side::Sell => "01",
        Side::Buy => "02",
    }
}

fn action_name(order: &Order) -> String {
    let side = if order.side == Side::Buy { "매수" } else { "매도" };
    match order.action {
        Action::New => format!("현금{side}"),
        Action::Revise => format!("{side}정정"),
        Action::Cancel => format!("{side}취소"),
    }
}

fn time(order: &Order) -> String {
    order.accepted_at.with_timezone(&KST).format("%H%M%S").to_string()
}

fn original(order: &Order) -> String {
    order.original.map(|number| format!("{number:010}")).unwrap_or_default()
}

/// One row for an order with all its fills.
fn daily_row(order: &Order, environment: Environment) -> Value {
    object([
        ("ord_dt", trading_day(order.accepted_at).format("%Y%m%d").to_string()),
        ("ord_gno_brno", branch(environment).to_owned()),
        ("odno", order.odno()),
        ("orgn_odno", original(order)),
        ("ord_dvsn_name", order.order_type.name.to_owned()),
        ("sll_buy_dvsn_cd", side_code(order.side).to_owned()),
        ("sll_buy_dvsn_cd_name", action_name(order)),
        ("pdno", order.symbol.to_string()),
        ("prdt_name", order.name.clone()),
        ("ord_qty", order.quantity.to_string()),
        ("ord_unpr", order.price.unwrap_or(0).to_string()),
        ("ord_tmd", time(order)),
        ("tot_ccld_qty", order.filled.to_string()),
        ("avg_prvs", quotient(order.filled_value, order.filled, 0)),
        ("cncl_yn", if order.cancelled == order.quantity { "Y" } else { "" }.to_owned()),
        ("tot_ccld_amt", order.filled_value.to_string()),
        ("loan_dt", String::new()),
        ("ordr_empno", "OpenAPI".to_owned()),
        ("ord_dvsn_cd", order.order_type.code.to_owned()),
        ("cncl_cfrm_qty", order.cancelled.to_string()),
        ("rmn_qty", order.remaining().to_string()),
        ("rjct_qty", "0".to_owned()),
        ("ccld_cndt_name", String::new()),
        ("inqr_ip_addr", String::new()),
        ("cpbc_ordp_ord_rcit_dvsn_cd", String::new()),
        ("cpbc_ordp_infm_mthd_dvsn_cd", String::new()),
        ("infm_tmd", String::new()),
        ("ctac_tlno", String::new()),
        ("prdt_type_cd", "300".to_owned()),
        ("excg_dvsn_cd", "02".to_owned()),
        ("cpbc_ordp_mtrl_dvsn_cd", String::new()),
        ("ord_orgno", branch(environment).to_owned()),
        ("rsvn_ord_end_dt", String::new()),
        ("excg_id_dvsn_Cd", "KRX".to_owned()),
        ("stpm_cndt_pric", "0".to_owned()),
        ("stpm_efct_occr_dtmd", String::new()),
    ])
}

fn totals(orders: &[Order], costs: Costs) -> Value {
    let sum = |part: fn(&Order) -> i64| orders.iter().map(part).sum::<i64>();
    let (filled, value) = (sum(|order| order.filled), sum(|order| order.filled_value));
    let estimated: i64 = orders.iter().map(|order| costs.of(order.side, order.filled_value)).sum();
    object([
        ("tot_ord_qty", sum(|order| order.quantity).to_string()),
        ("tot_ccld_qty", filled.to_string()),
        ("tot_ccld_amt", value.to_string()),
        ("prsm_tlex_smtl", estimated.to_string()),
        ("pchs_avg_pric", quotient(value, filled, 4)),
    ])
}

/// One row for an order that can be revised or cancelled.
fn open_row(order: &Order, environment: Environment) -> Value {
    object([
        ("ord_gno_brno", branch(environment).to_owned()),
        ("odno", order.odno()),
        ("orgn_odno", original(order)),
        ("ord_dvsn_name", order.order_type.name.to_owned()),
        ("pdno", order.symbol.to_string()),
        ("prdt_name", order.name.clone()),
        ("rvse_cncl_dvsn_name", if order.action == Action::Revise { "정정" } else { "" }.to_owned()),
        ("ord_qty", order.quantity.to_string()),
        ("ord_unpr", order.price.unwrap_or(0).to_string()),
        ("ord_tmd", time(order)),
        ("tot_ccld_qty", order.filled.to_string()),
        ("tot_ccld_amt", order.filled_value.to_string()),
        ("psbl_qty", order.remaining().to_string()),
        ("sll_buy_dvsn_cd", side_code(order.side).to_owned()),
        ("ord_dvsn_cd", order.order_type.code.to_owned()),
        ("mgco_aptm_odno", String::new()),
        ("excg_dvsn_cd", "02".to_owned()),
        ("excg_id_dvsn_cd", "KRX".to_owned()),
        ("excg_id_dvsn_name", "한국거래소".to_owned()),
        ("stpm_cndt_pric", "0".to_owned()),
        ("stpm_efct_occr_yn", String::new()),
    ])
}
