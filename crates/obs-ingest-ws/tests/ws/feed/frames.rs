//! What comes that is no trade.

use obs_ingest_ws::{FeedItem, FrameError, RejectedFrame};
use obs_model::{FeedChange, GapReason};
use tokio::io::AsyncWriteExt;

use super::{SAMSUNG, closed, frame, record, subscribed};
use crate::broker::{Broker, Running, impatient};

async fn rejected(running: &mut Running) -> RejectedFrame {
    match running.next().await {
        Some(FeedItem::Rejected(frame)) => frame,
        other => panic!("{other:?} instead of a rejected frame"),
    }
}

#[tokio::test]
async fn a_pingpong_is_answered_with_the_same_text() {
    let broker = Broker::start().await;
    let _running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    let ping = r#"{"header": {"tr_id": "PINGPONG",  "datetime": "20241011121818"}}"#;

    line.send(ping).await;

    assert_eq!(line.text().await, ping);
}

#[tokio::test]
async fn what_cannot_be_read_is_handed_on_and_the_rest_goes_on() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    let (garbage, broken) = ("가".repeat(600), record("7195O", 2, 8_305_218));
    line.send(&garbage).await;
    line.send(&frame(&[record("71950", 1, 8_305_216), broken.clone(), record("72000", 75, 8_305_293)])).await;
    line.send("0|H0STANC0|001|005930^121523^0").await;

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    let RejectedFrame { reason, sample, .. } = rejected(&mut running).await;
    assert_eq!((reason, sample), (FrameError::NotAFrame, "가".repeat(512)));
    let (at, ..) = running.tick().await;
    let RejectedFrame { received_at, reason, sample } = rejected(&mut running).await;
    assert_eq!((reason.code(), sample, received_at), ("bad_field", broken, at));
    assert_eq!(running.tick().await, (at, 75, 8_305_293));
    let unasked = rejected(&mut running).await;
    assert_eq!(unasked.reason.to_string(), "nobody asked for H0STANC0");
    assert_eq!((running.counters.ticks(), running.counters.rejected()), (2, 3));
}

#[tokio::test]
async fn an_oversized_frame_ends_the_connection_and_the_next_one_goes_on() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    line.send(&"x".repeat((1 << 20) + 1)).await;
    let _next = broker.serve("key-1", &[SAMSUNG]).await;

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, closed(GapReason::WsDisconnect)).await;
    running.expect(2, FeedChange::Opened).await;
    running.expect(2, subscribed(SAMSUNG)).await;
}

#[tokio::test]
async fn what_is_no_text_ends_the_connection() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut socket = broker.serve("key-1", &[SAMSUNG]).await.into_socket();
    // A text frame that is not UTF-8.
    socket.write_all(&[0x81, 2, 0xff, 0xfe]).await.unwrap();
    let _next = broker.serve("key-1", &[SAMSUNG]).await;

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, closed(GapReason::WsDisconnect)).await;
}
