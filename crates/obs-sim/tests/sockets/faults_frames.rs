//! Faults that tamper with what the WebSocket sends and reads.

use std::time::Duration;

use crate::support::{Client, HandClock, morning, settings, until};
use chrono::TimeDelta;
use obs_model::Symbol;
use obs_sim::{
    ConnectionEnd, Fault, SimSettings, Simulator,
    market::{Listing, Market, MarketSettings, Trade},
};

const FOREVER: Duration = Duration::ZERO;

/// A market of one stock, a twin that makes the same trades, and a client that listens.
struct Scene {
    clock: HandClock,
    twin: Market,
    simulator: Simulator,
    client: Client,
}

impl Scene {
    async fn open() -> Self {
        Self::with(|settings| settings).await
    }

    async fn with(change: impl Fn(SimSettings) -> SimSettings) -> Self {
        let clock = morning();
        let listings = Listing::defaults()[..1].to_vec();
        let market = MarketSettings { listings, trades_per_second: 50, ..MarketSettings::new(5) };
        let twin = Market::new(market.clone()).unwrap();
        let simulator = Simulator::start(change(SimSettings { market, ..settings(&clock) })).await.unwrap();
        let mut client = Client::connect(&simulator, 1).await;
        assert_eq!(client.code("1", "005930").await, "OPSP0000");
        Self { clock, twin, simulator, client }
    }

    fn inject(&self, fault: Fault) -> Option<u64> {
        self.simulator.control().inject(fault, FOREVER)
    }

    /// Lets so many seconds pass and waits until the simulator has made the trades, which are returned as cumulative volumes.
    async fn trade(&mut self, seconds: i64) -> Vec<i64> {
        let from = self.clock.now();
        self.clock.advance(TimeDelta::seconds(seconds));
        let trades = self.twin.advance(from, self.clock.now());
        let volume = trades.last().unwrap().day.volume;
        let (ledger, samsung) = (self.simulator.ledger(), symbol());
        until("the market trades", || ledger.market_volume(samsung) == volume).await;
        volumes(&trades)
    }

    fn received(&self) -> Vec<i64> {
        self.client.received.iter().map(|delivery| delivery.cumulative_volume).collect()
    }

    fn booked(&self) -> Vec<i64> {
        self.simulator.ledger().snapshot().iter().map(|delivery| delivery.cumulative_volume).collect()
    }
}

fn symbol() -> Symbol {
    "005930".parse().unwrap()
}

fn volumes(trades: &[Trade]) -> Vec<i64> {
    trades.iter().map(|trade| trade.day.volume).collect()
}

#[tokio::test]
async fn duplicates_arrive_and_are_counted_apart() {
    let mut scene = Scene::open().await;
    scene.inject(Fault::Duplicate { records: 3 });
    let made = scene.trade(3).await;
    scene.client.receive(made.len() + 3).await;
    let mut received = scene.received();
    assert_eq!((received.len(), scene.simulator.ledger().duplicates()), (made.len() + 3, 3));
    assert!(received.windows(2).any(|pair| pair[1] <= pair[0]));
    received.sort_unstable();
    received.dedup();
    assert_eq!((&received, &scene.booked()), (&made, &made));
}

#[tokio::test]
async fn reordered_records_come_after_their_successors() {
    let mut scene = Scene::open().await;
    scene.inject(Fault::Reorder { records: 2 });
    let mut made = scene.trade(3).await;
    scene.client.receive(made.len()).await;
    made.swap(0, 1);
    made.swap(2, 3);
    assert_eq!((scene.received(), scene.booked()), (made.clone(), made));
}

#[tokio::test]
async fn truncated_frames_lose_their_records() {
    let mut scene = Scene::open().await;
    scene.inject(Fault::Truncate { frames: 1 });
    let made = scene.trade(3).await;
    let torn = scene.client.next_text().await;
    let count: usize = torn[11..14].parse().unwrap();
    assert!(torn.starts_with("0|H0STCNT0|"));
    assert!(torn.split('^').count() < count * 47);
    scene.client.receive(made.len() - count).await;
    assert_eq!((scene.received(), scene.booked()), (made[count..].to_vec(), made[count..].to_vec()));
}

#[tokio::test]
async fn oversized_and_meaningless_messages_are_sent_as_they_are() {
    let mut scene = Scene::open().await;
    scene.inject(Fault::Oversize { bytes: 70_000 });
    scene.inject("garbage".parse().unwrap());
    let oversized = scene.client.next_text().await;
    assert!(oversized.starts_with("0|H0STCNT0|001|999"));
    assert_eq!(oversized.len(), 70_000);
    assert!(scene.client.next_text().await.contains("xyz"));
    assert_eq!(scene.booked(), Vec::<i64>::new());
}

#[tokio::test]
async fn a_server_that_stops_reading_answers_later_and_blames_nobody() {
    let mut scene = Scene::with(|settings| SimSettings {
        ping_interval: Duration::from_millis(20),
        ping_patience: Duration::from_millis(200),
        ..settings
    })
    .await;
    let id = scene.inject(Fault::StopReading).unwrap();
    scene.client.send(tokio_tungstenite::tungstenite::Message::text("{unread")).await;
    // Far more PINGPONGs than the patience lasts for, and no answer among them.
    for _ in 0..30 {
        assert!(scene.client.next_text().await.contains("PINGPONG"));
    }
    assert_eq!(scene.simulator.control().connections(), 1);
    assert!(scene.simulator.control().clear(id));
    while !scene.client.next_text().await.contains("OPSP9999") {}
}

#[tokio::test]
async fn a_slow_server_sends_everything_late() {
    let mut scene = Scene::open().await;
    scene.inject(Fault::Slow { pause: Duration::from_millis(150) });
    let began = std::time::Instant::now();
    let made = scene.trade(1).await;
    scene.client.receive(made.len()).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!(scene.received(), made);
}

#[tokio::test]
async fn a_compressed_clock_shortens_pauses_and_pings() {
    let mut scene = Scene::with(|settings| SimSettings { speed: 1_000, ..settings }).await;
    // 100 ms without an answer are 100 s of market time.
    while let Some(Ok(_)) = scene.client.next().await {}
    until("it is booked", || scene.simulator.ledger().connections()[0].end.is_some()).await;
    assert_eq!(scene.simulator.ledger().connections()[0].end.unwrap().1, ConnectionEnd::Unanswered);
}

#[tokio::test]
async fn the_ledger_says_who_left() {
    let Scene { simulator, client, .. } = Scene::open().await;
    drop(client);
    let ledger = simulator.ledger();
    until("it is booked", || ledger.connections()[0].end.is_some()).await;
    let Client { .. } = Client::connect(&simulator, 2).await;
    until("it is booked", || ledger.connections().len() == 2).await;
    simulator.stop().await;
    let ends: Vec<ConnectionEnd> = ledger.connections().iter().map(|connection| connection.end.unwrap().1).collect();
    assert_eq!(ends[0], ConnectionEnd::ClientLeft);
}
