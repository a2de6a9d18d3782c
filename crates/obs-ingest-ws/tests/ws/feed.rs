//! A feed over real sockets, against a broker on loopback.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use obs_ingest_ws::{FeedError, FeedItem, FrameError, RefusalKind, RejectedFrame, Settings, WsFeed};
use obs_kis::{Clock, KisError};
use obs_model::{FeedChange, GapReason, SessionId, Symbol};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, watch},
};
use tokio_tungstenite::tungstenite::Message;
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

async fn rejected(running: &mut Running) -> RejectedFrame {
    match running.next().await {
        Some(FeedItem::Rejected(frame)) => frame,
        other => panic!("{other:?} instead of a rejected frame"),
    }
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

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    let last = running.expect(1, subscribed(HYNIX)).await;
    running.expect(1, closed(GapReason::WsDisconnect)).await;
    assert_eq!(running.alive, Some(last));
    running.expect(2, FeedChange::Opened).await;
    running.expect(2, subscribed(SAMSUNG)).await;
    running.expect(2, subscribed(HYNIX)).await;
    assert_eq!((broker.logins(), running.counters.connections()), (1, 2));
}

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
async fn a_refused_subscription_is_reported_and_the_others_stand() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "1", "OPSP0008", "MAX SUBSCRIBE OVER").await;
    line.expect_request("key-1", HYNIX).await;
    line.answer(HYNIX, "1", "OPSP0002", "ALREADY IN SUBSCRIBE").await;

    running.expect(1, FeedChange::Opened).await;
    let refusal = running.refusal().await;
    assert_eq!(refusal.to_string(), "the broker refused 005930: MAX SUBSCRIBE OVER (OPSP0008)");
    assert_eq!((refusal.kind, refusal.symbol), (RefusalKind::NoRoom, SAMSUNG.parse().ok()));
    running.expect(1, subscribed(HYNIX)).await;
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

    running.expect(1, FeedChange::Opened).await;
    running.refusal().await;
    running.expect(1, subscribed(SAMSUNG)).await;
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

    running.expect(1, FeedChange::Opened).await;
    running.refusal().await;
    running.expect(1, closed(GapReason::ApiError)).await;
    running.expect(2, FeedChange::Opened).await;
    running.expect(2, subscribed(SAMSUNG)).await;
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

    running.expect(1, FeedChange::Opened).await;
    running.refusal().await;
    running.expect(1, closed(GapReason::ApiError)).await;
    assert!(running.alive.is_some());
    running.expect(2, FeedChange::Opened).await;
    running.expect(2, subscribed(SAMSUNG)).await;
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

    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    assert_eq!(broker.logins(), 2);
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
    let feed = feed(&broker, receiver, impatient(), Clock::system());
    let run = tokio::spawn(feed.run(sender, CancellationToken::new()));
    broker.accept().await.expect_close().await;

    assert!(soon("the end", run).await.unwrap().is_ok());
}

