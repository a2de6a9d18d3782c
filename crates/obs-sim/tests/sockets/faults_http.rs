//! Faults of the HTTP interface and of the whole broker.

use std::time::Duration;

use crate::{
    broker::{BUYING_POWER, Broker, ORDER},
    support::{Client, morning, settings, until},
};
use chrono::TimeDelta;
use obs_sim::{ConnectionEnd, Fault, Scheduled, SimSettings, Simulator};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

const FOREVER: Duration = Duration::ZERO;

/// Long enough for an answer to come if one were coming.
const PATIENCE: Duration = Duration::from_millis(300);

async fn open() -> (Simulator, Broker) {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let broker = Broker::live(&simulator).await;
    (simulator, broker)
}

async fn ask(broker: &Broker) -> (u16, String) {
    let query = broker.with_account(json!({"PDNO": "005930", "ORD_UNPR": "151000", "ORD_DVSN": "00"}));
    let answer = broker.get(BUYING_POWER, "TTC8908R", &query).await;
    (answer.status, answer.code().to_owned())
}

fn fine() -> (u16, String) {
    (200, "KIOK0510".to_owned())
}

#[tokio::test]
async fn routing_errors_and_rate_limits_last_until_they_are_cleared() {
    let (simulator, broker) = open().await;
    let control = simulator.control();
    for (fault, code) in [(Fault::HttpError, "EGW00202"), (Fault::RateLimit, "EGW00201")] {
        let id = control.inject(fault.clone(), FOREVER).unwrap();
        assert_eq!(ask(&broker).await, (500, code.to_owned()));
        assert_eq!((control.active().len(), &control.active()[0].fault), (1, &fault));
        assert!(control.clear(id));
        assert!(!control.clear(id));
        assert_eq!(ask(&broker).await, fine());
    }
}

#[tokio::test]
async fn a_hanging_host_takes_no_order_and_one_that_loses_answers_takes_it() {
    let (simulator, broker) = open().await;
    let control = simulator.control();
    for (fault, orders) in [(Fault::HttpHang, 0), (Fault::LoseAnswers, 1)] {
        let id = control.inject(fault, FOREVER).unwrap();
        let sent = tokio::time::timeout(PATIENCE, broker.buy("005930", "00", 1, 140_000)).await;
        assert!(sent.is_err());
        assert_eq!(simulator.orders().len(), orders);
        control.clear(id);
    }
    assert_eq!(broker.orders().await["output1"].as_array().unwrap().len(), 1);
    // A call that waits for its answer does not keep the simulator from stopping.
    control.inject(Fault::LoseAnswers, FOREVER);
    let request = broker.sign(broker.http.post(format!("{}{ORDER}", broker.url)), "TTTC0012U");
    let body = broker.with_account(json!({"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "140000"}));
    let waiting = tokio::spawn(request.json(&body).send());
    until("the order is there", || simulator.orders().len() == 2).await;
    simulator.stop().await;
    // Whatever it is told at the end.
    let _ = waiting.await.unwrap();
}

#[tokio::test]
async fn so_many_orders_are_refused_for_want_of_cash_and_the_next_one_is_taken() {
    let (simulator, broker) = open().await;
    assert_eq!(simulator.control().inject(Fault::RefuseOrders { count: 2 }, FOREVER), None);
    for _ in 0..2 {
        let refused = broker.buy("005930", "00", 1, 140_000).await;
        assert_eq!((refused.status, refused.code()), (200, "APBK0918"));
        assert_eq!(refused.body["msg1"].as_str().unwrap().trim_end(), "주문가능금액을 초과 했습니다.");
    }
    assert_eq!(simulator.orders(), []);
    assert_eq!(broker.buy("005930", "00", 1, 140_000).await.code(), "APBK0013");
    assert_eq!(simulator.orders().len(), 1);
}

#[tokio::test]
async fn revoked_tokens_are_refused_and_a_new_one_may_be_asked_for_at_once() {
    let (simulator, mut broker) = open().await;
    assert_eq!(simulator.control().inject(Fault::RevokeTokens, FOREVER), None);
    assert_eq!(ask(&broker).await, (500, "EGW00121".to_owned()));
    broker.token = broker.new_token().await;
    assert_eq!(ask(&broker).await, fine());
}

#[tokio::test]
async fn without_a_network_both_hosts_are_gone_and_open_connections_end() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    simulator.control().inject(Fault::NetworkGone, Duration::from_secs(60));
    while let Some(Ok(_)) = client.next().await {}
    let url = format!("{}/uapi/hashkey", broker.url);
    assert!(broker.http.post(&url).send().await.is_err());
    assert!(connect_async(simulator.websocket_url()).await.is_err());

    clock.advance(TimeDelta::seconds(59));
    assert!(broker.http.post(&url).send().await.is_err());
    clock.advance(TimeDelta::seconds(1));
    until("the network is back", || simulator.control().active().is_empty()).await;
    assert_eq!(ask(&broker).await, fine());
    connect_async(simulator.websocket_url()).await.unwrap();
    let ended = simulator.ledger().connections()[0].clone();
    assert_eq!((ended.customer, ended.opened_at), (Some(0), morning().now()));
    assert_eq!(ended.end, Some((morning().now(), ConnectionEnd::NetworkGone)));
}

#[tokio::test]
async fn a_wrong_clock_shows_in_every_date() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    simulator.control().inject(Fault::ClockSkew { by: TimeDelta::seconds(-90) }, Duration::from_secs(5));
    let date = async || {
        let answer =
            broker.get("/uapi/domestic-stock/v1/trading/inquire-balance", "TTC8434R", &broker.balance_query()).await;
        answer.headers["date"].to_str().unwrap().to_owned()
    };
    assert_eq!(date().await, "Thu, 22 Jan 2026 00:58:30 GMT");
    assert_eq!(broker.buy("005930", "00", 1, 140_000).await.body["output"]["ORD_TMD"], "095830");
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    clock.advance(TimeDelta::seconds(4));
    client.receive(1).await;
    let lag = clock.now() - client.received[0].event_time;
    assert!((90..=94).contains(&lag.num_seconds()), "{lag}");
    clock.advance(TimeDelta::seconds(1));
    until("the clock is set", || simulator.control().active().is_empty()).await;
    assert_eq!(date().await, "Thu, 22 Jan 2026 01:00:05 GMT");
}

#[tokio::test]
async fn a_delisted_stock_takes_no_orders_and_no_registrations_and_its_trades_stop() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    let symbol = "005930".parse().unwrap();
    simulator.control().inject(Fault::Delist { symbol }, FOREVER);
    assert_eq!(broker.buy("005930", "00", 1, 140_000).await.code(), "APBK0656");
    let query = json!({"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"});
    let quote = broker.get("/uapi/domestic-stock/v1/quotations/inquire-price", "FHKST01010100", &query).await;
    assert_eq!((quote.status, &quote.body["output"]["stck_prpr"]), (200, &json!("0")));
    assert_eq!(client.code("2", "005930").await, "OPSP0001");
    assert_eq!(client.code("1", "005930").await, "OPSP8992");
    assert_eq!(client.code("1", "000660").await, "OPSP0000");
    clock.advance(TimeDelta::seconds(5));
    client.receive(1).await;
    assert!(client.received.iter().all(|delivery| delivery.symbol != symbol));
}

