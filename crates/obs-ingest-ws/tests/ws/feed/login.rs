//! Approval keys, and connections that do not come about.

use obs_ingest_ws::FeedError;
use obs_kis::KisError;
use obs_model::{FeedChange, GapReason};

use super::{HYNIX, SAMSUNG, closed, subscribed};
use crate::broker::{Broker, Running, impatient};

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