#[tokio::test]
async fn what_a_feed_cannot_be_made_of() {
    let broker = Broker::start().await;
    let make = |session: SessionId, settings: Settings| {
        let (_wanted, wanted) = watch::channel(Vec::new());
        WsFeed::new(broker.client(), wanted, session, Arc::new(AtomicU32::new(0)), settings, Clock::system(), 7)
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
async fn what_is_no_longer_wanted_ends_before_something_new_begins() {
    let broker = Broker::start().await;
    let running = &mut Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;
    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    running.expect(1, subscribed(HYNIX)).await;

    running.want(&[KAKAO, HYNIX]);

    line.expect_farewell("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "0", "OPSP0001", "UNSUBSCRIBE SUCCESS").await;
    line.expect_request("key-1", KAKAO).await;
    line.answer(KAKAO, "0", "OPSP0000", "SUBSCRIBE SUCCESS").await;
    running.expect(1, unsubscribed(SAMSUNG)).await;
    running.expect(1, subscribed(KAKAO)).await;
}

#[tokio::test]
async fn forty_one_are_never_exceeded() {
    let broker = Broker::start().await;
    let codes: Vec<String> = (0..41).map(|n| format!("{n:06}")).collect();
    let mut codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let running = &mut Running::start(&broker, &codes, impatient());
    let mut line = broker.serve("key-1", &codes).await;

    let dropped = std::mem::replace(&mut codes[40], KAKAO);
    running.want(&codes);

    line.expect_farewell("key-1", dropped).await;
    // Nothing is asked for before the answer: what is sent next comes after it.
    line.send(r#"{"header":{"tr_id":"PINGPONG"}}"#).await;
    assert_eq!(line.text().await, r#"{"header":{"tr_id":"PINGPONG"}}"#);
    line.answer(dropped, "1", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)").await;
    line.expect_request("key-1", KAKAO).await;
}

#[tokio::test]
async fn after_a_reconnect_what_is_wanted_then_is_subscribed_in_its_order() {
    let broker = Broker::start().await;
    let running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;

    running.want(&[KAKAO, HYNIX, SAMSUNG]);
    drop(line);

    let _line = broker.serve("key-1", &[KAKAO, HYNIX, SAMSUNG]).await;
}

#[tokio::test]
async fn a_connection_is_held_while_nothing_is_wanted() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[], impatient());
    let mut line = broker.accept().await;
    running.expect(1, FeedChange::Opened).await;

    running.want(&[SAMSUNG]);

    line.expect_request("key-1", SAMSUNG).await;
}

#[tokio::test]
async fn a_full_app_key_is_asked_again_when_one_ends() {
    let broker = Broker::start().await;
    let mut running = Running::start(&broker, &[SAMSUNG, HYNIX], impatient());
    let mut line = broker.serve("key-1", &[SAMSUNG]).await;
    line.expect_request("key-1", HYNIX).await;
    line.answer(HYNIX, "1", "OPSP0008", "MAX SUBSCRIBE OVER").await;
    running.expect(1, FeedChange::Opened).await;
    running.expect(1, subscribed(SAMSUNG)).await;
    assert_eq!(running.refusal().await.kind, RefusalKind::NoRoom);

    running.want(&[HYNIX]);

    line.expect_farewell("key-1", SAMSUNG).await;
    line.answer(SAMSUNG, "0", "OPSP0001", "UNSUBSCRIBE SUCCESS").await;
    line.expect_request("key-1", HYNIX).await;
}

#[tokio::test]
async fn an_unknown_symbol_is_reported_once_and_asked_for_again_on_the_next_connection() {
    let broker = Broker::start().await;
    let settings = Settings { ask_again_after: Duration::from_millis(20), ..impatient() };
    let mut running = Running::start(&broker, &[SAMSUNG], settings);
    let mut line = broker.accept().await;
    line.expect_request("key-1", SAMSUNG).await;
    // The refusal does not say what it is about.
    line.send(
        r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8992","msg1":"invalid tr_key"}}"#,
    )
    .await;
    running.expect(1, FeedChange::Opened).await;
    let refusal = running.refusal().await;
    assert_eq!((refusal.kind, refusal.symbol), (RefusalKind::Symbol, SAMSUNG.parse().ok()));

    running.want(&[SAMSUNG, HYNIX]);
    // Were it asked for again, it would come before this.
    line.expect_request("key-1", HYNIX).await;
    drop(line);
    let _line = broker.serve("key-1", &[SAMSUNG, HYNIX]).await;
}

#[tokio::test]
async fn two_feeds_of_a_session_number_their_connections_together() {
    let broker = Broker::start().await;
    let numbers = Arc::new(AtomicU32::new(0));
    let (sender, mut items) = mpsc::channel(100);
    let (wanted, receiver) = watch::channel(Vec::<Symbol>::new());
    for seed in 0..2 {
        let (receiver, numbers) = (receiver.clone(), Arc::clone(&numbers));
        let feed = WsFeed::new(broker.client(), receiver, session(), numbers, impatient(), Clock::system(), seed).unwrap();
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
