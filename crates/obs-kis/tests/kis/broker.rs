//! A broker on loopback that answers as it is told and remembers what it was asked.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Query,
    http::{HeaderMap, Method, Response, Uri},
};
use chrono::{DateTime, TimeDelta, Utc};
use obs_kis::{AccountNumber, Clock, Credentials, Endpoints, Environment, KisClient, KisSettings};
use obs_model::{KST, Symbol};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

pub const APP_KEY: &str = "PSloopbackloopbackloopbackloopback01";
pub const APP_SECRET: &str = "bG9vcGJhY2stc2VjcmV0LXRoYXQtbXVzdC1ub3QtcHJpbnQ=";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Value,
    /// How many requests of the same path came before it.
    pub before: usize,
}

/// What is answered.
pub enum Reply {
    /// With this status and body.
    Json(u16, Value),
    /// The same, with headers.
    With(Vec<(&'static str, String)>, Value),
    /// Bytes that are not JSON.
    Raw(Vec<u8>),
    /// Half an answer, and then the connection is closed.
    Cut,
    /// Nothing, ever.
    Silence,
    /// The answer of another reply, once the test says so.
    After(Arc<Notify>, Box<Reply>),
}

pub struct Broker {
    asked: Arc<Mutex<Vec<Asked>>>,
    pub address: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The last part of its path.
    pub fn call(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    pub fn param(&self, name: &str) -> &str {
        &self.query[name]
    }
}

impl Broker {
    /// Answers each request as the function says.
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let handler = move |method: Method,
                            uri: Uri,
                            Query(query): Query<BTreeMap<String, String>>,
                            headers: HeaderMap,
                            body: Bytes| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let path = uri.path().to_owned();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let request = {
                    let mut log = log.lock().unwrap();
                    let before = log.iter().filter(|earlier| earlier.path == path).count();
                    log.push(Asked { method, path, query, headers, body, before });
                    log.last().unwrap().clone()
                };
                respond(answer(&request)).await
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { asked, address }
    }

    /// Hands out a token that is good for a day, and answers everything else as the function says.
    pub async fn with_login(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |asked| match asked.call() {
            "tokenP" => token("first-token", start() + TimeDelta::hours(24)),
            _ => answer(asked),
        })
        .await
    }

    /// Everything that it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What it was asked by one call.
    pub fn calls(&self, call: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.call() == call).collect()
    }

    pub fn endpoints(&self, environment: Environment) -> Endpoints {
        Endpoints::at(environment, &self.address, "ws://127.0.0.1:1").unwrap()
    }

    pub fn client(&self) -> KisClient {
        self.client_with(|_| ())
    }

    pub fn paper_client(&self) -> KisClient {
        let endpoints = self.endpoints(Environment::Paper);
        client(endpoints, settings(Environment::Paper), clock())
    }

    pub fn client_with(&self, change: impl FnOnce(&mut KisSettings)) -> KisClient {
        let mut settings = settings(Environment::Live);
        change(&mut settings);
        client(self.endpoints(Environment::Live), settings, clock())
    }
}

/// When every test begins: a Monday, 09:30 in Korea.
pub fn start() -> DateTime<Utc> {
    "2026-11-23T00:30:00Z".parse().unwrap()
}

/// How much faster than ours the tests' clock runs: the broker's minute passes in 0.3 s, and its ten minutes, within which some
/// things are not done again, are long enough for a busy machine.
const SPEED: u32 = 200;

pub fn clock() -> Clock {
    Clock::compressed(start(), SPEED)
}

/// Deadlines as long as on a clock that is not compressed, and limits that nobody waits for.
pub fn settings(environment: Environment) -> KisSettings {
    let mut settings = KisSettings::new(environment);
    settings.limits.calls_per_second = NonZeroU32::new(10_000).unwrap();
    settings.limits.account_calls_per_second = NonZeroU32::new(10_000).unwrap();
    for deadline in [&mut settings.deadlines.connect, &mut settings.deadlines.answer, &mut settings.deadlines.call] {
        *deadline = Duration::from_secs(30) * SPEED;
    }
    settings
}

pub fn client(endpoints: Endpoints, settings: KisSettings, clock: Clock) -> KisClient {
    KisClient::new(endpoints, Credentials::new(APP_KEY, APP_SECRET).unwrap(), settings, clock).unwrap()
}

pub fn token(secret: &str, expires_at: DateTime<Utc>) -> Reply {
    let expires_at = expires_at.with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string();
    Reply::Json(
        200,
        json!({ "access_token": secret, "token_type": "Bearer", "expires_in": 86400,
                "access_token_token_expired": expires_at }),
    )
}

/// The broker's refusal of a call.
pub fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::Json(status, json!({ "rt_cd": "1", "msg_cd": code, "msg1": format!("{message:<80}") }))
}

/// A price and nothing else that matters.
pub fn price(won: &str) -> Reply {
    let output = json!({ "stck_prpr": won, "acml_vol": "1", "acml_tr_pbmn": "1" });
    Reply::Json(200, json!({ "output": output, "rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다!" }))
}

pub fn json(text: &str) -> Reply {
    Reply::Json(200, serde_json::from_str(text).unwrap())
}

pub fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

pub fn account() -> AccountNumber {
    "12345678-01".parse().unwrap()
}

async fn respond(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Json(status, body) => response(status, &[], body.to_string().into_bytes()),
        Reply::With(headers, body) => response(200, &headers, body.to_string().into_bytes()),
        Reply::Raw(body) => response(200, &[], body),
        Reply::Cut => response(200, &[("content-length", "100".to_owned())], b"{".to_vec()),
        Reply::Silence => std::future::pending().await,
        Reply::After(notify, reply) => {
            notify.notified().await;
            Box::pin(respond(*reply)).await
        }
    }
}

fn response(status: u16, headers: &[(&'static str, String)], body: Vec<u8>) -> Response<Body> {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).unwrap()
}
