//! Tokens and approval keys over HTTP.

use std::net::TcpListener;

use crate::support::{approval_key, morning, post, settings};
use chrono::TimeDelta;
use obs_sim::{SimError, SimSettings, Simulator};
use serde_json::{Value, json};

fn token_request(simulator: &Simulator) -> Value {
    json!({"grant_type": "client_credentials", "appkey": simulator.app_key(), "appsecret": simulator.app_secret()})
}

#[tokio::test]
async fn a_token_stays_the_same_for_six_hours_and_may_be_asked_for_once_a_minute() {
    let clock = morning();
    let simulator = Simulator::start(settings(&clock)).await.unwrap();
    let request = token_request(&simulator);
    let (status, first) = post(&simulator, "/oauth2/tokenP", &request).await;
    assert_eq!(status, 200);
    assert_eq!(first["token_type"], "Bearer");
    assert_eq!(first["expires_in"], 86_400);
    assert_eq!(first["access_token_token_expired"], "2026-01-23 10:00:00");
    assert!((100..=350).contains(&first["access_token"].as_str().unwrap().len()));

    clock.advance(TimeDelta::seconds(59));
    let too_soon =
        json!({"error_description": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)", "error_code": "EGW00133"});
    assert_eq!(post(&simulator, "/oauth2/tokenP", &request).await, (403, too_soon));
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(post(&simulator, "/oauth2/tokenP", &request).await, (200, first.clone()));

    clock.advance(TimeDelta::hours(6));
    let (status, later) = post(&simulator, "/oauth2/tokenP", &request).await;
    assert_eq!((status, &later["access_token_token_expired"]), (200, &json!("2026-01-23 16:01:00")));
    assert_ne!(later["access_token"], first["access_token"]);
}

#[tokio::test]
async fn wrong_keys_are_refused_in_the_shape_without_rt_cd() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let with = |body: Value, name: &str, value: &str| {
        let mut body = body;
        body[name] = value.into();
        body
    };
    let token = token_request(&simulator);
    let approval =
        json!({"grant_type": "client_credentials", "appkey": simulator.app_key(), "secretkey": simulator.app_secret()});
    let cases = [
        ("/oauth2/tokenP", with(token.clone(), "appkey", "nobody"), "EGW00103"),
        ("/oauth2/tokenP", with(token.clone(), "appsecret", "guess"), "EGW00105"),
        ("/oauth2/tokenP", with(token.clone(), "grant_type", "password"), "EGW00116"),
        ("/oauth2/tokenP", json!([1]), "EGW00101"),
        ("/oauth2/Approval", with(approval.clone(), "appkey", "nobody"), "EGW00103"),
        ("/oauth2/Approval", with(approval, "secretkey", "guess"), "EGW00105"),
        // The secret's name of the other endpoint is none here.
        ("/oauth2/Approval", token.clone(), "EGW00105"),
    ];
    for (path, body, code) in cases {
        let (status, answer) = post(&simulator, path, &body).await;
        assert_eq!((status, &answer["error_code"]), (403, &json!(code)), "{path} {body}");
        assert!(answer["error_description"].is_string() && answer.get("rt_cd").is_none());
    }
    // Refusals do not count as calls.
    assert_eq!(post(&simulator, "/oauth2/tokenP", &token).await.0, 200);
}

#[tokio::test]
async fn each_approval_key_is_new_and_shaped_like_a_uuid() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let (first, second) = (approval_key(&simulator).await, approval_key(&simulator).await);
    let lengths: Vec<usize> = first.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_ne!(first, second);
    assert_eq!((simulator.app_key().len(), simulator.app_secret().len()), (36, 180));
}

#[tokio::test]
async fn an_unknown_path_is_an_unknown_service() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let (status, answer) = post(&simulator, "/uapi/nothing", &json!({})).await;
    assert_eq!((status, &answer["rt_cd"], &answer["msg_cd"]), (500, &json!("1"), &json!("OPSQ0002")));
    assert_eq!(answer["msg1"].as_str().unwrap().chars().count(), 80);
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = match Simulator::start(SimSettings { websocket_port: port, ..settings(&morning()) }).await {
        Err(error) => error,
        Ok(_) => panic!("started"),
    };
    assert!(matches!(error, SimError::Bind { service: "WebSocket", port: named, .. } if named == port));
    assert!(error.to_string().starts_with(&format!("cannot listen for WebSocket on 127.0.0.1:{port}: ")));
    assert!(error.to_string().ends_with("; free the port or ask for port 0"));
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_ports() {
    let simulator = Simulator::start(settings(&morning())).await.unwrap();
    let port = |url: String| url.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let (rest_port, websocket_port) = (port(simulator.rest_url()), port(simulator.websocket_url()));
    approval_key(&simulator).await;
    simulator.stop().await;
    let again = SimSettings { rest_port, websocket_port, ..settings(&morning()) };
    let simulator = Simulator::start(again).await.unwrap();
    assert_eq!(simulator.rest_url(), format!("http://127.0.0.1:{rest_port}"));
    simulator.stop().await;
}
