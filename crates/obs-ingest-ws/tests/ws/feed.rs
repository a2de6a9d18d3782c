//! A feed over real sockets, against a broker on loopback.

mod frames;
mod liveness;
mod login;
mod subscriptions;

use std::{sync::Arc, time::Duration};

use obs_ingest_ws::{Counters, FeedItem, Settings, WsFeed};
use obs_kis::Clock;
use obs_model::{FeedChange, GapReason, SessionId, Symbol};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Running, feed, impatient, session, soon, symbols};

const SAMSUNG: &str = "005930";
const HYNIX: &str = "000660";
const KAKAO: &str = "035720";

/// A record of a Samsung trade: price, shares, shares since the open.
fn record(price: &str, volume: i64, total: i64) -> String {
    format!(
        "005930^094751^{price}^2^1350^1.91^71690.50^71000^72300^70600^72000^71900^{volume}^{total}^595403999350^21115^28170\
         ^7055^136.06^3060313^4163762^5^0.51^29.46^090014^2^950^090708^5^-350^090030^2^1350^20250730^20^N^93994^113056\
         ^1668973^822214^0.14^10584139^78.47^0^^71000"
    )
}

fn frame(records: &[String]) -> String {
    format!("0|H0STCNT0|{:03}|{}", records.len(), records.join("^"))
}

fn subscribed(symbol: &str) -> FeedChange {
    FeedChange::Subscribed { symbol: symbol.parse().unwrap() }
}

fn closed(reason: GapReason) -> FeedChange {
    FeedChange::Closed { reason }
}

fn unsubscribed(symbol: &str) -> FeedChange {
    FeedChange::Unsubscribed { symbol: symbol.parse().unwrap() }
}

#[tokio::test]
async fn subscriptions_ticks_and_a_polite_end() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;
    line.send(&frame(&[record("71950", 1, 8_305_216), record("71900", 2, 8_305_218), record("72000", 75, 8_305_293)])).await;

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, subscribed(HYNIX)).await;
    let ticks = [running.tick().await, running.tick().await, running.tick().await];
    // One frame came at one instant.
    let at = ticks[0].0;
    assert_eq!(ticks, [(at, 1, 8_305_216), (at, 2, 8_305_218), (at, 75, 8_305_293)]);

    running.cancel.cancel();
    line.expect_close().await;
    running.expect(1, closed(GapReason::ManualStop)).await;
    assert_eq!(running.alive, Some(at));
    let counters = running.counters.clone();
    assert!(running.end().await.is_ok());
    assert_eq!((counters.frames(), counters.ticks(), counters.rejected(), counters.connections()), (3, 3, 0, 1));
}

#[tokio::test]
async fn a_full_channel_makes_the_feed_wait_and_drops_nothing() {
    let broker = Broker::start().await;
    let mut running = Running::with(&broker, &[SAMSUNG], impatient(), 1, Clock::system());
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    for total in 1..=500 {
        line.send(&frame(&[record("71950", 1, 2 * total - 1), record("71950", 1, 2 * total)])).await;
    }
    drop(line);

    running.expect(1, FeedChange::Opened).await;
    let mut last = None;
    for total in 1..=1000 {
        let (at, volume, found) = running.tick().await;
        assert_eq!((volume, found), (1, total));
        last = Some(at);
    }
    running.expect(1, closed(GapReason::WsDisconnect)).await;
    assert_eq!(running.alive, last);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_goodbye_is_left() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let _deaf = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;

    running.cancel.cancel();

    running.expect(1, closed(GapReason::ManualStop)).await;
    assert!(running.end().await.is_ok());
}

#[tokio::test]
async fn stopping_while_there_is_no_connection() {
    let broker = Broker::start().await;
    let settings = Settings { backoff: vec![Duration::from_secs(3600)], ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    drop(broker.serve("key-1", &[SAMSUNG]).await);
    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, closed(GapReason::WsDisconnect)).await;

    running.cancel.cancel();

    assert!(running.end().await.is_ok());
}

#[tokio::test]
async fn a_feed_without_a_receiver_ends() {
    let broker = Broker::start().await;
    let (sender, items) = mpsc::channel(1);
    drop(items);
    let (_wanted, receiver) = watch::channel(symbols(&[SAMSUNG]));
    let feed = feed(&broker, receiver, Arc::default(), impatient(), Clock::system());
    let run = tokio::spawn(feed.run(sender, CancellationToken::new()));
    broker.accept().await.expect_close().await;

    assert!(soon("the end", run).await.unwrap().is_ok());
}

#[tokio::test]
async fn what_a_feed_cannot_be_made_of() {
    let broker = Broker::start().await;
    let make = |session: SessionId, settings: Settings| {
        let (_wanted, wanted) = watch::channel(Vec::new());
        WsFeed::new(broker.client(), wanted, session, Arc::default(), settings, Clock::system(), 7)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };

    assert_eq!(make(session(), Settings::default()), Ok(()));
    assert_eq!(
        make(session(), Settings { backoff: Vec::new(), ..Settings::default() }).unwrap_err(),
        "the feed cannot start: there are no pauses between attempts to connect: name at least one"
    );
    let refusal = make(SessionId::new(&"x".repeat(45)).unwrap(), Settings::default()).unwrap_err();
    assert!(refusal.starts_with("the feed cannot start: the session's name is too long"), "{refusal}");
}

#[tokio::test]
async fn two_feeds_of_a_session_number_their_connections_together() {
    let broker = Broker::start().await;
    let counters = Arc::<Counters>::default();
    let (sender, mut items) = mpsc::channel(100);
    let (wanted, receiver) = watch::channel(Vec::<Symbol>::new());
    for seed in 0..2 {
        let (receiver, counters) = (receiver.clone(), Arc::clone(&counters));
        let feed = WsFeed::new(broker.client(), receiver, session(), counters, impatient(), Clock::system(), seed).unwrap();
        tokio::spawn(feed.run(sender.clone(), CancellationToken::new()));
    }
    let _lines = (broker.accept().await, broker.accept().await);

    let mut names = Vec::new();
    for _ in 0..2 {
        match soon("an opening", items.recv()).await {
            Some(FeedItem::Feed(event)) => names.push(event.feed_id.to_string()),
            other => panic!("{other:?}"),
        }
    }
    names.sort();
    assert_eq!(names, ["observer-1#1", "observer-1#2"]);
    drop(wanted);
}

#[tokio::test]
async fn market_time_shortens_every_wait() {
    let broker = Broker::start().await;
    // Half an hour of market time in three quarters of a second.
    let clock = Clock::compressed("2026-11-23T00:00:00Z".parse().unwrap(), 2400);
    let settings = Settings { backoff: vec![Duration::from_secs(1800)], liveness: Duration::from_secs(600), ..impatient() };
    let mut running = Running::with(&broker, &[SAMSUNG], settings, 1000, clock);
    let _silent = broker.serve("key-1", &[SAMSUNG]).await;
    let _next = broker.accept().await;

    running.expect(1, FeedChange::Opened).await;
    let last = running.expect(1, subscribed(SAMSUNG)).await;
    let closed = running.expect(1, closed(GapReason::WsTimeout)).await;
    let opened = running.expect(2, FeedChange::Opened).await;
    assert!(closed - last >= chrono::TimeDelta::seconds(600), "{last} to {closed}");
    assert!(opened - closed >= chrono::TimeDelta::seconds(1800), "{closed} to {opened}");
}
