//! A server on a database in a file, and a client.

use std::{net::SocketAddr, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_api::{Api, serve};
use obs_model::{
    Bar, Coverage, FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, HealedBar, Money, Ohlc, PolicyId,
    PortfolioPolicy, PortfolioSnapshot, Price, QualityFlag, Quantity, RebalanceFrequency, SchemaVersion, SessionId,
    SnapshotId, SwingBar, Symbol, Tick, Weight,
};
use obs_store::{AppliedPolicy, Batch, Digest, Reject, SchemaRepository, Store};
use obs_store_sqlite::SqliteStore;
use reqwest::{Response, header::HeaderMap};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// Ten o'clock and half a minute on a Thursday in Korea.
pub const NOW: &str = "2026-01-22T01:00:30Z";

/// A server, which ends with this value.
pub struct Server {
    pub address: SocketAddr,
    pub store: Arc<dyn Store>,
    http: reqwest::Client,
    api: Api,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    /// Over an empty database.
    pub async fn empty() -> Self {
        Self::with(|api| api).await
    }

    /// Over an empty database, with another interface.
    pub async fn with(change: impl FnOnce(Api) -> Api) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("observer.db")).await.unwrap();
        store.migrate().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let names = |symbol: Symbol| (symbol.as_str() == "005930").then(|| "삼성전자".to_owned());
        let api = Api { clock: Arc::new(|| at(NOW)), names: Arc::new(names), ..Api::new(Arc::clone(&store)) };
        let api = change(api);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = api.clone();
        let serving = tokio::spawn(async move { serve(listener, served).await.unwrap() });
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { address, store, http: reqwest::Client::new(), api, serving, _folder: folder }
    }

    /// Over a database with something of everything.
    pub async fn filled() -> Self {
        let server = Self::empty().await;
        server.commit(everything()).await;
        server
    }

    pub async fn commit(&self, batch: Batch) {
        self.store.commit(&batch).await.unwrap();
    }

    /// A policy named `balanced`.
    pub async fn policy(&self) {
        let policy = PortfolioPolicy {
            policy_id: PolicyId::new("balanced").unwrap(),
            policy_name: "Balanced".to_owned(),
            created_at: at(NOW),
            rebalance_threshold: Weight::default(),
            rebalance_frequency: RebalanceFrequency::Monthly,
            is_active: true,
        };
        let applied = AppliedPolicy { policy, targets: Vec::new(), text: "# nothing".to_owned(), at: at(NOW) };
        self.store.apply_policy(&applied, None).await.unwrap();
    }

    /// A snapshot by that policy.
    pub async fn snapshot(&self, value: &str, time: &str) -> SnapshotId {
        let snapshot = PortfolioSnapshot {
            snapshot_id: SnapshotId(0),
            policy_id: PolicyId::new("balanced").unwrap(),
            policy_version: None,
            snapshot_time: at(time),
            total_value: value.parse::<Money>().unwrap(),
            cash: "0.5".parse().unwrap(),
            drift: None,
            source: None,
        };
        self.store.add_snapshot(&snapshot, &[]).await.unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.get_with(path, HeaderMap::new()).await
    }

    pub async fn get_with(&self, path: &str, headers: HeaderMap) -> Response {
        self.http.get(self.url(path)).headers(headers).send().await.unwrap()
    }

    pub async fn send(&self, method: reqwest::Method, path: &str) -> Response {
        self.http.request(method, self.url(path)).send().await.unwrap()
    }

    /// What is answered with 200.
    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// What is answered with this status, as a problem.
    pub async fn problem(&self, path: &str, status: u16) -> Value {
        problem_of(self.get(path).await, status).await
    }

    /// Cancels what it was made from, and waits for its end.
    pub async fn stop(mut self) {
        self.api.stop.cancel();
        (&mut self.serving).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.api.stop.cancel();
        self.serving.abort();
    }
}

pub async fn problem_of(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().starts_with("urn:observer:problem:"), "{problem}");
    problem
}

pub fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn session() -> SessionId {
    SessionId::new("observer-1").unwrap()
}

