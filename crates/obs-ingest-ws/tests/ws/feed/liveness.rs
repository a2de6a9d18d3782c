//! Silence, and what counts as a sign of life.

use std::time::Duration;

use obs_ingest_ws::Settings;
use obs_kis::Clock;
use obs_model::{FeedChange, GapReason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::{SAMSUNG, closed, frame, record, subscribed};
use crate::broker::{Broker, Running, impatient, soon};

#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let broker = Broker::start().await;
    let settings = Settings { liveness: Duration::from_secs(1), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let _silent = broker.serve("key-1", &[SAMSUNG]).await;
    let _next = broker.accept().await;

    running.expect(1, FeedChange::Opened).await;
    let last = running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, closed(GapReason::WsTimeout)).await;
    assert!(running.alive.is_none_or(|alive| alive == last), "silence was attested");
    running.expect(2, FeedChange::Opened).await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_ever_came_attests_nothing() {
    let broker = Broker::start().await;
    let settings = Settings { liveness: Duration::from_millis(100), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let _mute = broker.accept().await;

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, closed(GapReason::WsTimeout)).await;
    assert_eq!(running.alive, None);
}

#[tokio::test]
async fn a_quiet_line_is_attested_by_whatever_comes() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, FeedChange::Opened).await;
    let last = running.expect(1, subscribed(SAMSUNG)).await;

    assert_eq!(running.attested().await, last);
    line.send(r#"{"header":{"tr_id":"PINGPONG","datetime":"20241011121818"}}"#).await;
    assert!(running.attested().await > last);
}

#[tokio::test]
async fn a_quiet_peer_is_pinged_and_its_answer_is_a_sign_of_life() {
    let broker = Broker::start().await;
    // Time is compressed, so that the settings can be the usual ones.
    let clock = Clock::compressed("2026-11-23T00:00:00Z".parse().unwrap(), 300);
    let mut running = Running::with(&broker, &[SAMSUNG], impatient(), 1000, clock);
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, FeedChange::Opened).await;
    let last = running.expect(1, subscribed(SAMSUNG)).await;
    assert_eq!(running.attested().await, last);

    // Twice the liveness passes with nothing but pings; the library answers them while the line is read.
    for _ in 0..4 {
        assert!(matches!(line.message().await, Message::Ping(_)));
    }

    let alive = running.attested().await;
    assert!(alive - last >= chrono::TimeDelta::seconds(60), "{last} to {alive}");
    assert_eq!(running.counters.connections(), 1);
}

#[tokio::test]
async fn a_peer_that_ignores_pings_is_kept_while_it_speaks() {
    let broker = Broker::start().await;
    let settings = Settings { liveness: Duration::from_millis(600), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let line = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    let mut socket = line.into_socket();

    // Each ping is answered by a text, never by a pong.
    for total in 1..=4 {
        let mut ping = [0; 6];
        soon("a ping", socket.read_exact(&mut ping)).await.unwrap();
        // An empty ping under a mask.
        assert_eq!(ping[..2], [0x89, 0x80]);
        let text = frame(&[record("71950", 1, total)]);
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        socket.write_all(&[&[0x81, 126, length[0], length[1]], text.as_bytes()].concat()).await.unwrap();
        assert_eq!(running.tick().await.2, total);
    }
    running.expect(1, closed(GapReason::WsTimeout)).await;
}
