//! The broker's answers about prices, charts, days and lists, over a real socket.

mod charts;
mod lists;
mod now;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use obs_model::{Calendar, KST};
use obs_sim::{
    CallLimits, SimSettings, Simulator,
    market::{Listing, Market, MarketSettings},
};
use serde_json::{Value, json};

use crate::at;

const OPENING: &str = "2026-01-22T08:50:00+09:00";

/// A simulator at an instant, and the same market once more to compare with.
struct Broker {
    simulator: Simulator,
    twin: Market,
    http: reqwest::Client,
    token: String,
}

impl Broker {
    /// Opens before the session and lets the market trade until an instant. At once: the simulator believes that its clock is fast.
    async fn at(until: &str) -> Self {
        let market =
            MarketSettings { seed: 7, listings: Listing::generated(130), trades_per_second: 1, calendar: Calendar::krx() };
        let now = Arc::new(Mutex::new(at(OPENING)));
        let clock = now.clone();
        let limits = CallLimits { calls_per_second: Some(1_000_000), ..CallLimits::default() };
        let settings = SimSettings {
            market: market.clone(),
            limits,
            speed: 1_000_000,
            ..SimSettings::new(Arc::new(move || *clock.lock().unwrap()), 7)
        };
        let simulator = Simulator::start(settings).await.unwrap();
        *now.lock().unwrap() = at(until);
        let mut twin = Market::new(market).unwrap();
        twin.advance(at(OPENING), at(until));

        // Another test of this process may have been first, with the same result.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        let body = json!({
            "grant_type": "client_credentials",
            "appkey": simulator.app_key(),
            "appsecret": simulator.app_secret(),
        });
        let answer = http.post(format!("{}/oauth2/tokenP", simulator.rest_url())).json(&body).send().await.unwrap();
        let token: Value = answer.json().await.unwrap();
        let token = token["access_token"].as_str().unwrap().to_owned();
        let broker = Self { simulator, twin, http, token };
        broker.until(at(until)).await;
        broker
    }

    /// Waits until the simulator's market is where its clock is.
    async fn until(&self, instant: DateTime<Utc>) {
        let hour = instant.with_timezone(&KST).format("%H%M%S").to_string();
        let poll = async {
            while self.book("005930").await["output1"]["aspr_acpt_hour"] != hour.as_str() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), poll).await.unwrap();
    }

    /// Asks a quotation service and returns the status and the answer.
    async fn ask(&self, tr_id: &str, service: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("{}/uapi/domestic-stock/v1/quotations/{service}?{}", self.simulator.rest_url(), query.join("&"));
        let request = self.http.get(url).header("tr_id", tr_id).header("custtype", "P").bearer_auth(&self.token);
        let keys = request.header("appkey", self.simulator.app_key()).header("appsecret", self.simulator.app_secret());
        let response = keys.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn success(&self, tr_id: &str, service: &str, query: &[(&str, &str)]) -> Value {
        let (status, answer) = self.ask(tr_id, service, query).await;
        assert_eq!((status, &answer["rt_cd"], &answer["msg_cd"]), (200, &json!("0"), &json!("MCA00000")), "{answer}");
        let text = answer["msg1"].as_str().unwrap();
        assert_eq!((text.trim_end(), text.chars().count()), ("정상처리 되었습니다.", 80));
        answer
    }

    async fn price(&self, code: &str) -> Value {
        self.success("FHKST01010100", "inquire-price", &[("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", code)]).await
    }

    async fn book(&self, code: &str) -> Value {
        let query = [("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", code)];
        self.success("FHKST01010200", "inquire-asking-price-exp-ccn", &query).await
    }

    async fn minutes(&self, code: &str, until: &str) -> Value {
        let query = [
            ("FID_COND_MRKT_DIV_CODE", "J"),
            ("FID_INPUT_ISCD", code),
            ("FID_INPUT_HOUR_1", until),
            ("FID_PW_DATA_INCU_YN", "Y"),
            ("FID_ETC_CLS_CODE", ""),
        ];
        self.success("FHKST03010200", "inquire-time-itemchartprice", &query).await
    }

    async fn days(&self, code: &str, from: &str, to: &str, period: &str) -> Value {
        let query = [
            ("FID_COND_MRKT_DIV_CODE", "J"),
            ("FID_INPUT_ISCD", code),
            ("FID_INPUT_DATE_1", from),
            ("FID_INPUT_DATE_2", to),
            ("FID_PERIOD_DIV_CODE", period),
            ("FID_ORG_ADJ_PRC", "0"),
        ];
        self.success("FHKST03010100", "inquire-daily-itemchartprice", &query).await
    }
}

/// Checks that an object has exactly these keys, and that all of its values are text.
fn assert_keys(object: &Value, keys: &[&str]) {
    let object = object.as_object().unwrap();
    let mut expected: Vec<&str> = keys.to_vec();
    expected.sort_unstable();
    let mut found: Vec<&str> = object.keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!(object.values().all(Value::is_string), "{object:?}");
}