pub fn tick(symbol: &str, time: &str, won: &str) -> Tick {
    Tick {
        symbol: symbol.parse().unwrap(),
        event_time: at(time),
        last_price: Some(won.parse().unwrap()),
        volume: Some(Quantity::new(10).unwrap()),
        bid_price: None,
        ask_price: Some(Price::from_won(71_900).unwrap()),
        bid_size: None,
        ask_size: Some(Quantity::new(3_400).unwrap()),
        session_id: session(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

pub fn bar(symbol: &str, time: &str, close: &str) -> Bar {
    let [open, high, low] = ["71900", "72000", "71800"].map(|price| price.parse().unwrap());
    Bar {
        symbol: symbol.parse().unwrap(),
        bar_time: at(time),
        ohlc: Ohlc::new(open, high, low, close.parse().unwrap()).unwrap(),
        volume: Quantity::new(1_000).unwrap(),
        coverage: Coverage::of_slots(90),
        session_id: session(),
        quality_flag: QualityFlag::Normal,
    }
}

pub fn swing_bar(symbol: &str, time: &str) -> SwingBar {
    SwingBar {
        symbol: symbol.parse().unwrap(),
        bar_time: at(time),
        open: Some("71900".parse().unwrap()),
        high: Some("72000.5".parse().unwrap()),
        low: Some("71800".parse().unwrap()),
        close: Some("71950.25".parse().unwrap()),
        volume: Some(Quantity::new(128_537).unwrap()),
        bid_price: None,
        ask_price: None,
        session_id: session(),
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

pub fn gap(ends: (&str, &str), symbols: &[&str]) -> Gap {
    let symbols = symbols.iter().map(|code| code.parse().unwrap()).collect();
    Gap::new((at(ends.0), at(ends.1)), GapScope::Scalp, GapReason::WsDisconnect, symbols, session()).unwrap()
}

fn feed_event(time: &str, change: FeedChange) -> FeedEvent {
    let feed_id = FeedId::nth_of(&session(), 1).unwrap();
    FeedEvent { feed_id, session_id: session(), at: at(time), change }
}

/// Something of everything, on the Thursday of [`NOW`].
pub fn everything() -> Batch {
    let healed = HealedBar {
        symbol: "005930".parse().unwrap(),
        bar_time: at("2026-01-22T00:02:00Z"),
        ohlc: Ohlc::of("72100".parse().unwrap()),
        volume: Quantity::new(5).unwrap(),
        healed_at: at("2026-01-22T00:30:00Z"),
        session_id: session(),
    };
    let reject = |offset: u64| Reject {
        head: Digest::new([7; 32]),
        path: "scalp/20260122_09.jsonl".to_owned(),
        line_number: offset / 10 + 1,
        byte_offset: offset,
        reason: "not_json".to_owned(),
        detail: "expected value, at line 1".to_owned(),
        raw: b"what \"is\" this\xff".to_vec(),
    };
    let symbol: Symbol = "005930".parse().unwrap();
    Batch {
        ticks: vec![
            tick("005930", "2026-01-22T00:00:01Z", "71950.5"),
            tick("000660", "2026-01-22T00:00:01Z", "200000"),
            tick("005930", "2026-01-22T00:00:02Z", "71900"),
            tick("005930", "2026-01-22T01:00:29Z", "71800"),
        ],
        bars: vec![
            bar("005930", "2026-01-22T00:00:00Z", "71950.5"),
            bar("000660", "2026-01-22T00:00:00Z", "71900"),
            bar("005930", "2026-01-22T00:01:00Z", "71900"),
        ],
        swing_bars: vec![swing_bar("005930", "2026-01-22T00:00:00Z"), swing_bar("000660", "2026-01-22T00:00:00Z")],
        gaps: vec![
            gap(("2026-01-22T00:10:00Z", "2026-01-22T00:11:30Z"), &["005930"]),
            gap(("2026-01-22T00:10:00Z", "2026-01-22T00:10:20Z"), &[]),
            gap(("2026-01-21T00:10:00Z", "2026-01-21T00:20:00Z"), &["000660"]),
        ],
        healed_bars: vec![healed],
        feed_events: vec![
            feed_event("2026-01-22T00:00:00Z", FeedChange::Opened),
            feed_event("2026-01-22T00:00:01Z", FeedChange::Subscribed { symbol }),
            feed_event("2026-01-22T00:30:00Z", FeedChange::Alive),
        ],
        rejects: vec![reject(0), reject(10), reject(20)],
        ..Batch::default()
    }
}

/// So many ticks, a second apart, from the opening on.
pub fn ticks(count: u32) -> Vec<Tick> {
    let open = at("2026-01-22T00:00:00Z");
    let nth = |nth: u32| {
        // Three in a second, so that pages end within one.
        let time = open + TimeDelta::seconds(i64::from(nth / 3));
        Tick { event_time: time, volume: Some(Quantity::new(i64::from(nth)).unwrap()), ..tick("005930", NOW, "1") }
    };
    (0..count).map(nth).collect()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
