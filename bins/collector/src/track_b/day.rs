//! What is done with what the feeds of a session bring.

use chrono::{DateTime, Utc};
use obs_ingest_ws::{Candidate, Candle, Duplicates, Eviction, FeedItem, SlotChange, SlotEvent, SlotManager, Triggers};
use obs_kis::Clock;
use obs_model::{FeedChange, FeedEvent, GapReason, SessionId, SlotDecision, SlotEntry, Symbol};
use obs_schema::Record;
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::{TrackCounters, accounts::Accounts, counters::count};
use crate::{Names, samples::Samples};

/// A session at work: everything goes through here, in the order in which it happened.
pub(super) struct Day<'a> {
    pub(super) slots: SlotManager,
    pub(super) triggers: Triggers,
    /// What each key's feed should be subscribed to.
    pub(super) wanted: Vec<watch::Sender<Vec<Symbol>>>,
    pub(super) accounts: Accounts,
    pub(super) records: &'a mpsc::Sender<Record>,
    pub(super) counters: &'a TrackCounters,
    pub(super) names: &'a Names,
    pub(super) session_id: &'a SessionId,
    pub(super) clock: &'a Clock,
    /// When the latest thing was said that was heard so far. What follows from it must not be dated later: what the feeds said
    /// since then may still be on its way.
    pub(super) latest: DateTime<Utc>,
    pub(super) duplicates: Duplicates,
    pub(super) samples: Samples,
}

