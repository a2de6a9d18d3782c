//! What all parts of a running simulator share.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    account::Account,
    frame::RecordWidth,
    ledger::Ledger,
    market::Trade,
    message::{self, Cipher},
    random_text::{HEX, LOWER, random_text},
    sessions::Sessions,
    settings::{Clock, SimSettings},
};

pub(crate) struct Exchange {
    pub(crate) account: Account,
    pub(crate) sessions: Sessions,
    pub(crate) ledger: Ledger,
    /// Whether connections are held open and kept silent.
    pub(crate) silence: watch::Sender<bool>,
    /// Cancelled when the simulator ends.
    pub(crate) stop: CancellationToken,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_patience: Duration,
    refusing: AtomicBool,
    record_width: RecordWidth,
    clock: Clock,
}

impl Exchange {
    pub(crate) fn new(settings: &SimSettings) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.market.seed);
        // The market draws from stream 0 of the same seed, the account from stream 1.
        rng.set_stream(2);
        let cipher = Cipher { iv: random_text(&mut rng, HEX, 16), key: random_text(&mut rng, LOWER, 32) };
        Self {
            account: Account::new(settings.market.seed),
            sessions: Sessions::new(cipher),
            ledger: Ledger::new(settings.ledger_capacity),
            silence: watch::Sender::new(false),
            stop: CancellationToken::new(),
            ping_interval: settings.ping_interval.max(Duration::from_millis(1)),
            ping_patience: settings.ping_patience,
            refusing: AtomicBool::new(false),
            record_width: settings.record_width,
            clock: settings.clock.clone(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Handles a client's message.
    pub(crate) fn hear(&self, connection: u64, text: &str) {
        self.sessions.answer(connection, message::parse(text), |key| self.account.approves(key, self.now()));
    }

    /// Tells subscribers what was traded.
    pub(crate) fn publish(&self, trades: &[Trade]) {
        if !*self.silence.borrow() {
            self.sessions.deliver(trades, self.record_width);
        }
        // Last, so that whoever sees the volume knows that its trades are under way or lost.
        self.ledger.add_traded(trades);
    }

    pub(crate) fn refuses(&self) -> bool {
        self.refusing.load(Ordering::Relaxed)
    }

    pub(crate) fn set_refusing(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::Relaxed);
    }
}
