//! The ledger against what really arrived, on connections that are cut in the middle of everything.

use crate::support::{Client, morning, settings, until};
use chrono::TimeDelta;
use obs_sim::{
    ConnectionEnd, Delivery, Fault, SimSettings, Simulator,
    market::{Listing, MarketSettings},
};

/// Receives until the connection ends, as slowly as the machine makes it.
async fn receive_all(mut client: Client) -> Vec<Delivery> {
    while let Some(Ok(message)) = client.next().await {
        let text = message.to_text().unwrap();
        if text.starts_with('0') {
            client.take_in(text);
        }
    }
    client.received
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_ledger_holds_arrived_and_nothing_else_however_connections_end() {
    let clock = morning();
    let market = MarketSettings { trades_per_second: 5_000, ..MarketSettings::new(3) };
    let simulator = Simulator::start(SimSettings { market, ..settings(&clock) }).await.unwrap();
    let (ledger, control) = (simulator.ledger(), simulator.control());
    let mut received = Vec::new();
    for connection in 1..=4 {
        let mut client = Client::connect(&simulator, connection).await;
        for listing in Listing::defaults() {
            assert_eq!(client.code("1", listing.symbol.as_str()).await, "OPSP0000");
        }
        let before = ledger.total();
        let receiving = tokio::spawn(receive_all(client));
        clock.advance(TimeDelta::seconds(3));
        until("data is on its way", || ledger.total() > before + 500 * connection).await;
        control.inject(if connection % 2 == 0 { Fault::Drop } else { Fault::NetworkGone }, std::time::Duration::ZERO);
        for active in control.active() {
            control.clear(active.id);
        }
        received.extend(receiving.await.unwrap());
        until("it is over", || ledger.connections().iter().all(|connection| connection.end.is_some())).await;
    }
    assert!(received.len() > 4_000, "{}", received.len());
    assert_eq!(received, ledger.snapshot());
    let ends: Vec<ConnectionEnd> = ledger.connections().iter().map(|connection| connection.end.unwrap().1).collect();
    assert_eq!(ends[..2], [ConnectionEnd::NetworkGone, ConnectionEnd::Dropped]);
}
