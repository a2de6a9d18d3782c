//! What an account holds and is worth.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use obs_model::{Symbol, trading_day};
use serde_json::{Value, json};

use super::{
    answer::{self, Refused, object},
    gate::Caller,
    money::{percent, quotient},
    paging::Page,
    params::Params,
};
use crate::{
    exchange::Exchange,
    settings::Environment,
    trading::{Holding, Stock, Turnover},
};

pub(crate) fn router() -> Router<Arc<Exchange>> {
    Router::new().route("/uapi/domestic-stock/v1/trading/inquire-balance", get(balance))
}

/// A stock's row with its value.
struct Row {
    symbol: Symbol,
    holding: Holding,
    stock: Option<Stock>,
    sellable: i64,
}

/// An account's cash, in won: today, tomorrow, and when all trades have settled.
struct Cash {
    today: i64,
    next_day: i64,
    settled: i64,
}

async fn balance(
    State(exchange): State<Arc<Exchange>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let params = Params::of_query(query);
    let account = params.account(&exchange, caller)?;
    for name in ["INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN", "PRCS_DVSN"] {
        params.required(name)?;
    }
    let (rows, cash, today, previous) = read(&exchange, caller.0);
    let totals = totals(&rows, &cash, today, previous);
    let size = match exchange.environment {
        Environment::Live => 50,
        Environment::Paper => 20,
    };
    let page = Page::cut(rows, |row| row.symbol.to_string(), size, &headers, &params);
    let mut outputs = page.cursor(&format!("{account}^{}", params.get("INQR_DVSN")));
    outputs.insert("output1".to_owned(), page.rows.iter().map(Row::write).collect());
    outputs.insert("output2".to_owned(), json!([totals]));
    Ok(answer::inquiry(exchange.environment, outputs, page.next.is_some()))
}

fn read(exchange: &Exchange, customer: usize) -> (Vec<Row>, Cash, Turnover, Turnover) {
    let now = exchange.now();
    let mut desk = exchange.desk();
    let Some(account) = desk.account(customer, now) else {
        return (Vec::new(), Cash { today: 0, next_day: 0, settled: 0 }, Turnover::default(), Turnover::default());
    };
    let tomorrow = trading_day(now).succ_opt().unwrap_or(trading_day(now));
    let cash = Cash { today: account.cash(), next_day: account.cash_on(tomorrow), settled: account.total_cash() };
    let (today, previous) = (account.today, account.previous);
    let holdings: Vec<(Symbol, Holding)> = account.holdings().map(|(symbol, held)| (symbol, held.clone())).collect();
    let row = |(symbol, holding)| {
        let sellable = desk.sellable(customer, symbol, now);
        Row { symbol, holding, stock: exchange.stock(symbol), sellable }
    };
    (holdings.into_iter().map(row).collect(), cash, today, previous)
}

impl Row {
    fn last(&self) -> i64 {
        self.stock.as_ref().map_or(0, |stock| stock.last)
    }

    fn value(&self) -> i64 {
        self.last() * self.holding.quantity
    }

    fn write(&self) -> Value {
        let held = &self.holding;
        let name = self.stock.as_ref().map(|stock| stock.name.clone()).or_else(|| held.name.clone()).unwrap_or_default();
        let (value, gain) = (self.value(), self.value() - held.cost);
        let base = self.stock.as_ref().map_or(0, |stock| stock.base);
        let change = if base == 0 { 0 } else { self.last() - base };
        object([
            ("pdno", self.symbol.to_string()),
            ("prdt_name", name),
            ("trad_dvsn_name", "현금".to_owned()),
            ("bfdy_buy_qty", held.bought_before.to_string()),
            ("bfdy_sll_qty", held.sold_before.to_string()),
            ("thdt_buyqty", held.bought_today.to_string()),
            ("thdt_sll_qty", held.sold_today.to_string()),
            ("hldg_qty", held.quantity.to_string()),
            ("ord_psbl_qty", self.sellable.to_string()),
            ("pchs_avg_pric", quotient(held.cost, held.quantity, 4)),
            ("pchs_amt", held.cost.to_string()),
            ("prpr", self.last().to_string()),
            ("evlu_amt", value.to_string()),
            ("evlu_pfls_amt", gain.to_string()),
            ("evlu_pfls_rt", percent(gain, held.cost, 2)),
            ("evlu_erng_rt", percent(gain, held.cost, 8)),
            ("loan_dt", String::new()),
            ("loan_amt", "0".to_owned()),
            ("stln_slng_chgs", "0".to_owned()),
            ("expd_dt", String::new()),
            ("fltt_rt", percent(change, base, 8)),
            ("bfdy_cprs_icdc", change.to_string()),
            ("item_mgna_rt_name", "100%".to_owned()),
            ("grta_rt_name", String::new()),
            ("sbst_pric", "0".to_owned()),
            ("stck_loan_unpr", "0.0000".to_owned()),
        ])
    }
}

fn totals(rows: &[Row], cash: &Cash, today: Turnover, previous: Turnover) -> Value {
    let value: i64 = rows.iter().map(Row::value).sum();
    let cost: i64 = rows.iter().map(|row| row.holding.cost).sum();
    let total = value + cash.settled;
    // Worth of what is held now at the last closes, and the cash: near enough to yesterday's evening.
    let before: i64 =
        rows.iter().map(|row| row.stock.as_ref().map_or(0, |s| s.base) * row.holding.quantity).sum::<i64>() + cash.settled;
    object([
        ("dnca_tot_amt", cash.today.to_string()),
        ("nxdy_excc_amt", cash.next_day.to_string()),
        ("prvs_rcdl_excc_amt", cash.settled.to_string()),
        ("cma_evlu_amt", "0".to_owned()),
        ("bfdy_buy_amt", previous.bought.to_string()),
        ("thdt_buy_amt", today.bought.to_string()),
        ("nxdy_auto_rdpt_amt", "0".to_owned()),
        ("bfdy_sll_amt", previous.sold.to_string()),
        ("thdt_sll_amt", today.sold.to_string()),
        ("d2_auto_rdpt_amt", "0".to_owned()),
        ("bfdy_tlex_amt", previous.costs.to_string()),
        ("thdt_tlex_amt", today.costs.to_string()),
        ("tot_loan_amt", "0".to_owned()),
        ("scts_evlu_amt", value.to_string()),
        ("tot_evlu_amt", total.to_string()),
        ("nass_amt", total.to_string()),
        ("fncg_gld_auto_rdpt_yn", String::new()),
        ("pchs_amt_smtl_amt", cost.to_string()),
        ("evlu_amt_smtl_amt", value.to_string()),
        ("evlu_pfls_smtl_amt", (value - cost).to_string()),
        ("tot_stln_slng_chgs", "0".to_owned()),
        ("bfdy_tot_asst_evlu_amt", before.to_string()),
        ("asst_icdc_amt", (total - before).to_string()),
        ("asst_icdc_erng_rt", percent(total - before, before, 8)),
    ])
}
