//! Faults on demand, seen from a client.

use std::time::Duration;

use crate::support::{Client, HandClock, morning, settings, until};
use chrono::TimeDelta;
use obs_model::Symbol;
use obs_sim::{
    SimSettings, Simulator,
    market::{Listing, Market, MarketSettings, Trade},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, error::ProtocolError},
};

/// A market of one stock, with a client that subscribed to it before the first trade.
async fn one_stock() -> (HandClock, Market, Simulator, Client) {
    let clock = morning();
    let listings = Listing::defaults()[..1].to_vec();
    let market = MarketSettings { listings, trades_per_second: 100, ..MarketSettings::new(5) };
    let twin = Market::new(market.clone()).unwrap();
    let simulator = Simulator::start(SimSettings { market, ..settings(&clock) }).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    assert_eq!(client.code("1", "005930").await, "OPSP0000");
    (clock, twin, simulator, client)
}

/// Moves the clock on and waits until the simulator has made the same trades as its twin, which are returned.
async fn trade(clock: &HandClock, twin: &mut Market, simulator: &Simulator, seconds: i64) -> Vec<Trade> {
    let from = clock.now();
    clock.advance(TimeDelta::seconds(seconds));
    let trades = twin.advance(from, clock.now());
    let volume = trades.last().unwrap().day.volume;
    let ledger = simulator.ledger();
    until("the market trades", || ledger.market_volume(samsung()) == volume).await;
    trades
}

fn samsung() -> Symbol {
    "005930".parse().unwrap()
}

fn volumes<'a>(trades: impl IntoIterator<Item = &'a Trade>) -> Vec<i64> {
    trades.into_iter().map(|trade| trade.day.volume).collect()
}

fn received(client: &Client) -> Vec<i64> {
    client.received.iter().map(|delivery| delivery.cumulative_volume).collect()
}

#[tokio::test]
async fn dropped_connections_end_without_a_handshake_and_free_the_app_key() {
    let (clock, mut twin, simulator, mut client) = one_stock().await;
    let before = trade(&clock, &mut twin, &simulator, 3).await;
    client.receive(before.len()).await;
    let control = simulator.control();
    control.drop_connections();
    assert_eq!(control.connections(), 0);
    let end = client.next().await;
    assert!(matches!(end, Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)))), "{end:?}");

    let unseen = trade(&clock, &mut twin, &simulator, 3).await;
    let mut again = Client::connect(&simulator, 2).await;
    assert_eq!(again.code("1", "005930").await, "OPSP0000");
    let after = trade(&clock, &mut twin, &simulator, 3).await;
    again.receive(after.len()).await;
    assert!(!unseen.is_empty());
    assert_eq!((received(&client), received(&again)), (volumes(&before), volumes(&after)));
    assert_eq!([client.received, again.received].concat(), simulator.ledger().snapshot());
}

#[tokio::test]
async fn a_silent_exchange_loses_what_it_trades_and_speaks_again_afterwards() {
    let (clock, mut twin, simulator, mut client) = one_stock().await;
    let before = trade(&clock, &mut twin, &simulator, 2).await;
    client.receive(before.len()).await;
    let control = simulator.control();
    control.silence(true);
    let lost = trade(&clock, &mut twin, &simulator, 2).await;
    control.silence(false);
    let after = trade(&clock, &mut twin, &simulator, 2).await;
    client.receive(before.len() + after.len()).await;
    assert!(!lost.is_empty());
    assert_eq!(received(&client), volumes(before.iter().chain(&after)));
    assert_eq!(client.received, simulator.ledger().snapshot());
    assert_eq!(client.code("2", "005930").await, "OPSP0001");
}

#[tokio::test]
async fn a_silent_exchange_sends_no_pingpong_and_blames_nobody_for_not_answering() {
    let settings = SimSettings {
        ping_interval: Duration::from_millis(10),
        ping_patience: Duration::from_millis(300),
        ..settings(&morning())
    };
    let simulator = Simulator::start(settings).await.unwrap();
    let mut client = Client::connect(&simulator, 1).await;
    simulator.control().silence(true);
    // PINGPONGs that left before are still in the pipe; then nothing comes for longer than the patience lasts.
    let mut early = 0;
    while tokio::time::timeout(Duration::from_millis(900), client.next()).await.is_ok() {
        early += 1;
    }
    assert!(early < 30, "{early} messages");
    assert_eq!(simulator.control().connections(), 1);
    simulator.control().silence(false);
    assert!(client.next_text().await.contains("PINGPONG"));
}

#[tokio::test]
async fn a_silent_exchange_takes_connections_and_leaves_them_waiting() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let control = simulator.control();
    control.silence(true);
    let mut connecting = tokio::spawn(connect_async(simulator.websocket_url()));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut connecting).await.is_err());
    assert_eq!(control.connections(), 0);
    control.silence(false);
    connecting.await.unwrap().unwrap();
}

#[tokio::test]
async fn withheld_records_are_missing_but_count_in_later_ones() {
    let (clock, mut twin, simulator, mut client) = one_stock().await;
    let before = trade(&clock, &mut twin, &simulator, 2).await;
    simulator.control().withhold(5);
    let after = trade(&clock, &mut twin, &simulator, 3).await;
    assert!(after.len() > 5);
    client.receive(before.len() + after.len() - 5).await;
    assert_eq!(received(&client), volumes(before.iter().chain(&after[5..])));
    assert_eq!(client.received, simulator.ledger().snapshot());
}

#[tokio::test]
async fn raw_text_reaches_every_connection_as_it_is() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let mut clients = [Client::connect(&simulator, 1).await, Client::connect(&simulator, 2).await];
    // The client's side of a handshake ends before the simulator has counted the connection.
    until("both are connected", || simulator.control().connections() == 2).await;
    for garbage in ["0|H0STCNT0|003|005930^093354", "\u{0}{}[", ""] {
        simulator.control().send_raw(garbage);
        for client in &mut clients {
            assert_eq!(client.next_text().await, garbage);
        }
    }
    assert_eq!(simulator.ledger().total(), 0);
}

#[tokio::test]
async fn refused_connections_are_hung_up_on_and_open_ones_go_on() {
    let (clock, mut twin, simulator, mut client) = one_stock().await;
    simulator.control().refuse_connections(true);
    let refused = connect_async(simulator.websocket_url()).await;
    assert!(refused.is_err());
    let trades = trade(&clock, &mut twin, &simulator, 2).await;
    client.receive(trades.len()).await;
    simulator.control().refuse_connections(false);
    connect_async(simulator.websocket_url()).await.unwrap();
}
