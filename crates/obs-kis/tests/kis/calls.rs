//! What all calls have in common: headers, further tries, the rate limit, the broker's clock, secrets.

use std::{num::NonZeroU32, time::Duration};

use chrono::TimeDelta;
use obs_kis::{CallCounts, Clock, Environment, KisError, KisSettings};
use serde_json::json;

use crate::broker::{APP_KEY, APP_SECRET, Broker, Reply, account, client, clock, price, refusal, settings, start, symbol};

/// What a quote comes to if every try is answered like this, and how many tries there were.
async fn quote_answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (KisError, usize) {
    let broker = Broker::with_login(move |_| reply()).await;
    let error = broker.client().quote(symbol("000660")).await.unwrap_err();
    (error, broker.calls("inquire-price").len())
}

#[tokio::test]
async fn the_headers_of_a_query() {
    let broker = Broker::with_login(|_| price("128500")).await;

    broker.client().quote(symbol("000660")).await.unwrap();

    let [asked] = &broker.calls("inquire-price")[..] else { panic!() };
    let expected = [
        ("content-type", "application/json; charset=utf-8"),
        ("authorization", "Bearer first-token"),
        ("appkey", APP_KEY),
        ("appsecret", APP_SECRET),
        ("tr_id", "FHKST01010100"),
        ("tr_cont", ""),
        ("custtype", "P"),
    ];
    for (name, value) in expected {
        assert_eq!(asked.headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{name}");
    }
}

#[tokio::test]
async fn a_query_that_may_succeed_later_is_asked_four_times() {
    type Answer = fn() -> Reply;
    let cases: [(&str, Answer); 6] = [
        ("rate limit", || refusal(500, "EGW00201", "초당 거래건수를 초과하였습니다.")),
        ("rate limit with status 200", || refusal(200, "EGW00201", "초당 거래건수를 초과하였습니다.")),
        ("ledger's rate limit", || refusal(500, "EGW00215", "?")),
        ("routing", || refusal(500, "EGW00202", "?")),
        ("an unknown fault", || refusal(500, "XXXX0000", "?")),
        ("half an answer", || Reply::Cut),
    ];
    for (what, answer) in cases {
        let (error, tries) = quote_answered(answer).await;
        assert!(error.is_retryable(), "{what}: {error:?}");
        assert_eq!(tries, 4, "{what}");
    }
}

#[tokio::test]
async fn a_query_that_cannot_succeed_is_asked_once() {
    let cases = [("EGW02004", 500), ("EGW00304", 500), ("EGW00206", 500), ("OPSQ0002", 500), ("XXXX0000", 200)];
    for (code, status) in cases {
        let (error, tries) = quote_answered(move || refusal(status, code, "no")).await;
        assert!(error.is_fatal(), "{code}: {error:?}");
        assert_eq!(tries, 1, "{code}");
    }
}

#[tokio::test]
async fn a_rate_limit_in_passing_is_waited_out_and_counted() {
    let broker = Broker::with_login(|asked| match asked.before {
        0 | 1 => refusal(500, "EGW00201", "초당 거래건수를 초과하였습니다."),
        _ => price("128500"),
    })
    .await;
    let clock = clock();
    let mut settings = settings(Environment::Paper);
    settings.retries.first_pause = Duration::from_millis(1);
    let client = client(broker.endpoints(Environment::Paper), settings, clock.clone());
    let began = clock.now();

    client.quote(symbol("000660")).await.unwrap();

    assert!(clock.now() - began >= TimeDelta::seconds(2), "a second each in paper trading");
    assert_eq!(client.counts(), CallCounts { calls: 4, retries: 2, rate_limited: 2, logins: 1 });
}

#[tokio::test]
async fn a_host_that_says_nothing_is_given_up_and_asked_again() {
    let broker = Broker::with_login(|asked| if asked.before == 0 { Reply::Silence } else { price("128500") }).await;
    let client = broker.client_with(|settings| settings.deadlines.answer = Duration::from_secs(400));

    client.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("inquire-price").len(), 2);
}

