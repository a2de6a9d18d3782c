//! Who is connected, what they registered for, and what is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use obs_model::Symbol;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tracing::warn;

use crate::{
    delivery::Tampering,
    ledger::{ConnectionEnd, Delivery},
    message::{Action, Channel, Cipher, Outcome, Registration, Request},
};

/// The broker's limit for a session.
const MAX_REGISTRATIONS: usize = 41;

/// Messages that may wait for a client that reads slowly: some ten seconds at 2,000 trades a second.
const QUEUE: usize = 4_096;

/// All open connections. One lock guards them, so that an answer to a registration always precedes its first frame.
pub(crate) struct Sessions {
    state: Mutex<State>,
    cipher: Cipher,
}

#[derive(Default)]
pub(crate) struct State {
    last_id: u64,
    pub(crate) open: BTreeMap<u64, Open>,
    /// The session that uses a customer's app key.
    key_holders: BTreeMap<usize, u64>,
    pub(crate) tampering: Tampering,
}

/// A connection as the others see it.
pub(crate) struct Open {
    outgoing: mpsc::Sender<Outgoing>,
    cut: watch::Sender<Option<ConnectionEnd>>,
    registrations: BTreeSet<Registration>,
}

/// A message on its way to a client, and the ledger's entries for when it has been sent.
pub(crate) struct Outgoing {
    pub(crate) text: Utf8Bytes,
    pub(crate) deliveries: Vec<Delivery>,
    /// Records in it that were sent before.
    pub(crate) duplicates: u64,
}

/// A connection's own side of its entry.
pub(crate) struct Joined {
    pub(crate) id: u64,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
    /// Says why the connection must end at once.
    pub(crate) cut: watch::Receiver<Option<ConnectionEnd>>,
}

/// Who judges requests.
pub(crate) struct Judge<'a> {
    /// The customer that an approval key was issued to.
    pub(crate) customer: &'a dyn Fn(&str) -> Option<usize>,
    /// Whether a stock can be registered.
    pub(crate) listed: &'a dyn Fn(Symbol) -> bool,
}

impl Sessions {
    pub(crate) fn new(cipher: Cipher) -> Self {
        Self { state: Mutex::default(), cipher }
    }

    pub(crate) fn join(&self) -> Joined {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let (sender, outgoing) = mpsc::channel(QUEUE);
        let (cutter, cut) = watch::channel(None);
        state.open.insert(id, Open { outgoing: sender, cut: cutter, registrations: BTreeSet::new() });
        Joined { id, outgoing, cut }
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = self.lock();
        state.open.remove(&id);
        state.key_holders.retain(|_, holder| *holder != id);
    }

    /// Ends all connections without a closing handshake.
    pub(crate) fn cut_all(&self, why: ConnectionEnd) {
        let mut state = self.lock();
        state.key_holders.clear();
        for open in std::mem::take(&mut state.open).into_values() {
            open.cut.send_replace(Some(why));
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().open.len()
    }

    pub(crate) fn send_to_all(&self, text: &str) {
        let text = Utf8Bytes::from(text);
        for (id, open) in &self.lock().open {
            open.send(*id, Outgoing::plain(text.clone()));
        }
    }

    /// Does what a client asks for and answers it. Returns the customer whose session it is, if it began with this request.
    pub(crate) fn answer(&self, id: u64, request: Result<Request, Outcome>, judge: &Judge) -> Option<usize> {
        let mut state = self.lock();
        let mut began = None;
        let text = match request {
            Ok(request) => self.settle(&mut state, id, &request, judge, &mut began),
            Err(refusal) => refusal.about_nothing(),
        };
        if let Some(open) = state.open.get(&id) {
            open.send(id, Outgoing::plain(text.into()));
        }
        began
    }

    fn settle(&self, state: &mut State, id: u64, request: &Request, judge: &Judge, began: &mut Option<usize>) -> String {
        let registration = request.registration;
        let outcome = |outcome: Outcome| outcome.about(registration, &self.cipher);
        // A running session outlives its approval key.
        if !state.key_holders.values().any(|holder| *holder == id) {
            let Some(customer) = (judge.customer)(&request.approval_key) else { return outcome(Outcome::NOT_APPROVED) };
            if state.key_holders.contains_key(&customer) {
                return Outcome::KEY_IN_USE.about_nothing();
            }
            state.key_holders.insert(customer, id);
            *began = Some(customer);
        }
        let Some(Open { registrations, .. }) = state.open.get_mut(&id) else { return outcome(Outcome::NOT_APPROVED) };
        match request.action {
            Action::Subscribe if registrations.contains(&registration) => outcome(Outcome::ALREADY_SUBSCRIBED),
            Action::Subscribe if registrations.len() == MAX_REGISTRATIONS => outcome(Outcome::TOO_MANY),
            Action::Subscribe if !(judge.listed)(registration.symbol) => outcome(Outcome::UNKNOWN_SYMBOL),
            Action::Subscribe => {
                registrations.insert(registration);
                outcome(Outcome::SUBSCRIBED)
            }
            Action::Unsubscribe if registrations.remove(&registration) => outcome(Outcome::UNSUBSCRIBED),
            Action::Unsubscribe => outcome(Outcome::NOT_SUBSCRIBED),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The connections that registered for something.
    pub(crate) fn listeners(&self, channel: Channel, symbol: Symbol) -> impl Iterator<Item = (u64, &Open)> {
        let registration = Registration { channel, symbol };
        self.open.iter().filter(move |(_, open)| open.registrations.contains(&registration)).map(|(id, open)| (*id, open))
    }
}

impl Outgoing {
    pub(crate) fn plain(text: Utf8Bytes) -> Self {
        Self { text, deliveries: Vec::new(), duplicates: 0 }
    }
}

impl Open {
    pub(crate) fn send(&self, id: u64, message: Outgoing) {
        let is_cut = self.cut.borrow().is_some();
        if !is_cut && self.outgoing.try_send(message).is_err() {
            warn!(connection = id, waiting = QUEUE, "client does not read; its connection is cut");
            self.cut.send_replace(Some(ConnectionEnd::NotReading));
        }
    }
}
