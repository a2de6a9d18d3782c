//! What stops a call before it reaches its service.

use crate::{
    broker::{BALANCE, BUYING_POWER, Broker, CHANGEABLE, ORDER, ORDERS, take_apart},
    support::{HandClock, morning, settings},
};
use chrono::TimeDelta;
use obs_sim::{CallLimits, Customer, Environment, SimSettings, Simulator};
use serde_json::{Value, json};

/// An exchange that admits so many calls in a second, and so many for the ledger.
async fn limited(clock: &HandClock, calls: u32, ledger_calls: u32, refused_with_200: bool) -> Simulator {
    let limits = CallLimits { calls_per_second: Some(calls), ledger_calls_per_second: Some(ledger_calls), refused_with_200 };
    Simulator::start(SimSettings { limits, ..settings(clock) }).await.unwrap()
}

fn buying_power(broker: &Broker) -> Value {
    broker.with_account(json!({
        "PDNO": "005930", "ORD_UNPR": "151000", "ORD_DVSN": "00", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N",
    }))
}

#[tokio::test]
async fn whatever_is_wrong_with_keys_and_tokens_is_http_500_and_never_401() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut broker = Broker::live(&simulator).await;
    let (token, customer) = (broker.token.clone(), broker.customer.clone());
    let (key, secret) = (customer.app_key.as_str(), customer.app_secret.as_str());
    let cases =
        [("EGW00121", "a.b.c", key, secret), ("EGW00304", &token, key, "guess"), ("EGW00103", &token, "nobody", secret)];
    for (code, token, key, secret) in cases {
        broker.token = token.to_owned();
        broker.customer = Customer { app_key: key.to_owned(), app_secret: secret.to_owned(), ..customer.clone() };
        let answer = broker.get(BUYING_POWER, "TTC8908R", &buying_power(&broker)).await;
        answer.check();
        assert_eq!((answer.status, answer.code(), &answer.body["rt_cd"]), (500, code, &json!("1")));
    }
    (broker.token, broker.customer) = (token, customer);
    assert_eq!(broker.get(BUYING_POWER, "TTC8908R", &buying_power(&broker)).await.status, 200);
}

#[tokio::test]
async fn a_token_ends_after_a_day_or_when_it_is_revoked() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let mut broker = Broker::live(&simulator).await;
    clock.advance(TimeDelta::days(1));
    let expired = broker.get(BUYING_POWER, "TTC8908R", &buying_power(&broker)).await;
    assert_eq!((expired.status, expired.code()), (500, "EGW00123"));
    assert_eq!(expired.body["msg1"].as_str().unwrap().trim_end(), "기간이 만료된 token 입니다.");

    broker.token = broker.new_token().await;
    let keys = json!({
        "appkey": broker.customer.app_key, "appsecret": broker.customer.app_secret, "token": broker.token,
    });
    let sent = broker.http.post(format!("{}/oauth2/revokeP", broker.url)).json(&keys).send().await.unwrap();
    let revoked: Value = sent.json().await.unwrap();
    assert_eq!(revoked, json!({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}));
    let refused = broker.get(BUYING_POWER, "TTC8908R", &buying_power(&broker)).await;
    assert_eq!((refused.status, refused.code()), (500, "EGW00121"));
    let again = broker.new_token().await;
    assert_ne!(again, broker.token);
}

#[tokio::test]
async fn the_call_beyond_the_limit_is_refused_until_the_second_is_over() {
    let clock = morning();
    let simulator = limited(&clock, 3, 100, false).await;
    let broker = Broker::live(&simulator).await;
    let query = buying_power(&broker);
    for _ in 0..3 {
        assert_eq!(broker.get(BUYING_POWER, "TTC8908R", &query).await.status, 200);
    }
    clock.advance(TimeDelta::milliseconds(999));
    let refused = broker.get(BUYING_POWER, "TTC8908R", &query).await;
    refused.check();
    assert_eq!((refused.status, refused.code()), (500, "EGW00201"));
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(broker.get(BUYING_POWER, "TTC8908R", &query).await.status, 200);
    let pace = simulator.pace();
    assert_eq!((pace.highest_per_second, pace.calls, pace.refused), (4, 5, 1));
}

#[tokio::test]
async fn accounts_and_orders_have_a_limit_of_their_own_and_refusals_may_come_with_http_200() {
    let simulator = limited(&morning(), 5, 1, true).await;
    let broker = Broker::live(&simulator).await;
    assert_eq!(broker.get(BALANCE, "TTC8434R", &broker.balance_query()).await.code(), "KIOK0510");
    let refused = broker.get(ORDERS, "TTC0081R", &broker.orders_query("20260101")).await;
    assert_eq!((refused.status, refused.code(), &refused.body["rt_cd"]), (200, "EGW00215", &json!("1")));
    // An order is not an inquiry, and the calls so far count for it.
    for code in ["APBK0013", "APBK0013", "APBK0013", "EGW00201"] {
        assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), code);
    }
}

