//! A poller that runs against a broker, and everything it says.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_rest::{
    Counters, Member, PollError, PollItem, Poller, RejectedAnswer, Resume, Settings, Source, Universe, Window,
};
use obs_kis::Clock;
use obs_model::{Calendar, Gap, KST, Price, Quantity, SessionId, SwingBar, Symbol};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::broker::{self, Broker};

/// How fast the tests' market runs: a window passes in five seconds.
pub const SPEED: u32 = 120;
/// Whatever takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(60);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// A Korean time on Monday, 23 November 2026, an ordinary day.
pub fn at(time: &str) -> DateTime<Utc> {
    on("2026-11-23", time)
}

pub fn on(day: &str, time: &str) -> DateTime<Utc> {
    format!("{day}T{time}+09:00").parse::<DateTime<Utc>>().unwrap()
}

pub fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

pub fn session() -> SessionId {
    SessionId::new("observer-1").unwrap()
}

fn universe(codes: &[&str]) -> Universe {
    let member = |code: &&str| Member { symbol: symbol(code), name: None, previous_close: None, market: None };
    let date = "2026-11-20".parse().unwrap();
    Universe { date, members: codes.iter().map(member).collect(), source: Source::Broker, dropped: BTreeMap::new() }
}

pub struct Running {
    pub counters: Arc<Counters>,
    pub calendar: watch::Sender<Calendar>,
    cancel: CancellationToken,
    items: mpsc::Receiver<PollItem>,
    run: JoinHandle<Result<(), PollError>>,
    /// What was passed over while something else was waited for.
    pub candles: BTreeMap<Symbol, usize>,
}

impl Running {
    pub fn start(broker: &Broker, clock: Clock, calendar: Calendar, codes: &[&str], resume: Resume) -> Self {
        Self::with_room(broker, clock, calendar, codes, resume, 10_000)
    }

    /// With a channel that holds so many items.
    pub fn with_room(
        broker: &Broker,
        clock: Clock,
        calendar: Calendar,
        codes: &[&str],
        resume: Resume,
        room: usize,
    ) -> Self {
        let (counters, cancel) = (Arc::<Counters>::default(), CancellationToken::new());
        let (calendar, calendar_seen) = watch::channel(calendar);
        let (_, universe) = watch::channel(Arc::new(universe(codes)));
        let client = broker.client(clock.clone());
        let poller =
            Poller::new(client, universe, calendar_seen, session(), Settings::default(), clock, Arc::clone(&counters));
        let (sender, items) = mpsc::channel(room);
        let run = tokio::spawn(poller.resuming(resume).run(sender, cancel.clone()));
        Self { counters, calendar, cancel, items, run, candles: BTreeMap::new() }
    }

    /// The next item but candles, which are counted.
    pub async fn next(&mut self) -> Option<PollItem> {
        loop {
            match soon("an item", self.items.recv()).await {
                Some(PollItem::Candles { symbol, rows }) => *self.candles.entry(symbol).or_default() += rows.len(),
                item => return item,
            }
        }
    }

    pub async fn bar(&mut self) -> SwingBar {
        match self.next().await {
            Some(PollItem::Bar(record)) => record.bar,
            other => panic!("{other:?} instead of a bar"),
        }
    }

    /// The next bars, by symbol and then time.
    pub async fn bars(&mut self, count: usize) -> Vec<SwingBar> {
        let mut bars = Vec::new();
        for _ in 0..count {
            bars.push(self.bar().await);
        }
        bars.sort_by_key(|bar| (bar.symbol, bar.bar_time));
        bars
    }

    pub async fn gap(&mut self) -> Gap {
        match self.next().await {
            Some(PollItem::Gap(gap)) => gap,
            other => panic!("{other:?} instead of a gap"),
        }
    }

    pub async fn rejected(&mut self) -> RejectedAnswer {
        match self.next().await {
            Some(PollItem::Rejected(rejected)) => rejected,
            other => panic!("{other:?} instead of a rejected answer"),
        }
    }

    /// How the run ended by itself. Nothing may be left unsaid.
    pub async fn end(mut self) -> Result<(), PollError> {
        assert_eq!(self.next().await, None);
        soon("the end", self.run).await.unwrap()
    }

    /// Cancels it, and returns what was said before it ended.
    pub async fn stop(mut self) -> Vec<PollItem> {
        self.cancel.cancel();
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item);
        }
        soon("the end", self.run).await.unwrap().unwrap();
        items
    }
}

/// What the bar of the ten minutes from `start` must be, with the best ask of a poll or without.
pub fn expected(calendar: &Calendar, code: &str, start: DateTime<Utc>, asked: bool) -> SwingBar {
    let (_, close) = calendar.session(start.with_timezone(&KST).date_naive()).unwrap();
    let end = start + TimeDelta::minutes(10);
    let local = |instant: DateTime<Utc>| instant.with_timezone(&KST).naive_local();
    let last = if end == close { local(end) } else { local(end) - TimeDelta::minutes(1) };
    let minutes = broker::minutes(calendar, code, last);
    let rows: Vec<_> = minutes.into_iter().filter(|(minute, ..)| *minute >= local(start)).map(|row| row.1).collect();
    let won = |won: Option<i64>| won.map(|won| Price::from_won(won).unwrap());
    SwingBar {
        symbol: symbol(code),
        bar_time: start,
        open: won(rows.first().map(|row| row[0])),
        high: won(rows.iter().map(|row| row[1]).max()),
        low: won(rows.iter().map(|row| row[2]).min()),
        close: won(rows.last().map(|row| row[3])),
        volume: Some(Quantity::new(rows.iter().map(|row| row[4]).sum()).unwrap()),
        bid_price: None,
        ask_price: won(asked.then(|| broker::best_ask(code))),
        session_id: session(),
        schema_version: obs_model::SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: obs_model::QualityFlag::Normal,
    }
}

/// A window of ten minutes that does not close a session.
pub fn window(start: DateTime<Utc>) -> Window {
    Window { start, end: start + TimeDelta::minutes(10), closes: false }
}