impl Day<'_> {
    /// Takes what a key's feed said.
    pub(super) async fn hear(&mut self, key: usize, item: FeedItem) {
        self.latest = self.latest.max(match &item {
            FeedItem::Tick(tick) => tick.received_at,
            FeedItem::Feed(event) => event.at,
            FeedItem::Refused(refusal) => refusal.at,
            FeedItem::Rejected(frame) => frame.received_at,
        });
        match item {
            FeedItem::Tick(tick) => {
                if self.duplicates.is_duplicate(&tick) {
                    return count(&self.counters.duplicates);
                }
                let candidates = self.triggers.tick(&tick.tick, tick.received_at);
                self.record(Record::Tick(tick)).await;
                self.propose(candidates).await;
            }
            FeedItem::Feed(event) => self.feed(key, event).await,
            FeedItem::Refused(refusal) => {
                let about = refusal.symbol.map_or_else(String::new, |symbol| self.names.of(symbol).to_string());
                warn!(key, symbol = about, code = refusal.code, "The broker refused a subscription: {}", refusal.message);
                if let Some(symbol) = refusal.symbol {
                    self.slots.refused(key, symbol, refusal.kind, refusal.at);
                    self.conclude().await;
                }
            }
            FeedItem::Rejected(frame) => {
                self.samples.reject(frame.reason.code(), &frame.reason.to_string(), &frame.sample);
            }
        }
    }

    async fn feed(&mut self, key: usize, event: FeedEvent) {
        if let FeedChange::Closed { reason } = event.change
            && reason != GapReason::ManualStop
        {
            count(&self.counters.lost);
        }
        if let Some(ended) = self.accounts.observe(key, &event) {
            count(&self.counters.lost);
            self.record(Record::Feed(ended)).await;
        }
        let (connected, subscribed) = self.accounts.open();
        self.counters.set(connected, subscribed);
        let (change, at) = (event.change.clone(), event.at);
        self.record(Record::Feed(event)).await;
        if change != FeedChange::Alive {
            self.slots.on_feed(key, &change, at);
            self.conclude().await;
        }
    }

    /// Takes a minute of Track A's.
    pub(super) async fn candle(&mut self, candle: Candle) {
        let candidates = self.triggers.candles(&[candle], self.clock.now());
        self.propose(candidates).await;
    }

    /// Lets time pass.
    pub(super) async fn pass(&mut self, now: DateTime<Utc>) {
        self.slots.tick(now);
        self.conclude().await;
    }

    /// Ends the session: of what is missing, only what is wanted again tomorrow stays so.
    pub(super) async fn end(&mut self, is_wanted: impl Fn(Symbol) -> bool) {
        for event in self.accounts.let_go(is_wanted, self.latest) {
            self.record(Record::Feed(event)).await;
        }
    }

    async fn propose(&mut self, candidates: Vec<Candidate>) {
        if !candidates.is_empty() {
            candidates.into_iter().for_each(|candidate| self.slots.propose(candidate));
            self.conclude().await;
        }
    }

    /// Tells the feeds what is wanted now, and writes down what was decided.
    async fn conclude(&mut self) {
        for (key, publish) in self.wanted.iter().enumerate() {
            let wanted = self.slots.wanted(key);
            publish.send_if_modified(|before| {
                let changed = *before != wanted;
                *before = wanted;
                changed
            });
        }
        for event in self.slots.take_ledger() {
            let entry = self.entry(&event);
            if entry.decision == SlotDecision::Overflow {
                count(&self.counters.overflows);
            }
            let reason = event.candidate.map_or("watch_list", |candidate| candidate.reason.as_str());
            info!(symbol = %self.names.of(entry.symbol), decision = %entry.decision, reason, "Slot");
            self.record(Record::Slot(entry)).await;
        }
        let wanted: Vec<Symbol> = self.wanted.iter().flat_map(|wanted| wanted.borrow().clone()).collect();
        for event in self.accounts.let_go(|symbol| wanted.contains(&symbol), self.latest) {
            self.record(Record::Feed(event)).await;
        }
    }

    fn entry(&self, event: &SlotEvent) -> SlotEntry {
        let (decision, by) = match event.change {
            SlotChange::Allocated { .. } => (SlotDecision::Allocated, None),
            SlotChange::Moved { .. } => (SlotDecision::Moved, None),
            SlotChange::Overflow => (SlotDecision::Overflow, None),
            SlotChange::Refused { .. } | SlotChange::Evicted { why: Eviction::Refused, .. } => (SlotDecision::Refused, None),
            SlotChange::Evicted { why: Eviction::Replaced { by }, .. } => (SlotDecision::Replaced, Some(by)),
            SlotChange::Evicted { why: Eviction::Faded, .. } => (SlotDecision::Faded, None),
            SlotChange::Evicted { why: Eviction::NoRoom, .. } => (SlotDecision::NoRoom, None),
        };
        SlotEntry {
            at: event.at,
            symbol: event.symbol,
            decision,
            priority: event.candidate.map(|candidate| candidate.priority.thousandths()),
            by,
            session_id: self.session_id.clone(),
        }
    }

    /// Waits for room in the channel: nothing is dropped. Without a recorder the track is about to end.
    async fn record(&self, record: Record) {
        let _ = self.records.send(record).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use obs_ingest_ws::{SlotSettings, TriggerSettings};
    use obs_model::{Calendar, FeedId};

    use super::*;

    /// What a day borrows, and the receiver of what it records.
    struct Desk {
        sender: mpsc::Sender<Record>,
        records: mpsc::Receiver<Record>,
        counters: TrackCounters,
        names: Names,
        session_id: SessionId,
        clock: Clock,
    }

    impl Desk {
        fn new() -> Self {
            let (sender, records) = mpsc::channel(100);
            let (counters, names) = (TrackCounters::default(), Names::default());
            Self { sender, records, counters, names, session_id: "run-1".parse().unwrap(), clock: Clock::system() }
        }

        /// A day of two keys and one symbol on the watch list, which begins at second 0. The recorder before this one listened to
        /// another symbol, which nobody wants any more.
        fn day(&self) -> Day<'_> {
            let settings = SlotSettings { keys: 2, ..SlotSettings::default() };
            let slots = SlotManager::new(&settings, &[symbol("005930")], at(0)).unwrap();
            let wanted = (0..2).map(|key| watch::Sender::new(slots.wanted(key))).collect();
            Day {
                slots,
                triggers: Triggers::new(TriggerSettings::default(), Calendar::always()),
                wanted,
                accounts: Accounts::new(self.session_id.clone(), vec![symbol("000660")]),
                records: &self.sender,
                counters: &self.counters,
                names: &self.names,
                session_id: &self.session_id,
                clock: &self.clock,
                latest: at(0),
                duplicates: Duplicates::default(),
                samples: Samples::default(),
            }
        }

        /// When the unwanted symbol was let go: once.
        fn let_go_at(&mut self) -> DateTime<Utc> {
            let records = std::iter::from_fn(|| self.records.try_recv().ok());
            let gone = FeedChange::Unsubscribed { symbol: symbol("000660") };
            let found: Vec<DateTime<Utc>> = records
                .filter_map(|record| match record {
                    Record::Feed(event) if event.change == gone => Some(event.at),
                    _ => None,
                })
                .collect();
            assert_eq!(found.len(), 1, "{found:?}");
            found[0]
        }
    }

    fn symbol(code: &str) -> Symbol {
        code.parse().unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn said(key: u32, second: i64, change: FeedChange) -> FeedItem {
        let session_id: SessionId = "run-1".parse().unwrap();
        let feed_id = FeedId::nth_of(&session_id, key + 1).unwrap();
        FeedItem::Feed(FeedEvent { feed_id, session_id, at: at(second), change })
    }

    /// Two feeds are heard over one channel, and what one said earlier may come later.
    #[tokio::test]
    async fn a_symbol_is_not_let_go_before_what_is_recorded_already() {
        let mut desk = Desk::new();
        let mut day = desk.day();
        day.hear(1, said(1, 20, FeedChange::Alive)).await;
        day.hear(0, said(0, 15, FeedChange::Opened)).await;
        drop(day);
        assert_eq!(desk.let_go_at(), at(20));
    }

    /// What the feeds said up to now may still be on its way, and would be told after a later instant.
    #[tokio::test]
    async fn a_symbol_is_not_let_go_later_than_the_latest_sign_of_life() {
        let mut desk = Desk::new();
        let mut day = desk.day();
        day.hear(0, said(0, 20, FeedChange::Alive)).await;
        day.pass(at(100)).await;
        drop(day);
        assert_eq!(desk.let_go_at(), at(20));
    }

    #[tokio::test]
    async fn at_the_end_of_a_session_too() {
        let mut desk = Desk::new();
        let mut day = desk.day();
        day.hear(0, said(0, 20, FeedChange::Alive)).await;
        day.hear(1, said(1, 10, FeedChange::Alive)).await;
        day.end(|wanted| wanted == symbol("005930")).await;
        drop(day);
        assert_eq!(desk.let_go_at(), at(20));
    }
}
