//! A feed over real sockets, against a broker on loopback.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is a failed test, also in its helpers")]

mod broker;

use std::time::Duration;

use broker::{Broker, Running, feed, impatient, reading, session, soon};
use obs_ingest_ws::{FeedError, FeedItem, FrameError, MAX_REGISTRATIONS, RejectedFrame, Settings, WsFeed};
use obs_kis::KisError;
use obs_model::{FeedChange, GapReason, SessionId, Symbol};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SAMSUNG: &str = "005930";
const HYNIX: &str = "000660";

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

#[tokio::test]
async fn subscriptions_ticks_and_a_polite_end() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;
    line.send(&frame(&[record("71950", 1, 8_305_216), record("71900", 2, 8_305_218), record("72000", 75, 8_305_293)])).await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    running.expect(1, reading(2), subscribed(HYNIX)).await;
    for (volume, total) in [(1, 8_305_216), (2, 8_305_218), (75, 8_305_293)] {
        assert_eq!(running.tick().await, (reading(3), volume, total));
    }

    running.cancel.cancel();
    line.expect_close().await;
    running.expect(1, reading(4), closed(GapReason::ManualStop)).await;
    assert_eq!(running.alive, Some(reading(3)));
    let counters = running.counters.clone();
    assert!(running.end().await.is_ok());
    assert_eq!((counters.frames(), counters.ticks(), counters.rejected(), counters.connections()), (3, 3, 0, 1));
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
async fn a_dropped_connection_is_opened_again_with_the_same_key() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    drop(broker.serve("key-1", &[SAMSUNG, HYNIX]).await);
    let _line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    running.expect(1, reading(2), subscribed(HYNIX)).await;
    running.expect(1, reading(3), closed(GapReason::WsDisconnect)).await;
    assert_eq!(running.alive, Some(reading(2)));
    running.expect(2, reading(4), FeedChange::Opened).await;
    running.expect(2, reading(5), subscribed(SAMSUNG)).await;
    running.expect(2, reading(6), subscribed(HYNIX)).await;
    assert_eq!((broker.logins(), running.counters.connections()), (1, 2));
}

#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let broker = Broker::start().await;
    let settings = Settings { liveness: Duration::from_secs(1), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let _silent = broker.serve("key-1", &[SAMSUNG]).await;
    let _next = broker.accept().await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    running.expect(1, reading(2), closed(GapReason::WsTimeout)).await;
    assert_eq!(running.alive, Some(reading(1)));
    running.expect(2, reading(3), FeedChange::Opened).await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_ever_came_attests_nothing() {
    let broker = Broker::start().await;
    let settings = Settings { liveness: Duration::from_millis(100), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let _mute = broker.accept().await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), closed(GapReason::WsTimeout)).await;
    assert_eq!(running.alive, None);
}

#[tokio::test]
async fn a_quiet_line_is_attested_by_whatever_comes() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;

    assert_eq!(running.attested().await, reading(1));
    line.send(r#"{"header":{"tr_id":"PINGPONG","datetime":"20241011121818"}}"#).await;
    assert_eq!(running.attested().await, reading(2));
}

