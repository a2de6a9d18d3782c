//! Who is connected, what they subscribed to, and what is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use obs_model::Symbol;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    frame::{self, RecordWidth},
    ledger::Delivery,
    market::Trade,
    message::{Action, Cipher, Outcome, Request},
};

/// The broker's limit for a session.
const MAX_REGISTRATIONS: usize = 41;

/// Messages that may wait for a client that reads slowly: some ten seconds at 2,000 trades a second.
const QUEUE: usize = 4_096;

/// All open connections. One lock guards them, so that an answer to a subscription always precedes the symbol's first frame.
pub(crate) struct Sessions {
    state: Mutex<State>,
    cipher: Cipher,
}

#[derive(Default)]
struct State {
    last_id: u64,
    open: BTreeMap<u64, Open>,
    /// The session that uses the app key.
    key_holder: Option<u64>,
    /// Records still to be swallowed.
    to_withhold: u64,
}

struct Open {
    outgoing: mpsc::Sender<Outgoing>,
    cut: CancellationToken,
    symbols: BTreeSet<Symbol>,
}

/// A message on its way to a client, and the ledger's entries for when it has been sent.
pub(crate) struct Outgoing {
    pub(crate) text: Utf8Bytes,
    pub(crate) deliveries: Vec<Delivery>,
}

/// A connection's own side of its entry.
pub(crate) struct Joined {
    pub(crate) id: u64,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
    /// Cancelled when the connection must end at once.
    pub(crate) cut: CancellationToken,
}

impl Sessions {
    pub(crate) fn new(cipher: Cipher) -> Self {
        Self { state: Mutex::default(), cipher }
    }

    pub(crate) fn join(&self) -> Joined {
        let mut state = self.lock();
        state.last_id += 1;
        let (id, cut) = (state.last_id, CancellationToken::new());
        let (sender, outgoing) = mpsc::channel(QUEUE);
        state.open.insert(id, Open { outgoing: sender, cut: cut.clone(), symbols: BTreeSet::new() });
        Joined { id, outgoing, cut }
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = self.lock();
        state.open.remove(&id);
        state.key_holder.take_if(|holder| *holder == id);
    }

    /// Ends all connections without a closing handshake.
    pub(crate) fn cut_all(&self) {
        let mut state = self.lock();
        state.key_holder = None;
        for open in std::mem::take(&mut state.open).into_values() {
            open.cut.cancel();
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().open.len()
    }

    pub(crate) fn withhold(&self, records: u64) {
        self.lock().to_withhold += records;
    }

    pub(crate) fn send_to_all(&self, text: &str) {
        let text = Utf8Bytes::from(text);
        for (id, open) in &self.lock().open {
            open.send(*id, text.clone(), Vec::new());
        }
    }

    /// Does what a client asks for and answers it. `approved` judges approval keys.
    pub(crate) fn answer(&self, id: u64, request: Result<Request, Outcome>, approved: impl Fn(&str) -> bool) {
        let mut state = self.lock();
        let text = match request {
            Ok(request) => self.settle(&mut state, id, &request, approved),
            Err(refusal) => refusal.about_nothing(),
        };
        if let Some(open) = state.open.get(&id) {
            open.send(id, text.into(), Vec::new());
        }
    }

    fn settle(&self, state: &mut State, id: u64, request: &Request, approved: impl Fn(&str) -> bool) -> String {
        let symbol = request.symbol;
        let outcome = |outcome: Outcome| outcome.about(symbol, &self.cipher);
        match state.key_holder {
            // A running session outlives its approval key.
            Some(holder) if holder == id => {}
            _ if !approved(&request.approval_key) => return outcome(Outcome::NOT_APPROVED),
            Some(_) => return Outcome::KEY_IN_USE.about_nothing(),
            None => state.key_holder = Some(id),
        }
        let Some(Open { symbols, .. }) = state.open.get_mut(&id) else { return outcome(Outcome::NOT_APPROVED) };
        match request.action {
            Action::Subscribe if symbols.contains(&symbol) => outcome(Outcome::ALREADY_SUBSCRIBED),
            Action::Subscribe if symbols.len() == MAX_REGISTRATIONS => outcome(Outcome::TOO_MANY),
            Action::Subscribe => {
                symbols.insert(symbol);
                outcome(Outcome::SUBSCRIBED)
            }
            Action::Unsubscribe if symbols.remove(&symbol) => outcome(Outcome::UNSUBSCRIBED),
            Action::Unsubscribe => outcome(Outcome::NOT_SUBSCRIBED),
        }
    }

    /// Sends one step's trades to their subscribers, each symbol's together.
    pub(crate) fn deliver(&self, trades: &[Trade], width: RecordWidth) {
        let mut state = self.lock();
        let mut due: BTreeMap<Symbol, Vec<Trade>> = BTreeMap::new();
        for trade in trades {
            if !state.open.values().any(|open| open.symbols.contains(&trade.symbol)) {
                continue;
            }
            match state.to_withhold {
                0 => due.entry(trade.symbol).or_default().push(*trade),
                _ => state.to_withhold -= 1,
            }
        }
        for (symbol, trades) in due {
            for batch in trades.chunks(frame::MAX_RECORDS) {
                let text = Utf8Bytes::from(frame::encode(batch, width));
                for (id, open) in state.open.iter().filter(|(_, open)| open.symbols.contains(&symbol)) {
                    open.send(*id, text.clone(), batch.iter().map(|trade| Delivery::of(trade, *id)).collect());
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn send(&self, id: u64, text: Utf8Bytes, deliveries: Vec<Delivery>) {
        if self.outgoing.try_send(Outgoing { text, deliveries }).is_err() && !self.cut.is_cancelled() {
            warn!(connection = id, waiting = QUEUE, "client does not read; its connection is cut");
            self.cut.cancel();
        }
    }
}
