//! A customer of the HTTP interface, written as the broker's public examples write it.

use reqwest::{Client, RequestBuilder, Response, header::HeaderMap};
use serde_json::{Value, json};

use obs_sim::{Customer, Simulator};

pub const ORDER: &str = "/uapi/domestic-stock/v1/trading/order-cash";
pub const CHANGE: &str = "/uapi/domestic-stock/v1/trading/order-rvsecncl";
pub const BALANCE: &str = "/uapi/domestic-stock/v1/trading/inquire-balance";
pub const ORDERS: &str = "/uapi/domestic-stock/v1/trading/inquire-daily-ccld";
pub const BUYING_POWER: &str = "/uapi/domestic-stock/v1/trading/inquire-psbl-order";
pub const CHANGEABLE: &str = "/uapi/domestic-stock/v1/trading/inquire-psbl-rvsecncl";

/// A customer with a token.
pub struct Broker {
    pub url: String,
    pub customer: Customer,
    pub token: String,
    pub http: Client,
    /// `T` for live transactions, `V` for those of paper trading.
    world: char,
}

/// An answer taken apart.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["msg_cd"].as_str().unwrap()
    }

    /// What must hold of every answer: text everywhere, a padded message.
    pub fn check(&self) {
        assert!(is_text(&self.body), "{}", self.body);
        assert_eq!(self.body["msg1"].as_str().unwrap().chars().count(), 80);
    }
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(rows) => rows.iter().all(is_text),
        Value::Object(fields) => fields.values().all(is_text),
        _ => false,
    }
}

/// The names of an object's fields, in alphabetical order.
pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

impl Broker {
    pub async fn live(simulator: &Simulator) -> Self {
        Self::log_in(simulator, 0, 'T').await
    }

    pub async fn paper(simulator: &Simulator) -> Self {
        Self::log_in(simulator, 0, 'V').await
    }

    pub async fn log_in(simulator: &Simulator, customer: usize, world: char) -> Self {
        let customer = simulator.customers()[customer].clone();
        // Another test of this process may have been first, with the same result.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut broker = Self { url: simulator.rest_url(), customer, token: String::new(), http: Client::new(), world };
        broker.token = broker.new_token().await;
        broker
    }

    pub async fn new_token(&self) -> String {
        let Customer { app_key, app_secret, .. } = &self.customer;
        let body = json!({"grant_type": "client_credentials", "appkey": app_key, "appsecret": app_secret});
        let sent = self.http.post(format!("{}/oauth2/tokenP", self.url)).json(&body).send().await.unwrap();
        let answer: Value = sent.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Adds what every call has.
    pub fn sign(&self, request: RequestBuilder, tr_id: &str) -> RequestBuilder {
        request
            .header("content-type", "application/json; charset=utf-8")
            .header("authorization", format!("Bearer {}", self.token))
            .header("appkey", &self.customer.app_key)
            .header("appsecret", &self.customer.app_secret)
            .header("tr_id", format!("{}{tr_id}", if tr_id.len() < 9 { self.world.to_string() } else { String::new() }))
            .header("custtype", "P")
    }

    /// A call with a query. `tr_id` is complete, or lacks the letter that tells live from paper.
    pub async fn get(&self, path: &str, tr_id: &str, query: &Value) -> Answer {
        self.page(path, tr_id, query, "").await
    }

    /// As `get`, for a page.
    pub async fn page(&self, path: &str, tr_id: &str, query: &Value, tr_cont: &str) -> Answer {
        let query: Vec<String> = query
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap().replace('^', "%5E").replace(' ', "%20")))
            .collect();
        let request = self.http.get(format!("{}{path}?{}", self.url, query.join("&")));
        take_apart(self.sign(request, tr_id).header("tr_cont", tr_cont).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, tr_id: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        take_apart(self.sign(request, tr_id).send().await.unwrap()).await
    }

    /// The parameters of the account, and others.
    pub fn with_account(&self, others: Value) -> Value {
        let mut params = json!({"CANO": self.customer.account[..8], "ACNT_PRDT_CD": self.customer.account[8..]});
        params.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        params
    }

    pub async fn order(&self, tr_id: &str, symbol: &str, division: &str, quantity: i64, price: i64) -> Answer {
        let body = self.with_account(json!({
            "PDNO": symbol, "ORD_DVSN": division, "ORD_QTY": quantity.to_string(), "ORD_UNPR": price.to_string(),
        }));
        self.post(ORDER, tr_id, &body).await
    }

    pub async fn buy(&self, symbol: &str, division: &str, quantity: i64, price: i64) -> Answer {
        self.order("TTC0012U", symbol, division, quantity, price).await
    }

    pub async fn sell(&self, symbol: &str, division: &str, quantity: i64, price: i64) -> Answer {
        self.order("TTC0011U", symbol, division, quantity, price).await
    }

    pub async fn change(&self, kind: &str, number: &str, division: &str, quantity: Option<i64>, price: i64) -> Answer {
        let body = self.with_account(json!({
            "KRX_FWDG_ORD_ORGNO": "06010", "ORGN_ODNO": number, "ORD_DVSN": division, "RVSE_CNCL_DVSN_CD": kind,
            "ORD_QTY": quantity.unwrap_or(0).to_string(), "ORD_UNPR": price.to_string(),
            "QTY_ALL_ORD_YN": if quantity.is_some() { "N" } else { "Y" },
        }));
        self.post(CHANGE, "TTC0013U", &body).await
    }

    pub fn balance_query(&self) -> Value {
        self.with_account(json!({
            "AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "02", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00", "CTX_AREA_FK100": "", "CTX_AREA_NK100": "",
        }))
    }

    pub async fn balance(&self) -> Value {
        let answer = self.get(BALANCE, "TTC8434R", &self.balance_query()).await;
        answer.check();
        answer.body
    }

    /// The query of all orders from a day on, newest first.
    pub fn orders_query(&self, from: &str) -> Value {
        self.with_account(json!({
            "INQR_STRT_DT": from, "INQR_END_DT": "20991231", "SLL_BUY_DVSN_CD": "00", "INQR_DVSN": "00", "PDNO": "",
            "CCLD_DVSN": "00", "ORD_GNO_BRNO": "", "ODNO": "", "INQR_DVSN_3": "00", "INQR_DVSN_1": "",
            "CTX_AREA_FK100": "", "CTX_AREA_NK100": "",
        }))
    }

    pub async fn orders(&self) -> Value {
        let answer = self.get(ORDERS, "TTC0081R", &self.orders_query("20260101")).await;
        answer.check();
        answer.body
    }
}

pub async fn take_apart(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.json().await.unwrap() }
}
