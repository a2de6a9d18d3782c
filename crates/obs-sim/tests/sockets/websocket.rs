//! Subscriptions, data and PINGPONG over a real WebSocket.

use std::{collections::BTreeSet, time::Duration};

use crate::support::{Client, morning, request, settings, until};
use chrono::TimeDelta;
use obs_sim::{
    Delivery, SimSettings, Simulator,
    frame::RecordWidth,
    market::{Listing, Market, MarketSettings, Trade},
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn answers_are_the_brokers_json() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    let subscribed = client.ask("1", "005930").await;
    let output = &subscribed["body"]["output"];
    assert_eq!(output["iv"].as_str().unwrap().len(), 16);
    assert_eq!(output["key"].as_str().unwrap().len(), 32);
    let header = json!({"tr_id": "H0STCNT0", "tr_key": "005930", "encrypt": "N"});
    let body = json!({"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS", "output": output});
    assert_eq!(subscribed, json!({"header": header, "body": body}));

    let duplicate = json!({"rt_cd": "1", "msg_cd": "OPSP0002", "msg1": "ALREADY IN SUBSCRIBE"});
    assert_eq!(client.ask("1", "005930").await, json!({"header": header, "body": duplicate}));
    let body = json!({"rt_cd": "0", "msg_cd": "OPSP0001", "msg1": "UNSUBSCRIBE SUCCESS", "output": output});
    assert_eq!(client.ask("2", "005930").await, json!({"header": header, "body": body}));
    let body = json!({"rt_cd": "1", "msg_cd": "OPSP0003", "msg1": "UNSUBSCRIBE ERROR(not found!)"});
    assert_eq!(client.ask("2", "005930").await, json!({"header": header, "body": body}));
}

#[tokio::test]
async fn the_42nd_registration_is_refused_until_one_is_given_back() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    for number in 1..=41 {
        assert_eq!(client.code("1", &format!("{number:06}")).await, "OPSP0000");
    }
    assert_eq!(client.code("1", "000042").await, "OPSP0008");
    assert_eq!(client.code("1", "000041").await, "OPSP0002");
    assert_eq!(client.code("2", "000007").await, "OPSP0001");
    assert_eq!(client.code("1", "000042").await, "OPSP0000");
}

#[tokio::test]
async fn a_second_session_of_the_app_key_is_refused_while_the_first_lives() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut first = Client::connect(&simulator, 1).await;
    let mut second = Client::connect(&simulator, 2).await;
    assert_eq!(first.code("1", "005930").await, "OPSP0000");
    let header = json!({"tr_id": "(null)", "tr_key": "", "encrypt": "N"});
    let body = json!({"rt_cd": "9", "msg_cd": "OPSP8996", "msg1": "ALREADY IN USE appkey"});
    assert_eq!(second.ask("1", "005930").await, json!({"header": header, "body": body}));

    let control = simulator.control();
    assert_eq!(control.connections(), 2);
    drop(first);
    until("the first session ends", || control.connections() == 1).await;
    assert_eq!(second.code("1", "005930").await, "OPSP0000");
}

#[tokio::test]
async fn an_approval_key_is_checked_when_a_session_first_subscribes_and_expires_after_a_day() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    let mut late = Client::connect(&simulator, 2).await;
    let good = std::mem::replace(&mut client.key, "00000000-0000-0000-0000-000000000000".to_owned());
    let refused = client.ask("1", "005930").await;
    assert_eq!(refused["body"], json!({"rt_cd": "1", "msg_cd": "OPSP0011", "msg1": "invalid approval : NOT FOUND"}));
    client.key = good;
    assert_eq!(client.code("1", "000001").await, "OPSP0000");
    clock.advance(TimeDelta::days(1));
    assert_eq!(client.code("1", "000002").await, "OPSP0000");
    assert_eq!(late.code("1", "000002").await, "OPSP0011");
}

#[tokio::test]
async fn messages_that_make_no_sense_get_the_brokers_codes() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    let good = request(&client.key, "1", "005930");
    let with = |pointer: &str, value: Value| {
        let mut message = good.clone();
        *message.pointer_mut(pointer).unwrap() = value;
        message.to_string()
    };
    let without = |pointer: &str, name: &str| {
        let mut message = good.clone();
        message.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        message.to_string()
    };
    let cases = [
        ("{not json".to_owned(), "OPSP9999"),
        (without("", "header"), "OPSP9998"),
        (without("", "body"), "OPSP9992"),
        (without("/body", "input"), "OPSP9991"),
        (without("/body/input", "tr_key"), "OPSP9990"),
        (with("/header/custtype", json!("X")), "OPSP8998"),
        (with("/header/tr_type", json!("0")), "OPSP8997"),
        (with("/header/tr_type", json!(1)), "OPSP8997"),
        (with("/body/input/tr_key", json!("5930")), "OPSP8992"),
        (with("/body/input/tr_id", json!("H0XXXXX0")), "OPSP8991"),
        (without("/header", "approval_key"), "OPSP0011"),
    ];
    for (message, code) in cases {
        client.send(Message::text(message.clone())).await;
        let answer: Value = serde_json::from_str(&client.next_text().await).unwrap();
        assert_eq!(answer["body"]["msg_cd"], code, "{message}");
        assert!(answer["body"].get("output").is_none());
    }
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
}

