//! What was really sent, and who was connected, for tests to compare with what was received.

mod connections;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use obs_model::Symbol;
use serde::Serialize;

pub use connections::{Connection, ConnectionEnd};

use crate::market::Trade;

/// One trade record that was handed to a client's socket. Prices are whole won, quantities shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The connection that got it; they count from 1.
    pub connection: u64,
    /// What was traded.
    pub symbol: Symbol,
    /// When, in whole seconds.
    pub event_time: DateTime<Utc>,
    /// The price.
    pub price: i64,
    /// The shares of this trade.
    pub volume: i64,
    /// The shares of the day, this trade included.
    pub cumulative_volume: i64,
}

impl Delivery {
    pub(crate) fn of(trade: &Trade, connection: u64) -> Self {
        Self {
            connection,
            symbol: trade.symbol,
            event_time: trade.event_time(),
            price: trade.price,
            volume: trade.volume,
            cumulative_volume: trade.day.volume,
        }
    }
}

/// The book of deliveries. A record is in it once the operating system has taken the whole frame, in that order. Trades that
/// nobody subscribed to, that were withheld or cut off, or whose connection ended first are not in it; what a fault sent a
/// second time is only counted. Cloning gives the same book.
#[derive(Clone)]
pub struct Ledger {
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    capacity: usize,
    deliveries: VecDeque<Delivery>,
    delivered: BTreeMap<Symbol, u64>,
    duplicates: u64,
    market_volumes: BTreeMap<Symbol, i64>,
    connections: Vec<Connection>,
}

impl Ledger {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Arc::new(Mutex::new(Entries { capacity, ..Entries::default() })) }
    }

    /// The deliveries in order: all of them, or as many of the latest as the capacity admits.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Delivery> {
        self.lock().deliveries.iter().copied().collect()
    }

    /// How many records of each symbol were ever delivered.
    #[must_use]
    pub fn delivered(&self) -> BTreeMap<Symbol, u64> {
        self.lock().delivered.clone()
    }

    /// How many records were ever delivered.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().delivered.values().sum()
    }

    /// How many records were sent a second time, by the fault that does so. They are not among the deliveries.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.lock().duplicates
    }

    /// Every WebSocket connection so far, in the order of their numbers.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.lock().connections.clone()
    }

    /// The shares of a symbol that the market has traded on its current day, whether or not anybody was told.
    #[must_use]
    pub fn market_volume(&self, symbol: Symbol) -> i64 {
        self.lock().market_volumes.get(&symbol).copied().unwrap_or_default()
    }

    pub(crate) fn add_traded(&self, trades: &[Trade]) {
        let volumes = trades.iter().map(|trade| (trade.symbol, trade.day.volume));
        self.lock().market_volumes.extend(volumes);
    }

    pub(crate) fn add_duplicates(&self, records: u64) {
        self.lock().duplicates += records;
    }

    pub(crate) fn open(&self, id: u64, at: DateTime<Utc>) {
        self.lock().connections.push(Connection { id, customer: None, opened_at: at, end: None });
    }

    pub(crate) fn identify(&self, id: u64, customer: usize) {
        self.connection(id, |connection| connection.customer = Some(customer));
    }

    pub(crate) fn close(&self, id: u64, at: DateTime<Utc>, reason: ConnectionEnd) {
        self.connection(id, |connection| connection.end = Some((at, reason)));
    }

    fn connection(&self, id: u64, change: impl FnOnce(&mut Connection)) {
        if let Some(connection) = self.lock().connections.iter_mut().rfind(|connection| connection.id == id) {
            change(connection);
        }
    }

    pub(crate) fn add_delivered(&self, deliveries: Vec<Delivery>) {
        let mut entries = self.lock();
        for delivery in deliveries {
            *entries.delivered.entry(delivery.symbol).or_default() += 1;
            entries.deliveries.push_back(delivery);
        }
        let surplus = entries.deliveries.len().saturating_sub(entries.capacity);
        entries.deliveries.drain(..surplus);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
