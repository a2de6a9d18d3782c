//! The access token's life.

use std::sync::Arc;

use chrono::TimeDelta;
use obs_kis::{Environment, KisError};
use serde_json::json;
use tokio::sync::Notify;

use crate::broker::{
    APP_KEY, APP_SECRET, Asked, Broker, Reply, client, clock, price, refusal, settings, start, symbol, token,
};

/// A call's answer by the token that it came with.
fn price_for(asked: &Asked, good: &str) -> Reply {
    if asked.header("authorization") == Some(&format!("Bearer {good}")) {
        price("128500")
    } else {
        refusal(500, "EGW00123", "기간이 만료된 token 입니다.")
    }
}

fn too_soon() -> Reply {
    let message = "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)";
    Reply::Json(403, json!({ "error_description": message, "error_code": "EGW00133" }))
}

#[tokio::test]
async fn it_is_asked_for_once_and_sent_with_every_call() {
    let broker = Broker::with_login(|asked| price_for(asked, "first-token")).await;
    let client = broker.client();

    client.quote(symbol("000660")).await.unwrap();
    client.clone().quote(symbol("005930")).await.unwrap();

    let [login, quotes @ ..] = &broker.asked()[..] else { panic!() };
    assert_eq!((login.method.as_str(), login.path.as_str()), ("POST", "/oauth2/tokenP"));
    let expected = json!({ "grant_type": "client_credentials", "appkey": APP_KEY, "appsecret": APP_SECRET });
    assert_eq!(login.body, expected);
    assert_eq!(quotes.len(), 2);
    assert_eq!(client.counts().logins, 1);
}

#[tokio::test]
async fn fifty_who_need_it_at_once_cause_one_login() {
    let answer = Arc::new(Notify::new());
    let hold = Arc::clone(&answer);
    let broker = Broker::start(move |asked| match asked.call() {
        "tokenP" => Reply::After(Arc::clone(&hold), Box::new(token("first-token", start() + TimeDelta::hours(24)))),
        _ => price_for(asked, "first-token"),
    })
    .await;
    let client = broker.client();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.quote(symbol("000660")).await })
        })
        .collect();
    answer.notify_one();

    for quote in waiting {
        assert_eq!(quote.await.unwrap().unwrap().price, Some("128500".parse().unwrap()));
    }
    assert_eq!(broker.calls("tokenP").len(), 1);
    assert_eq!(broker.calls("inquire-price").len(), 50);
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_take_the_token_with_it() {
    let (answer, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (hold, tell) = (Arc::clone(&answer), Arc::clone(&asked));
    let broker = Broker::start(move |asked| match asked.call() {
        "tokenP" => {
            tell.notify_one();
            Reply::After(Arc::clone(&hold), Box::new(token("first-token", start() + TimeDelta::hours(24))))
        }
        _ => price_for(asked, "first-token"),
    })
    .await;
    let client = broker.client();
    let hasty = client.clone();
    let hasty = tokio::spawn(async move { hasty.quote(symbol("000660")).await });
    asked.notified().await;
    hasty.abort();
    hasty.await.unwrap_err();
    answer.notify_one();

    client.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 1);
}

#[tokio::test]
async fn those_who_waited_for_a_login_that_failed_share_its_failure() {
    let answer = Arc::new(Notify::new());
    let hold = Arc::clone(&answer);
    let broker = Broker::start(move |_| {
        let refusal = json!({ "error_description": "유효하지 않은 AppSecret입니다.", "error_code": "EGW00105" });
        Reply::After(Arc::clone(&hold), Box::new(Reply::Json(403, refusal)))
    })
    .await;
    let client = broker.client();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.quote(symbol("000660")).await })
        })
        .collect();
    answer.notify_one();

    for quote in waiting {
        let error = quote.await.unwrap().unwrap_err();
        assert!(matches!(error, KisError::WrongCredentials { .. }) && error.is_fatal(), "{error:?}");
    }
    assert_eq!(broker.calls("tokenP").len(), 1, "wrong keys are not tried again and again");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_calls_are_repeated_once() {
    let broker = Broker::start(|asked| match (asked.call(), asked.before) {
        ("tokenP", 0) => token("revoked", start() + TimeDelta::hours(24)),
        ("tokenP", _) => token("second-token", start() + TimeDelta::hours(24)),
        _ => price_for(asked, "second-token"),
    })
    .await;
    let client = broker.client();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.quote(symbol("000660")).await })
        })
        .collect();

    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().price, Some("128500".parse().unwrap()));
    }
    assert_eq!(broker.calls("tokenP").len(), 2);
    assert!(broker.calls("inquire-price").len() <= 40, "each call is repeated at most once");
}

