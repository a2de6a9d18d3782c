//! Faults on demand.

use std::sync::Arc;

use crate::exchange::Exchange;

/// A handle that makes the simulated exchange misbehave. Cloning gives a handle to the same exchange.
#[derive(Clone)]
pub struct Control {
    exchange: Arc<Exchange>,
}

impl Control {
    pub(crate) const fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange }
    }

    /// How many WebSocket connections are open, their handshake done.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.exchange.sessions.count()
    }

    /// Ends all WebSocket connections at once: TCP closes without the WebSocket's closing handshake. What the ledger holds has
    /// left before.
    pub fn drop_connections(&self) {
        self.exchange.sessions.cut_all();
    }

    /// Falls silent, or speaks again. A silent exchange keeps its connections, accepts new ones on TCP alone, reads nothing
    /// and sends nothing, not even PINGPONG. The market goes on; what it trades meanwhile is told to nobody.
    pub fn silence(&self, silent: bool) {
        self.exchange.silence.send_replace(silent);
    }

    /// Sends a text, however nonsensical, to every connection.
    pub fn send_raw(&self, text: &str) {
        self.exchange.sessions.send_to_all(text);
    }

    /// Swallows the next `records` trades that somebody subscribed to: they are made, and count in the day's figures of later
    /// ones, but are sent to nobody.
    pub fn withhold(&self, records: u64) {
        self.exchange.sessions.withhold(records);
    }

    /// Hangs up on every new WebSocket connection before its handshake, or stops doing so. Open ones go on.
    pub fn refuse_connections(&self, refuse: bool) {
        self.exchange.set_refusing(refuse);
    }
}