#[tokio::test]
async fn planned_faults_begin_and_end_at_their_market_time() {
    let clock = morning();
    let at = clock.now() + TimeDelta::seconds(10);
    let planned = |fault, later| Scheduled { at: at + TimeDelta::seconds(later), fault, lasting: Duration::from_secs(20) };
    let faults = vec![planned(Fault::Drop, 5), planned(Fault::HttpError, 0)];
    let simulator = Simulator::start(SimSettings { faults, ..settings(&clock) }).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    let control = simulator.control();
    assert_eq!((control.planned().len(), &control.planned()[0].fault), (2, &Fault::HttpError));
    clock.advance(TimeDelta::seconds(10));
    until("the host fails", || control.active().len() == 1).await;
    assert_eq!(ask(&broker).await, (500, "EGW00202".to_owned()));
    assert_eq!(control.connections(), 1);
    clock.advance(TimeDelta::seconds(5));
    until("connections end", || control.connections() == 0).await;
    clock.advance(TimeDelta::seconds(15));
    until("the host works", || control.active().is_empty()).await;
    assert_eq!(ask(&broker).await, fine());
}

#[tokio::test]
async fn the_control_endpoint_tells_everything_and_takes_faults() {
    let clock = morning();
    let simulator = Simulator::start(SimSettings { control_port: Some(0), ..settings(&clock) }).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    broker.buy("005930", "00", 1, 140_000).await;
    let url = simulator.control_url().unwrap();
    let get =
        async |path: &str| -> Value { broker.http.get(format!("{url}{path}")).send().await.unwrap().json().await.unwrap() };
    let post = async |body: Value| {
        let sent = broker.http.post(format!("{url}/faults")).json(&body).send().await.unwrap();
        (sent.status().as_u16(), sent.json::<Value>().await.unwrap())
    };

    assert_eq!(post(json!({"fault": "http-500", "seconds": 90})).await, (201, json!({"id": 1})));
    assert_eq!(post(json!({"fault": "duplicate:2"})).await, (201, json!({"id": null})));
    let listed = get("/faults").await;
    let active = json!({"id": 1, "fault": "http-500", "from": "2026-01-22T01:00:00Z", "until": "2026-01-22T01:01:30Z"});
    assert_eq!(listed, json!({"now": "2026-01-22T01:00:00Z", "active": [active], "planned": []}));
    assert_eq!(broker.http.delete(format!("{url}/faults/1")).send().await.unwrap().status(), 204);
    assert_eq!(broker.http.delete(format!("{url}/faults/1")).send().await.unwrap().status(), 404);
    let (status, complaint) = post(json!({"fault": "earthquake"})).await;
    assert_eq!(status, 400);
    assert!(complaint["error"].as_str().unwrap().starts_with("\"earthquake\" is no fault: use drop, "));

    let connection = json!({"id": 1, "customer": 0, "opened_at": "2026-01-22T01:00:00Z", "end": null});
    assert_eq!(get("/connections").await, json!([connection]));
    assert_eq!(get("/pace").await, json!({"highest_per_second": 1, "calls": 1, "refused": 0}));
    let orders = get("/orders").await;
    assert_eq!([&orders[0]["symbol"], &orders[0]["side"], &orders[0]["action"]], ["005930", "BUY", "NEW"]);
    clock.advance(TimeDelta::seconds(5));
    client.receive(4).await;
    until("it is counted", || simulator.ledger().duplicates() == 2).await;
    let ledger = get("/ledger").await;
    assert_eq!([&ledger["duplicates"], &ledger["total"]], [&json!(2), &ledger["delivered"]["005930"]]);
}