#[tokio::test]
async fn the_brokers_own_limits_are_18_live_and_1_on_paper_and_each_customer_has_them() {
    let simulator = Simulator::start(SimSettings { customers: 2, ..settings(&morning()) }).await.unwrap();
    for customer in 0..2 {
        let broker = Broker::log_in(&simulator, customer, 'T').await;
        for _ in 0..18 {
            assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "APBK0013");
        }
        assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "EGW00201");
    }
    let paper = SimSettings { environment: Environment::Paper, ..settings(&morning()) };
    let simulator = Simulator::start(paper).await.unwrap();
    let broker = Broker::paper(&simulator).await;
    assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "40600000");
    assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "EGW00201");
}

#[tokio::test]
async fn a_transaction_belongs_to_one_path_and_mostly_to_one_world() {
    let clock = morning();
    let paper = SimSettings { environment: Environment::Paper, ..settings(&clock) };
    let (live, paper) = (Simulator::start(settings(&clock)).await.unwrap(), Simulator::start(paper).await.unwrap());
    let (live, paper) = (Broker::live(&live).await, Broker::paper(&paper).await);
    let cases = [
        (&live, ORDER, "VTTC0012U", "EGW02004"),
        (&live, ORDER, "TTTC8434R", "OPSQ0002"),
        (&paper, ORDER, "TTTC0012U", "EGW00213"),
        (&paper, CHANGEABLE, "TTTC0084R", "EGW00213"),
        (&paper, "/uapi/domestic-stock/v1/trading/inquire-psbl-sell", "TTTC8408R", "OPSQ0002"),
    ];
    for (broker, path, tr_id, code) in cases {
        clock.advance(TimeDelta::seconds(1));
        let request = if path == ORDER {
            broker.http.post(format!("{}{path}", broker.url)).json(&json!({}))
        } else {
            broker.http.get(format!("{}{path}", broker.url))
        };
        let answer = take_apart(broker.sign(request, tr_id).send().await.unwrap()).await;
        answer.check();
        assert_eq!((answer.status, answer.code()), (500, code), "{path} {tr_id}");
    }
}

#[tokio::test]
async fn a_hashkey_may_be_left_out_but_not_be_wrong() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let body = broker.with_account(json!({"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "120000"}));
    let request = broker.http.post(format!("{}/uapi/hashkey", broker.url)).json(&body);
    let request = request.header("appkey", &broker.customer.app_key).header("appsecret", &broker.customer.app_secret);
    let hashed: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(hashed["BODY"], body);
    let hash = hashed["HASH"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    for (hashkey, code) in [(hash, "APBK0013"), (&hash[1..], "EGW00131"), ("", "APBK0013")] {
        let request = broker.http.post(format!("{}{ORDER}", broker.url)).json(&body).header("hashkey", hashkey);
        let answer = take_apart(broker.sign(request, "TTTC0012U").send().await.unwrap()).await;
        assert_eq!(answer.code(), code);
    }
}

#[tokio::test]
async fn answers_carry_the_brokers_headers_and_the_simulated_date() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let answer = broker.get(BALANCE, "TTC8434R", &broker.balance_query()).await;
    let header = |name: &str| answer.headers[name].to_str().unwrap();
    assert_eq!(header("date"), "Thu, 22 Jan 2026 01:00:00 GMT");
    assert_eq!((header("tr_id"), header("tr_cont")), ("TTTC8434R", "D"));
}

#[tokio::test]
async fn an_account_belongs_to_one_customer_and_fields_must_be_there() {
    let simulator = Simulator::start(SimSettings { customers: 2, ..settings(&morning()) }).await.unwrap();
    let mut broker = Broker::log_in(&simulator, 0, 'T').await;
    let other = simulator.customers()[1].account.clone();
    assert_eq!((other.len(), other.ends_with("01"), other != broker.customer.account), (10, true, true));
    let mut query = broker.balance_query();
    query["UNPR_DVSN"] = json!("");
    assert_eq!(broker.get(BALANCE, "TTC8434R", &query).await.code(), "OPSQ2002");
    broker.customer.account = other;
    assert_eq!(broker.get(BALANCE, "TTC8434R", &broker.balance_query()).await.code(), "OPSQ2000");
    // Names of a body are upper-case, and its values text.
    for body in [json!({"cano": "50000000"}), json!({"CANO": 50_000_000}), json!([])] {
        assert_eq!(broker.post(ORDER, "TTC0012U", &body).await.code(), "OPSQ2002", "{body}");
    }
}