#[tokio::test]
async fn every_code_of_a_dead_token_brings_a_new_one() {
    for code in ["EGW00121", "EGW00122", "EGW00123"] {
        let broker = Broker::start(move |asked| match (asked.call(), asked.before) {
            ("tokenP", 0) => token("revoked", start() + TimeDelta::hours(24)),
            ("tokenP", _) => token("second-token", start() + TimeDelta::hours(24)),
            (_, 0) => refusal(500, code, "token"),
            _ => price_for(asked, "second-token"),
        })
        .await;

        broker.client().quote(symbol("000660")).await.unwrap();

        assert_eq!(broker.calls("inquire-price").len(), 2, "{code}");
    }
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_needs_a_new_login() {
    let broker = Broker::start(|asked| match asked.call() {
        "tokenP" => token(&format!("token-{}", asked.before), start() + TimeDelta::hours(24)),
        _ => refusal(500, "EGW00121", "유효하지 않은 token 입니다."),
    })
    .await;

    let error = broker.client().quote(symbol("000660")).await.unwrap_err();

    assert!(error.needs_new_login(), "{error:?}");
    assert_eq!(broker.calls("inquire-price").len(), 2);
    assert_eq!(broker.calls("tokenP").len(), 2);
}

#[tokio::test]
async fn a_dead_token_that_the_broker_repeats_is_named_and_not_asked_for_again() {
    let broker = Broker::with_login(|_| refusal(500, "EGW00121", "유효하지 않은 token 입니다.")).await;
    let client = broker.client();

    let first = client.quote(symbol("000660")).await.unwrap_err();
    let second = client.quote(symbol("000660")).await.unwrap_err();

    assert_eq!(first, KisError::DeadToken { next: start() + TimeDelta::hours(6) });
    assert_eq!(first, second);
    assert!(first.is_retryable(), "later");
    assert!(first.to_string().ends_with("so a new one can be had from 2026-11-23 06:30:00 UTC"), "{first}");
    assert_eq!(broker.calls("tokenP").len(), 2);
    assert_eq!(broker.calls("inquire-price").len(), 1);
}

#[tokio::test]
async fn a_login_too_soon_after_another_programs_waits_for_the_minute() {
    let broker = Broker::start(|asked| match (asked.call(), asked.before) {
        ("tokenP", 0) => too_soon(),
        ("tokenP", _) => token("first-token", start() + TimeDelta::hours(24)),
        _ => price_for(asked, "first-token"),
    })
    .await;
    let clock = clock();
    let client = client(broker.endpoints(Environment::Live), settings(Environment::Live), clock.clone());
    let asked_at = clock.now();

    client.quote(symbol("000660")).await.unwrap();

    assert!(clock.now() - asked_at >= TimeDelta::seconds(60), "{}", clock.now() - asked_at);
    assert_eq!(broker.calls("tokenP").len(), 2);
}

#[tokio::test]
async fn a_login_that_is_too_soon_twice_is_given_up() {
    let broker = Broker::start(|_| too_soon()).await;

    let error = broker.client().quote(symbol("000660")).await.unwrap_err();

    assert!(matches!(&error, KisError::RateLimited { code, .. } if code == "EGW00133"), "{error:?}");
    assert_eq!(broker.calls("tokenP").len(), 2);
}

#[tokio::test]
async fn it_is_renewed_half_an_hour_before_its_end() {
    let broker = Broker::start(|asked| match (asked.call(), asked.before) {
        ("tokenP", 0) => token("ending", start() + TimeDelta::minutes(25)),
        ("tokenP", _) => token("second-token", start() + TimeDelta::hours(24)),
        _ => price("128500"),
    })
    .await;
    let clock = clock();
    let client = client(broker.endpoints(Environment::Live), settings(Environment::Live), clock.clone());
    client.quote(symbol("000660")).await.unwrap();

    // What is still good is asked for again every ten minutes only.
    client.quote(symbol("000660")).await.unwrap();
    assert_eq!(broker.calls("tokenP").len(), 1);
    clock.sleep_until(start() + TimeDelta::minutes(11)).await;
    client.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 2);
    assert_eq!(broker.calls("inquire-price")[2].header("authorization"), Some("Bearer second-token"));
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_old_token_in_use() {
    let broker = Broker::start(|asked| match (asked.call(), asked.before) {
        ("tokenP", 0) => token("ending", start() + TimeDelta::minutes(25)),
        ("tokenP", _) => too_soon(),
        _ => price_for(asked, "ending"),
    })
    .await;
    let clock = clock();
    let client = client(broker.endpoints(Environment::Live), settings(Environment::Live), clock.clone());
    client.quote(symbol("000660")).await.unwrap();
    clock.sleep_until(start() + TimeDelta::minutes(11)).await;

    client.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 2, "and nobody waited for a minute");
}

#[tokio::test]
async fn an_answer_that_is_no_token() {
    let cases = [
        (json!({}), "access_token: it is missing or not a token"),
        (json!({ "access_token": "a b", "expires_in": 86400 }), "access_token: it is missing or not a token"),
        (json!({ "access_token": "eyJ0" }), "access_token_token_expired: it is missing or not a date and time"),
    ];
    for (body, expected) in cases {
        let broker = Broker::start(move |_| Reply::Json(200, body.clone())).await;
        let error = broker.client().quote(symbol("000660")).await.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[tokio::test]
async fn the_lifetime_in_seconds_counts_where_the_end_is_missing() {
    let broker = Broker::start(|asked| match asked.call() {
        "tokenP" => Reply::Json(200, json!({ "access_token": "first-token", "expires_in": 86400 })),
        _ => price_for(asked, "first-token"),
    })
    .await;
    let client = broker.client();

    client.quote(symbol("000660")).await.unwrap();
    client.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 1);
}

#[tokio::test]
async fn ends_and_settings_beyond_all_reason() {
    for end in ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "-262143-01-01 00:00:00", "+262142-12-31 23:59:59"] {
        let answer = json!({ "access_token": "first-token", "expires_in": 86400, "access_token_token_expired": end });
        let broker = Broker::start(move |asked| match asked.call() {
            "tokenP" => Reply::Json(200, answer.clone()),
            _ => refusal(500, "EGW00121", "유효하지 않은 token 입니다."),
        })
        .await;
        let client = broker.client_with(|settings| settings.renew_token_before = std::time::Duration::MAX);

        let error = client.quote(symbol("000660")).await.unwrap_err();

        assert!(matches!(error, KisError::DeadToken { .. }), "{end}: {error:?}");
    }
}