#[tokio::test]
async fn what_cannot_be_read_is_handed_on_and_the_rest_goes_on() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    let (garbage, broken) = ("가".repeat(600), record("7195O", 2, 8_305_218));
    line.send(&garbage).await;
    line.send(&frame(&[record("71950", 1, 8_305_216), broken.clone(), record("72000", 75, 8_305_293)])).await;
    line.send("0|H0STASP0|001|005930^121523^0").await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    let expected = RejectedFrame { received_at: reading(2), reason: FrameError::NotAFrame, sample: "가".repeat(512) };
    assert_eq!(running.next().await, Some(FeedItem::Rejected(expected)));
    assert_eq!(running.tick().await, (reading(3), 1, 8_305_216));
    match running.next().await {
        Some(FeedItem::Rejected(rejected)) => {
            assert_eq!((rejected.reason.code(), rejected.sample, rejected.received_at), ("bad_field", broken, reading(3)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(running.tick().await, (reading(3), 75, 8_305_293));
    let Some(FeedItem::Rejected(unasked)) = running.next().await else { panic!("the book was not handed on") };
    assert_eq!(unasked.reason.to_string(), "nobody asked for H0STASP0");
    assert_eq!((running.counters.ticks(), running.counters.rejected()), (2, 3));
}

#[tokio::test]
async fn a_refused_subscription_is_reported_and_the_others_stand() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "1", "OPSP0008", "MAX SUBSCRIBE OVER").await;
    line.expect_request("key-1", HYNIX).await;
    line.answer(HYNIX, "1", "OPSP0002", "ALREADY IN SUBSCRIBE").await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    let Some(FeedItem::Rejected(refused)) = running.next().await else { panic!("the refusal was not handed on") };
    assert_eq!(refused.reason.to_string(), "the broker refused a subscription: MAX SUBSCRIBE OVER (OPSP0008)");
    assert!(refused.sample.contains(r#""tr_key":"005930""#), "{}", refused.sample);
    running.expect(1, reading(2), subscribed(HYNIX)).await;
    assert_eq!(running.counters.refused(), 1);
}

#[tokio::test]
async fn what_was_not_answered_or_failed_inside_the_broker_is_asked_again() {
    let broker = Broker::start().await;
    let settings = Settings { ask_again_after: Duration::from_millis(50), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    line.expect_request("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "1", "OPSP0009", "mci send failed").await;
    line.expect_request("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "0", "OPSP0000", "SUBSCRIBE SUCCESS").await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    assert!(matches!(running.next().await, Some(FeedItem::Rejected(_))));
    running.expect(1, reading(2), subscribed(SAMSUNG)).await;
}

#[tokio::test]
async fn a_stale_approval_key_is_replaced() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "1", "OPSP0011", "invalid approval : NOT FOUND").await;
    line.expect_close().await;
    let _line = broker.serve("key-2", &[SAMSUNG]).await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    assert!(matches!(running.next().await, Some(FeedItem::Rejected(_))));
    running.expect(1, reading(2), closed(GapReason::ApiError)).await;
    running.expect(2, reading(3), FeedChange::Opened).await;
    running.expect(2, reading(4), subscribed(SAMSUNG)).await;
}

#[tokio::test]
async fn approval_keys_that_never_work_do_not_become_a_login_loop() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    for key in ["key-1", "key-2", "key-3"] {
        let mut line = broker.accept().await;
        line.expect_request(key, SAMSUNG).await;
        line.answer(SAMSUNG, "1", "OPSP0011", "invalid approval : NOT FOUND").await;
        line.expect_close().await;
    }

    while running.next().await.is_some() {}
    let error = running.end().await.unwrap_err();
    assert!(error.to_string().starts_with("the WebSocket refused the login: invalid approval : NOT FOUND (OPSP0011)"));
    assert_eq!(broker.logins(), 3);
}

#[tokio::test]
async fn an_app_key_in_use_is_waited_for() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    line.send(
        r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}"#,
    )
    .await;
    line.expect_close().await;
    let _line = broker.serve("key-1", &[SAMSUNG]).await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    assert!(matches!(running.next().await, Some(FeedItem::Rejected(_))));
    running.expect(1, reading(2), closed(GapReason::ApiError)).await;
    assert_eq!(running.alive, Some(reading(1)));
    running.expect(2, reading(3), FeedChange::Opened).await;
    running.expect(2, reading(4), subscribed(SAMSUNG)).await;
}

#[tokio::test]
async fn wrong_credentials_stop_the_feed_with_the_brokers_words() {
    let body = r#"{"error_description":"유효하지 않은 AppKey입니다.","error_code":"EGW00103"}"#;
    let broker = Broker::answering(move |_| ("403 Forbidden", body.to_owned())).await;

    let error = Running::start(&broker, &[SAMSUNG], impatient()).end().await.unwrap_err();

    assert!(matches!(error, FeedError::Login(KisError::WrongCredentials { .. })), "{error:?}");
    assert!(error.to_string().contains("유효하지 않은 AppKey입니다. (EGW00103); check"), "{error}");
    assert_eq!(broker.logins(), 1);
}

#[tokio::test]
async fn hosts_that_fail_at_first_are_tried_again() {
    let broker = Broker::answering(|login| match login {
        1 => ("500 Internal Server Error", r#"{"rt_cd":"1","msg_cd":"EGW00300","msg1":"routing"}"#.to_owned()),
        _ => ("200 OK", format!(r#"{{"approval_key":"key-{login}"}}"#)),
    })
    .await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    // Accepted, and dropped before any handshake.
    drop(broker.accept_socket().await);
    let _line = broker.serve("key-2", &[SAMSUNG]).await;

    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    assert_eq!(broker.logins(), 2);
}

#[tokio::test]
async fn a_full_channel_makes_the_feed_wait_and_drops_nothing() {
    let broker = Broker::start().await;
    let mut running = Running::with_capacity(&broker, &[SAMSUNG], impatient(), 1);
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    for total in 1..=500 {
        line.send(&frame(&[record("71950", 1, 2 * total - 1), record("71950", 1, 2 * total)])).await;
    }
    drop(line);

    running.expect(1, reading(0), FeedChange::Opened).await;
    for total in 1..=1000 {
        assert_eq!(running.tick().await, (reading((total + 1) / 2), 1, total));
    }
    running.expect(1, reading(501), closed(GapReason::WsDisconnect)).await;
    assert_eq!(running.alive, Some(reading(500)));
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_goodbye_is_left() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG], impatient());
    let _deaf = broker.serve("key-1", &[SAMSUNG]).await;
    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;

    running.cancel.cancel();

    running.expect(1, reading(2), closed(GapReason::ManualStop)).await;
    assert!(running.end().await.is_ok());
}

#[tokio::test]
async fn stopping_while_there_is_no_connection() {
    let broker = Broker::start().await;
    let settings = Settings { backoff: vec![Duration::from_secs(3600)], ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    drop(broker.serve("key-1", &[SAMSUNG]).await);
    running.expect(1, reading(0), FeedChange::Opened).await;
    running.expect(1, reading(1), subscribed(SAMSUNG)).await;
    running.expect(1, reading(2), closed(GapReason::WsDisconnect)).await;

    running.cancel.cancel();

    assert!(running.end().await.is_ok());
}

#[tokio::test]
async fn a_feed_without_a_receiver_ends() {
    let broker = Broker::start().await;
    let (sender, items) = mpsc::channel(1);
    drop(items);
    let run = tokio::spawn(feed(&broker, &[SAMSUNG], impatient()).run(sender, CancellationToken::new()));
    broker.accept().await.expect_close().await;

    assert!(soon("the end", run).await.unwrap().is_ok());
}

#[tokio::test]
async fn what_a_feed_cannot_be_made_of() {
    let broker = Broker::start().await;
    let code = |n: usize| format!("{n:06}").parse::<Symbol>().unwrap();
    let make = |symbols: Vec<Symbol>, session: SessionId, settings: Settings| {
        WsFeed::new(broker.client(), symbols, session, settings, || reading(0), 7).map(|_| ()).map_err(|e| e.to_string())
    };

    assert_eq!(make((0..MAX_REGISTRATIONS).map(code).collect(), session(), Settings::default()), Ok(()));
    let refused = [
        (make(Vec::new(), session(), Settings::default()), "there are no symbols: name at least one"),
        (
            make((0..42).map(code).collect(), session(), Settings::default()),
            "42 symbols are more than the 41 that one app key may register",
        ),
        (make(vec![code(1), code(2), code(1)], session(), Settings::default()), "000001 is named twice"),
        (
            make(vec![code(1)], session(), Settings { backoff: Vec::new(), ..Settings::default() }),
            "there are no pauses between attempts to connect: name at least one",
        ),
    ];
    for (refusal, reason) in refused {
        assert_eq!(refusal, Err(format!("the feed cannot start: {reason}")));
    }
    let long = SessionId::new(&"x".repeat(45)).unwrap();
    let refusal = make(vec![code(1)], long, Settings::default()).unwrap_err();
    assert!(refusal.starts_with("the feed cannot start: the session's name is too long"), "{refusal}");
}
