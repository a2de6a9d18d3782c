//! What is subscribed, in which order, and what the broker may say to it.

use std::time::Duration;

use obs_ingest_ws::{RefusalKind, Settings};
use obs_model::FeedChange;

use super::{HYNIX, KAKAO, SAMSUNG, subscribed, unsubscribed};
use crate::broker::{Broker, Running, impatient};

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
