//! Health, readiness, metrics, status.

use std::sync::Arc;

use obs_api::{Api, Check};
use serde_json::json;

use crate::support::{NOW, Server};

#[tokio::test]
async fn it_lives_and_counts() {
    let server = Server::with(|api| Api { metrics: Arc::new(|| "observer_ticks_total 7\n".to_owned()), ..api }).await;
    let health = server.json("/health").await;
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(metrics.text().await.unwrap(), "observer_ticks_total 7\n");
}

#[tokio::test]
async fn what_is_not_in_order_is_named() {
    let check = |name, ok, detail: &str| Check { name, ok, detail: detail.to_owned() };
    let ready = Server::with(|api| Api { checks: Arc::new(move || vec![check("archive", true, "fine")]), ..api }).await;
    let told = ready.json("/ready").await;
    assert_eq!(told["checks"][1], json!({ "name": "archive", "ok": true, "detail": "fine" }));
    assert_eq!(told["checks"][0]["name"], "database");

    let checks = move || vec![check("archive", true, "fine"), check("feed", false, "0 of 1 connections are open")];
    let unready = Server::with(|api| Api { checks: Arc::new(checks), ..api }).await;
    let problem = unready.problem("/ready", 503).await;
    assert_eq!(problem["detail"], "feed: 0 of 1 connections are open");
    assert_eq!(problem["checks"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_status_adds_up() {
    let server = Server::filled().await;
    let status = server.json("/api/v1/status").await;
    assert_eq!(status["now"], NOW);
    assert_eq!((&status["market_open"], &status["session_close"]), (&json!(true), &json!("2026-01-22T06:30:00Z")));
    assert_eq!((&status["newest_tick"], &status["lag_seconds"]), (&json!("2026-01-22T01:00:29Z"), &json!(1.0)));
    assert_eq!(status["ticks_per_second"], json!(0.1));
    assert_eq!((&status["gaps_today"], &status["gap_seconds_today"]), (&json!(2), &json!(110)));
}

#[tokio::test]
async fn it_ends_when_it_is_told_to_also_with_listeners() {
    let server = Server::empty().await;
    let stream = server.get("/api/v1/events").await;
    assert_eq!(stream.status(), 200);
    server.stop().await;
    // The stream has an end then.
    stream.text().await.unwrap();
}