#[tokio::test]
async fn calls_are_spaced_by_the_limit_and_those_about_the_ledger_by_their_own() {
    let broker = Broker::with_login(|_| price("128500")).await;
    let limited = |calls_per_second, account_calls_per_second, clock: &Clock| {
        let mut settings = settings(Environment::Live);
        settings.limits.calls_per_second = NonZeroU32::new(calls_per_second).unwrap();
        settings.limits.account_calls_per_second = NonZeroU32::new(account_calls_per_second).unwrap();
        settings.retries.tries = 0;
        client(broker.endpoints(Environment::Live), settings, clock.clone())
    };

    let clock = Clock::compressed(start(), 1);
    let general = limited(20, 1, &clock);
    let began = clock.now();
    let calls: Vec<_> = (0..11)
        .map(|_| {
            let client = general.clone();
            tokio::spawn(async move { client.quote(symbol("000660")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let took = clock.now() - began;
    assert!(took >= TimeDelta::milliseconds(500), "ten waits of a twentieth of a second: {took}");

    let ledger = limited(20, 4, &clock);
    let began = clock.now();
    for _ in 0..3 {
        // The answer is no balance; it took its turn all the same.
        ledger.balance(&account()).await.unwrap_err();
    }
    let took = clock.now() - began;
    assert!(took >= TimeDelta::milliseconds(500), "two waits of a quarter of a second: {took}");
}

#[tokio::test]
async fn the_brokers_clock_is_the_median_of_its_answers() {
    let dates = ["00:29:50", "00:29:51", "03:00:00", "00:29:50", "00:29:49", "garbage"];
    let broker = Broker::with_login(move |asked| {
        let date = format!("Mon, 23 Nov 2026 {} GMT", dates[asked.before]);
        let output = json!({ "stck_prpr": "1", "acml_vol": "1", "acml_tr_pbmn": "1" });
        Reply::With(vec![("date", date)], json!({ "rt_cd": "0", "output": output }))
    })
    .await;
    let client = client(broker.endpoints(Environment::Live), settings(Environment::Live), Clock::compressed(start(), 1));
    assert_eq!(client.clock_skew(), None);

    for _ in 0..dates.len() {
        client.quote(symbol("000660")).await.unwrap();
    }

    let skew = client.clock_skew().unwrap();
    assert!((TimeDelta::seconds(8)..TimeDelta::seconds(18)).contains(&skew), "{skew}");
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let echo = format!("appkey {APP_KEY} appsecret {APP_SECRET} Bearer first-token");
    let broker = Broker::with_login(move |_| refusal(200, "XXXX0000", &echo)).await;
    let proxy = "http://user:proxy-password@127.0.0.1:1";
    let settings = {
        let mut settings = KisSettings::new(Environment::Live);
        settings.proxy = Some(proxy.into());
        settings
    };
    let client = broker.client();

    let error = client.quote(symbol("000660")).await.unwrap_err();
    let order = client.balance(&account()).await.unwrap_err();

    let printed = format!("{client:?} {settings:?} {:?} {error} {error:?} {order} {order:?}", account());
    for secret in [APP_KEY, APP_SECRET, "first-token", "proxy-password", "12345678"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert!(error.to_string().contains("appkey [app key] appsecret [app secret] Bearer [access token]"), "{error}");
}

#[tokio::test]
async fn a_proxy_is_used_for_every_call() {
    let proxy = Broker::with_login(|_| price("128500")).await;
    let mut settings = settings(Environment::Live);
    settings.proxy = Some(proxy.address.clone().into());
    let nowhere = obs_kis::Endpoints::at(Environment::Live, "http://broker.invalid", "ws://127.0.0.1:1").unwrap();

    client(nowhere, settings, clock()).quote(symbol("000660")).await.unwrap();

    assert_eq!(proxy.asked().len(), 2);
}

#[test]
fn a_proxy_that_is_no_address_is_refused_without_printing_it() {
    let mut settings = KisSettings::new(Environment::Live);
    settings.proxy = Some("http://user:proxy-password@".into());
    let credentials = obs_kis::Credentials::new(APP_KEY, APP_SECRET).unwrap();
    let endpoints = obs_kis::Endpoints::at(Environment::Live, "http://127.0.0.1:1", "ws://127.0.0.1:1").unwrap();

    let error = obs_kis::KisClient::new(endpoints, credentials, settings, Clock::system()).unwrap_err();

    assert_eq!(error.to_string(), "the proxy is not an address such as http://127.0.0.1:3128");
}

#[test]
fn the_limits_of_each_environment() {
    let limits = |environment| {
        let limits = KisSettings::new(environment).limits;
        (limits.calls_per_second.get(), limits.account_calls_per_second.get())
    };
    assert_eq!((limits(Environment::Live), limits(Environment::Paper)), ((18, 2), (1, 1)));
}
