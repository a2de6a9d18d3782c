//! Faults on demand.

use std::{sync::Arc, time::Duration};

use crate::{
    exchange::Exchange,
    faults::{ActiveFault, Fault, Scheduled},
};

/// A handle that makes the simulated exchange misbehave. Cloning gives a handle to the same exchange.
#[derive(Clone)]
pub struct Control {
    exchange: Arc<Exchange>,
}

impl Control {
    pub(crate) const fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange }
    }

    /// Begins a fault at once. `lasting` is market time and of no meaning to faults that strike once; zero lasts until the fault
    /// is cleared. Returns the number of a fault that lasts.
    pub fn inject(&self, fault: Fault, lasting: Duration) -> Option<u64> {
        self.exchange.begin(fault, lasting)
    }

    /// Ends a lasting fault. Whether there was one of this number.
    pub fn clear(&self, id: u64) -> bool {
        self.exchange.clear(id)
    }

    /// The lasting faults that are on.
    #[must_use]
    pub fn active(&self) -> Vec<ActiveFault> {
        self.exchange.faults.active()
    }

    /// The faults that are still to come, in the order of their times.
    #[must_use]
    pub fn planned(&self) -> Vec<Scheduled> {
        self.exchange.faults.planned()
    }

    /// How many WebSocket connections are open, their handshake done.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.exchange.sessions.count()
    }

    /// Ends all WebSocket connections at once: TCP closes without the WebSocket's closing handshake. What the ledger holds has
    /// left before.
    pub fn drop_connections(&self) {
        self.inject(Fault::Drop, Duration::ZERO);
    }

    /// Falls silent, or speaks again. A silent exchange keeps its connections, accepts new ones on TCP alone, reads nothing
    /// and sends nothing, not even PINGPONG. The market goes on; what it trades meanwhile is told to nobody.
    pub fn silence(&self, silent: bool) {
        self.switch(Fault::Silence, silent);
    }

    /// Sends a text, however nonsensical, to every connection.
    pub fn send_raw(&self, text: &str) {
        self.inject(Fault::Garbage { text: text.to_owned() }, Duration::ZERO);
    }

    /// Swallows the next `records` trades that somebody subscribed to: they are made, and count in the day's figures of later
    /// ones, but are sent to nobody.
    pub fn withhold(&self, records: u64) {
        self.inject(Fault::Withhold { records }, Duration::ZERO);
    }

    /// Hangs up on every new WebSocket connection before its handshake, or stops doing so. Open ones go on.
    pub fn refuse_connections(&self, refuse: bool) {
        self.switch(Fault::Refuse, refuse);
    }

    fn switch(&self, fault: Fault, on: bool) {
        if on {
            self.inject(fault, Duration::ZERO);
        } else {
            self.exchange.clear_all(&fault);
        }
    }
}