fn delivered(trades: impl IntoIterator<Item = Trade>) -> BTreeSet<(String, i64, i64, i64)> {
    trades.into_iter().map(|trade| (trade.symbol.to_string(), trade.price, trade.volume, trade.day.volume)).collect()
}

#[tokio::test]
async fn subscribers_get_every_trade_of_their_symbols_and_nothing_else() {
    let clock = morning();
    let market = MarketSettings { trades_per_second: 2_000, ..MarketSettings::new(3) };
    let settings = SimSettings { market: market.clone(), ..settings(&clock) };
    let simulator = Simulator::start(settings).await.unwrap();
    let start = clock.now();
    let mut client = Client::connect(&simulator, 1).await;
    let subscribed: BTreeSet<_> = Listing::defaults().into_iter().map(|listing| listing.symbol).skip(1).collect();
    for symbol in &subscribed {
        assert_eq!(client.code("1", symbol.as_str()).await, "OPSP0000");
    }
    for _ in 0..10 {
        clock.advance(TimeDelta::seconds(1));
        let made = || subscribed.iter().map(|symbol| simulator.ledger().market_volume(*symbol)).sum::<i64>();
        let before = made();
        until("the market trades", || made() > before).await;
    }
    for symbol in &subscribed {
        assert_eq!(client.code("2", symbol.as_str()).await, "OPSP0001");
    }

    let ledger = simulator.ledger();
    assert_eq!(client.received, ledger.snapshot());
    assert_eq!(client.received.len() as u64, ledger.total());
    let trades = Market::new(market).unwrap().advance(start, clock.now());
    let theirs: Vec<Trade> = trades.iter().copied().filter(|trade| subscribed.contains(&trade.symbol)).collect();
    assert!(trades.len() > 19_000 && theirs.len() < trades.len() - 1_000);
    assert_eq!(client.received.len(), theirs.len());
    let received = |d: &Delivery| (d.symbol.to_string(), d.price, d.volume, d.cumulative_volume);
    assert_eq!(client.received.iter().map(received).collect::<BTreeSet<_>>(), delivered(theirs));
    for symbol in &subscribed {
        let last = client.received.iter().rfind(|delivery| delivery.symbol == *symbol).unwrap();
        assert_eq!(last.cumulative_volume, ledger.market_volume(*symbol));
        let count = client.received.iter().filter(|delivery| delivery.symbol == *symbol).count();
        assert_eq!(ledger.delivered()[symbol], count as u64);
    }
    assert!(client.batches.contains(&20) && client.batches.contains(&1));
    assert!(client.batches.iter().all(|records| *records <= 20));
}

#[tokio::test]
async fn the_documented_width_can_be_had_and_a_small_ledger_forgets_the_oldest() {
    let clock = morning();
    let settings = SimSettings { record_width: RecordWidth::Documented, ledger_capacity: 3, ..settings(&clock) };
    let simulator = Simulator::start(settings).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    clock.advance(TimeDelta::seconds(5));
    let text = client.next_text().await;
    let (head, payload) = text.rsplit_once('|').unwrap();
    let records: usize = head.rsplit('|').next().unwrap().parse().unwrap();
    assert_eq!(payload.split('^').count(), 46 * records);
    until("five records", || simulator.ledger().total() >= 5).await;
    assert_eq!(simulator.ledger().snapshot().len(), 3);
}

/// A client with PINGPONG every 25 ms that must be answered within a second.
async fn impatient() -> (Simulator, Client) {
    let settings = SimSettings {
        ping_interval: Duration::from_millis(25),
        ping_patience: Duration::from_secs(1),
        ..settings(&morning())
    };
    let simulator = Simulator::start(settings).await.unwrap();
    let client = Client::connect(&simulator, 1).await;
    (simulator, client)
}

#[tokio::test]
async fn unanswered_pingpong_ends_the_connection() {
    let (simulator, mut client) = impatient().await;
    assert_eq!(client.next_text().await, r#"{"header":{"tr_id":"PINGPONG","datetime":"20260122100000"}}"#);
    let mut seen = 1;
    while let Some(Ok(_)) = client.next().await {
        seen += 1;
    }
    assert!((2..60).contains(&seen), "{seen} times");
    until("the session is gone", || simulator.control().connections() == 0).await;
}

#[tokio::test]
async fn pingpong_may_be_answered_by_its_text_or_by_a_pong_or_by_both() {
    let answering = |with_pong: bool, with_text: bool| async move {
        let (simulator, mut client) = impatient().await;
        // More than an unanswered connection sees.
        for _ in 0..60 {
            let ping = client.next_text().await;
            assert!(ping.contains("PINGPONG"), "{ping}");
            if with_pong {
                client.send(Message::Pong(ping.clone().into())).await;
            }
            if with_text {
                client.send(Message::text(ping)).await;
            }
        }
        assert_eq!(simulator.control().connections(), 1);
    };
    tokio::join!(answering(true, false), answering(false, true), answering(true, true));
}
