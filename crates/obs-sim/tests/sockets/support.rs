//! A client of the simulator made of plain libraries, and a clock that only moves when told to.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use futures_util::{SinkExt, StreamExt};
use obs_sim::{Clock, Customer, Delivery, SimSettings, Simulator};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Longer than anything here takes; reaching it is a failure.
const DEADLINE: Duration = Duration::from_secs(20);

/// A clock in the hand of the test.
#[derive(Clone)]
pub struct HandClock(Arc<Mutex<DateTime<Utc>>>);

impl HandClock {
    pub fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    pub fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// Settings with short steps, at ten in the Korean morning.
pub fn settings(clock: &HandClock) -> SimSettings {
    SimSettings { step: Duration::from_millis(5), ..SimSettings::new(clock.as_clock(), 7) }
}

pub fn morning() -> HandClock {
    HandClock::at("2026-01-22T01:00:00Z")
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let poll = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(DEADLINE, poll).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

pub async fn post(simulator: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    // Another test of this process may have been first, with the same result.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}{path}", simulator.rest_url());
    let response = reqwest::Client::new().post(url).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// An approval key of the first customer.
pub async fn approval_key(simulator: &Simulator) -> String {
    approval_key_of(simulator, &simulator.customers()[0]).await
}

pub async fn approval_key_of(simulator: &Simulator, Customer { app_key, app_secret, .. }: &Customer) -> String {
    let body = json!({"grant_type": "client_credentials", "appkey": app_key, "secretkey": app_secret});
    let (status, answer) = post(simulator, "/oauth2/Approval", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer["approval_key"].as_str().unwrap().to_owned()
}

pub fn request(approval_key: &str, tr_type: &str, tr_key: &str) -> Value {
    json!({
        "header": {"approval_key": approval_key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"},
        "body": {"input": {"tr_id": "H0STCNT0", "tr_key": tr_key}},
    })
}

/// A connection with an approval key.
pub struct Client {
    pub key: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Records out of the data frames so far, as the ledger would write them.
    pub received: Vec<Delivery>,
    /// Records in each data frame so far.
    pub batches: Vec<usize>,
    connection: u64,
}

impl Client {
    /// Opens the simulator's `connection`th connection.
    pub async fn connect(simulator: &Simulator, connection: u64) -> Self {
        let key = approval_key(simulator).await;
        let (socket, _) = connect_async(format!("{}/tryitout", simulator.websocket_url())).await.unwrap();
        Self { key, socket, received: Vec::new(), batches: Vec::new(), connection }
    }

    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next message, or how the connection ended.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        timeout(DEADLINE, self.socket.next()).await.expect("a message or an end")
    }

    pub async fn next_text(&mut self) -> String {
        self.next().await.unwrap().unwrap().to_text().unwrap().to_owned()
    }

    /// Subscribes or unsubscribes and returns the answer, taking in data that comes before it.
    pub async fn ask(&mut self, tr_type: &str, tr_key: &str) -> Value {
        let request = request(&self.key, tr_type, tr_key);
        self.send(Message::text(request.to_string())).await;
        loop {
            let text = self.next_text().await;
            if text.starts_with('0') {
                self.take_in(&text);
            } else if !text.contains("PINGPONG") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// As `ask`, for the answer's code.
    pub async fn code(&mut self, tr_type: &str, tr_key: &str) -> String {
        self.ask(tr_type, tr_key).await["body"]["msg_cd"].as_str().unwrap().to_owned()
    }

    /// Receives data until so many records have come in all.
    pub async fn receive(&mut self, records: usize) {
        while self.received.len() < records {
            let text = self.next_text().await;
            self.take_in(&text);
        }
    }

    pub fn take_in(&mut self, frame: &str) {
        let parts: Vec<&str> = frame.splitn(4, '|').collect();
        assert_eq!(parts[..2], ["0", "H0STCNT0"]);
        let fields: Vec<&str> = parts[3].split('^').collect();
        let count: usize = parts[2].parse().unwrap();
        assert_eq!(fields.len() % count, 0, "{frame}");
        self.batches.push(count);
        for record in fields.chunks(fields.len() / count) {
            let number = |index: usize| record[index].parse().unwrap();
            let time = NaiveDateTime::parse_from_str(&[record[33], record[1]].concat(), "%Y%m%d%H%M%S").unwrap();
            self.received.push(Delivery {
                connection: self.connection,
                symbol: record[0].parse().unwrap(),
                event_time: time.and_local_timezone(FixedOffset::east_opt(32_400).unwrap()).unwrap().to_utc(),
                price: number(2),
                volume: number(12),
                cumulative_volume: number(13),
            });
        }
    }
}
