//! Ten minutes of a recorded morning: two symbols, a lost record, and two minutes without a connection.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::WriterSettings;
use obs_model::{
    Calendar, FeedChange, FeedEvent, FeedId, GapReason, HealedBar, Ohlc, Price, QualityFlag, Quantity, SchemaVersion,
    SessionId, SwingBar, Symbol, Tick,
};
use obs_pipeline::Recorder;
use obs_schema::{Record, SwingRecord, TickRecord};
use tokio::sync::{mpsc, watch};

use crate::Outcome;

/// The files that the recorder makes of it.
pub(crate) const SCALP: &str = "scalp/20260122_09.jsonl";
pub(crate) const SWING: &str = "swing/20260122.jsonl";
pub(crate) const EVENTS: &str = "events/20260122.jsonl";

/// How many shares the lost record has.
pub(crate) const LOST: i64 = 7;

/// Records the morning with the recorder that the collector uses.
pub(crate) async fn record(dir: &Path) -> Outcome {
    let (sender, received) = mpsc::channel(64);
    let clock = || at("00:10:10");
    let (recorder, _) = Recorder::open(dir, WriterSettings::default(), watch::channel(Calendar::krx()).1, Arc::new(clock))?;
    let recording = recorder.start(received)?;
    for record in morning() {
        sender.send(record).await?;
    }
    drop(sender);
    Ok(recording.ended().await?)
}

/// An instant of Thursday, 22 January 2026; the Korean market opens at 00:00 of it.
pub(crate) fn at(time: &str) -> DateTime<Utc> {
    format!("2026-01-22T{time}Z").parse().unwrap()
}

pub(crate) fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

fn morning() -> Vec<Record> {
    let mut records = connect(1, "00:00:00", "00:00:00.2");
    let mut totals = [0, 0];
    trade("00:00:01", "00:05:00", &mut totals, Some("00:02:00"), &mut records);
    records.push(event(1, at("00:05:00"), FeedChange::Alive));
    records.push(event(1, at("00:05:05"), FeedChange::Closed { reason: GapReason::WsDisconnect }));
    // Traded while nobody listened.
    totals[0] += 5_000;
    records.extend(connect(2, "00:07:00", "00:07:01"));
    trade("00:07:02", "00:10:00", &mut totals, None, &mut records);
    records.push(event(2, at("00:10:00"), FeedChange::Alive));
    records.push(event(2, at("00:10:05"), FeedChange::Closed { reason: GapReason::ManualStop }));
    records.extend(["005930", "000660"].map(|code| swing(code, "00:00:00")));
    records.push(healed("005930", "00:05:00"));
    records.push(healed("005930", "00:06:00"));
    records
}

fn connect(nth: u32, first: &str, second: &str) -> Vec<Record> {
    vec![
        event(nth, at(first), FeedChange::Opened),
        event(nth, at(first), FeedChange::Subscribed { symbol: symbol("005930") }),
        event(nth, at(second), FeedChange::Subscribed { symbol: symbol("000660") }),
    ]
}

/// A trade a second of the one symbol and one every twenty seconds of the other, with a sign of life every ten.
fn trade(from: &str, until: &str, totals: &mut [i64; 2], lost: Option<&str>, records: &mut Vec<Record>) {
    let mut now = at(from);
    while now <= at(until) {
        let second = now.timestamp();
        let shares = if lost.is_some_and(|lost| at(lost) == now) { LOST } else { 1 + second % 9 };
        totals[0] += shares;
        if lost.is_none_or(|lost| at(lost) != now) {
            records.push(tick("005930", now, 70_000 + 100 * (second % 5), shares, totals[0]));
        }
        if second % 20 == 0 {
            totals[1] += 3;
            records.push(tick("000660", now, 200_000, 3, totals[1]));
        }
        if second % 10 == 0 {
            let nth = if now < at("00:06:00") { 1 } else { 2 };
            records.push(event(nth, now, FeedChange::Alive));
        }
        now += TimeDelta::seconds(1);
    }
}

fn session() -> SessionId {
    "run-1".parse().unwrap()
}

fn event(nth: u32, at: DateTime<Utc>, change: FeedChange) -> Record {
    let feed_id = FeedId::nth_of(&session(), nth).unwrap();
    Record::Feed(FeedEvent { feed_id, session_id: session(), at, change })
}

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

fn tick(code: &str, event_time: DateTime<Utc>, price: i64, volume: i64, total: i64) -> Record {
    Record::Tick(TickRecord {
        received_at: event_time + TimeDelta::milliseconds(50),
        cumulative_volume: Some(shares(total)),
        tick: Tick {
            symbol: symbol(code),
            event_time,
            last_price: Some(won(price)),
            volume: Some(shares(volume)),
            bid_price: Some(won(price - 100)),
            ask_price: Some(won(price)),
            bid_size: Some(shares(12)),
            ask_size: None,
            session_id: session(),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    })
}

fn swing(code: &str, bar_time: &str) -> Record {
    let bar = SwingBar {
        symbol: symbol(code),
        bar_time: at(bar_time),
        open: Some(won(70_000)),
        high: Some(won(70_400)),
        low: Some(won(70_000)),
        close: Some(won(70_100)),
        volume: Some(shares(1_234)),
        bid_price: None,
        ask_price: Some(won(70_200)),
        session_id: session(),
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    };
    Record::Swing(SwingRecord { received_at: at("00:10:06"), bar })
}

fn healed(code: &str, minute: &str) -> Record {
    Record::Healed(HealedBar {
        symbol: symbol(code),
        bar_time: at(minute),
        ohlc: Ohlc::of(won(70_200)),
        volume: shares(2_500),
        healed_at: at("00:10:07"),
        session_id: session(),
    })
}
