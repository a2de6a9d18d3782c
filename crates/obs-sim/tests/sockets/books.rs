//! Order books over the WebSocket, several customers, and the limit that registrations share.

use crate::support::{Client, morning, request, settings, until};
use chrono::TimeDelta;
use obs_sim::{SimSettings, Simulator};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// Registers for something and returns the answer.
async fn register(client: &mut Client, tr_id: &str, symbol: &str) -> Value {
    let mut message = request(&client.key, "1", symbol);
    message["body"]["input"]["tr_id"] = tr_id.into();
    client.send(Message::text(message.to_string())).await;
    serde_json::from_str(&client.next_text().await).unwrap()
}

#[tokio::test]
async fn a_book_comes_when_it_changes_with_63_fields() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    let answer = register(&mut client, "H0STASP0", "005930").await;
    assert_eq!([&answer["header"]["tr_id"], &answer["body"]["msg_cd"]], ["H0STASP0", "OPSP0000"]);
    clock.advance(TimeDelta::seconds(5));
    let frame = client.next_text().await;
    let payload = frame.strip_prefix("0|H0STASP0|001|").unwrap_or_else(|| panic!("{frame}"));
    let fields: Vec<&str> = payload.split('^').collect();
    assert_eq!((fields.len(), fields[0]), (63, "005930"));
    let number = |index: usize| fields[index].parse::<i64>().unwrap();
    assert!(number(3) > number(13));
    assert_eq!(number(43), (23..33).map(number).sum::<i64>());
    assert_eq!(number(44), (33..43).map(number).sum::<i64>());
    assert_eq!(simulator.ledger().total(), 0);
}

#[tokio::test]
async fn trades_and_books_share_41_registrations() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    for listing in &simulator.listings()[..20] {
        for tr_id in ["H0STCNT0", "H0STASP0"] {
            let answer = register(&mut client, tr_id, listing.symbol.as_str()).await;
            assert_eq!(answer["body"]["msg_cd"], "OPSP0000");
        }
    }
    assert_eq!(register(&mut client, "H0STASP0", "005930").await["body"]["msg_cd"], "OPSP0002");
    let rest: Vec<&str> = simulator.listings()[20..22].iter().map(|listing| listing.symbol.as_str()).collect();
    assert_eq!(register(&mut client, "H0STASP0", rest[0]).await["body"]["msg_cd"], "OPSP0000");
    assert_eq!(register(&mut client, "H0STCNT0", rest[1]).await["body"]["msg_cd"], "OPSP0008");
}

#[tokio::test]
async fn each_customer_has_a_session_of_its_own() {
    let clock = morning();
    let simulator = Simulator::start(SimSettings { customers: 2, ..settings(&clock) }).await.unwrap();
    let mut first = Client::connect(&simulator, 1).await;
    let mut second = Client::connect(&simulator, 2).await;
    second.key = crate::support::approval_key_of(&simulator, &simulator.customers()[1].clone()).await;
    assert_eq!(first.code("1", "005930").await, "OPSP0000");
    assert_eq!(second.code("1", "005930").await, "OPSP0000");
    clock.advance(TimeDelta::seconds(5));
    first.receive(1).await;
    second.receive(1).await;
    assert_eq!(first.received[0].cumulative_volume, second.received[0].cumulative_volume);
    until("both are known", || simulator.ledger().connections().iter().all(|open| open.customer.is_some())).await;
    let customers: Vec<Option<usize>> = simulator.ledger().connections().iter().map(|open| open.customer).collect();
    assert_eq!(customers, [Some(0), Some(1)]);
}
