//! A broker on loopback that says what the test tells it to say, and the feed that listens to it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use obs_ingest_ws::{Counters, FeedError, FeedItem, Refusal, Settings, WsFeed};
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisClient, KisSettings};
use obs_model::{FeedChange, FeedId, SessionId, Symbol};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use tokio_util::sync::CancellationToken;

/// Whatever takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// The two hosts of a broker.
pub struct Broker {
    rest: String,
    websocket: TcpListener,
    logins: Arc<AtomicUsize>,
}

impl Broker {
    /// A broker that hands out the approval keys `key-1`, `key-2`, …
    pub async fn start() -> Self {
        Self::answering(|login| ("200 OK", format!(r#"{{"approval_key":"key-{login}"}}"#))).await
    }

    /// A broker that answers the n-th login, from 1, with this status and body.
    pub async fn answering(answer: impl Fn(usize) -> (&'static str, String) + Send + 'static) -> Self {
        let (rest, websocket) = (listener().await, listener().await);
        let logins = Arc::new(AtomicUsize::new(0));
        let (address, count) = (rest.local_addr().unwrap(), Arc::clone(&logins));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = rest.accept().await {
                read_request(&mut socket).await;
                let (status, body) = answer(count.fetch_add(1, Ordering::SeqCst) + 1);
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
                socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        Self { rest: format!("http://{address}"), websocket, logins }
    }

    pub fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    pub fn client(&self) -> KisClient {
        let websocket = format!("ws://{}", self.websocket.local_addr().unwrap());
        let endpoints = Endpoints::at(Environment::Live, &self.rest, &websocket).unwrap();
        let credentials = Credentials::new("PSloopback", "bG9vcGJhY2s=").unwrap();
        KisClient::new(endpoints, credentials, KisSettings::new(Environment::Live), Clock::system()).unwrap()
    }

    /// The next connection, before any WebSocket is spoken.
    pub async fn accept_socket(&self) -> TcpStream {
        soon("a connection", self.websocket.accept()).await.unwrap().0
    }

    /// The next connection.
    pub async fn accept(&self) -> Line {
        let socket = self.accept_socket().await;
        Line(soon("a handshake", tokio_tungstenite::accept_async(socket)).await.unwrap())
    }

    /// The next connection, and the subscriptions of these symbols acknowledged in their order.
    pub async fn serve(&self, key: &str, symbols: &[&str]) -> Line {
        let mut line = self.accept().await;
        for symbol in symbols {
            line.expect_request(key, symbol).await;
            line.answer(symbol, "0", "OPSP0000", "SUBSCRIBE SUCCESS").await;
        }
        line
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn read_request(socket: &mut TcpStream) {
    let mut request = Vec::new();
    // The body is one JSON object, and the last thing that comes.
    while !request.ends_with(b"}") {
        assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0, "the login was cut off");
    }
}

/// The broker's end of a connection.
pub struct Line(WebSocketStream<TcpStream>);

impl Line {
    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message from the feed.
    pub async fn message(&mut self) -> Message {
        soon("a message", self.0.next()).await.unwrap().unwrap()
    }

    /// The next text from the feed; pings are answered by the library.
    pub async fn text(&mut self) -> String {
        loop {
            match self.message().await {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) => {}
                other => panic!("{other:?} instead of a text"),
            }
        }
    }

    pub async fn expect_request(&mut self, key: &str, symbol: &str) {
        self.expect(key, "1", symbol).await;
    }

    pub async fn expect_farewell(&mut self, key: &str, symbol: &str) {
        self.expect(key, "2", symbol).await;
    }

    async fn expect(&mut self, key: &str, tr_type: &str, symbol: &str) {
        let request: serde_json::Value = serde_json::from_str(&self.text().await).unwrap();
        let expected = serde_json::json!({
            "header": { "approval_key": key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8" },
            "body": { "input": { "tr_id": "H0STCNT0", "tr_key": symbol } },
        });
        assert_eq!(request, expected);
    }

    pub async fn answer(&mut self, symbol: &str, rt_cd: &str, msg_cd: &str, msg1: &str) {
        let header = format!(r#"{{"tr_id":"H0STCNT0","tr_key":"{symbol}","encrypt":"N"}}"#);
        let body = format!(r#"{{"rt_cd":"{rt_cd}","msg_cd":"{msg_cd}","msg1":"{msg1}"}}"#);
        self.send(&format!(r#"{{"header":{header},"body":{body}}}"#)).await;
    }

    /// The socket, to be spoken to without the library.
    pub fn into_socket(self) -> TcpStream {
        self.0.into_inner()
    }

    /// Waits for the feed's goodbye, and returns it.
    pub async fn expect_close(mut self) {
        let message = soon("a goodbye", self.0.next()).await.unwrap().unwrap();
        assert!(message.is_close(), "{message:?}");
        // Reading on sends the answer.
        assert!(soon("the end", self.0.next()).await.is_none());
    }
}

/// A feed that runs, and everything it says.
pub struct Running {
    pub counters: Arc<Counters>,
    pub cancel: CancellationToken,
    wanted: watch::Sender<Vec<Symbol>>,
    items: mpsc::Receiver<FeedItem>,
    run: JoinHandle<Result<(), FeedError>>,
    /// The attestation right before the item that came last, if there was one.
    pub alive: Option<DateTime<Utc>>,
    /// The last attestation of all.
    attested: Option<DateTime<Utc>>,
    /// The instant of the latest item.
    at: DateTime<Utc>,
}

/// Settings with which a test need not wait.
pub fn impatient() -> Settings {
    Settings { subscribe_pacing: Duration::from_millis(1), backoff: vec![Duration::from_millis(5)], ..Settings::default() }
}

pub fn session() -> SessionId {
    SessionId::new("observer-1").unwrap()
}

pub fn feed_id(nth: u32) -> FeedId {
    FeedId::nth_of(&session(), nth).unwrap()
}

pub fn symbols(codes: &[&str]) -> Vec<Symbol> {
    codes.iter().map(|code| code.parse().unwrap()).collect()
}

pub fn feed(
    broker: &Broker,
    wanted: watch::Receiver<Vec<Symbol>>,
    counters: Arc<Counters>,
    settings: Settings,
    clock: Clock,
) -> WsFeed {
    WsFeed::new(broker.client(), wanted, session(), counters, settings, clock, 7).unwrap()
}

impl Running {
    pub fn start(broker: &Broker, codes: &[&str], settings: Settings) -> Self {
        Self::with(broker, codes, settings, 1000, Clock::system())
    }

    pub fn with(broker: &Broker, codes: &[&str], settings: Settings, capacity: usize, clock: Clock) -> Self {
        let (wanted, receiver) = watch::channel(symbols(codes));
        let (counters, cancel) = (Arc::<Counters>::default(), CancellationToken::new());
        let feed = feed(broker, receiver, Arc::clone(&counters), settings, clock);
        let (sender, items) = mpsc::channel(capacity);
        let run = tokio::spawn(feed.run(sender, cancel.clone()));
        Self { counters, cancel, wanted, items, run, alive: None, attested: None, at: DateTime::<Utc>::MIN_UTC }
    }

    /// Changes what is wanted.
    pub fn want(&self, codes: &[&str]) {
        self.wanted.send(symbols(codes)).unwrap();
    }

    /// The next item; `None` at the end. Attestations are noted and passed over: they come when a second is over.
    pub async fn next(&mut self) -> Option<FeedItem> {
        self.alive = None;
        loop {
            let item = soon("an item", self.items.recv()).await;
            let at = match &item {
                Some(FeedItem::Feed(event)) if event.change == FeedChange::Alive => {
                    (self.alive, self.attested) = (Some(event.at), Some(event.at));
                    continue;
                }
                Some(FeedItem::Tick(record)) => {
                    assert!(self.attested < Some(record.received_at), "{record:?} was attested");
                    record.received_at
                }
                Some(FeedItem::Feed(event)) => event.at,
                Some(FeedItem::Refused(refusal)) => refusal.at,
                Some(FeedItem::Rejected(frame)) => frame.received_at,
                None => self.at,
            };
            assert!(self.at <= at, "{item:?} comes after what was later");
            self.at = at;
            return item;
        }
    }

    /// The next item, which must be this change; returns when it was.
    pub async fn expect(&mut self, nth: u32, change: FeedChange) -> DateTime<Utc> {
        match self.next().await {
            Some(FeedItem::Feed(event)) => {
                assert_eq!((event.feed_id, event.session_id), (feed_id(nth), session()));
                assert_eq!(event.change, change);
                event.at
            }
            other => panic!("{other:?} instead of {change:?}"),
        }
    }

    /// The next item, which must be a tick: when it was received, its volume and the day's.
    pub async fn tick(&mut self) -> (DateTime<Utc>, i64, i64) {
        match self.next().await {
            Some(FeedItem::Tick(record)) => {
                let [volume, total] = [record.tick.volume, record.cumulative_volume].map(|shares| shares.unwrap().shares());
                (record.received_at, volume, total)
            }
            other => panic!("{other:?} instead of a tick"),
        }
    }

    /// The next item, which must be a refusal.
    pub async fn refusal(&mut self) -> Refusal {
        match self.next().await {
            Some(FeedItem::Refused(refusal)) => refusal,
            other => panic!("{other:?} instead of a refusal"),
        }
    }

    /// The next attestation's instant.
    pub async fn attested(&mut self) -> DateTime<Utc> {
        match soon("an attestation", self.items.recv()).await {
            Some(FeedItem::Feed(event)) if event.change == FeedChange::Alive => event.at,
            other => panic!("{other:?} instead of an attestation"),
        }
    }

    /// How the run ended. Nothing may be left unsaid.
    pub async fn end(mut self) -> Result<(), FeedError> {
        assert_eq!(self.next().await, None);
        soon("the end", self.run).await.unwrap()
    }
}
