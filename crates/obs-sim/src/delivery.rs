//! What the market's last step means for those who listen, and how faults tamper with it.

use std::collections::BTreeMap;

use obs_model::Symbol;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::{
    frame::{self, RecordWidth},
    ledger::Delivery,
    market::{BookView, Trade},
    message::Channel,
    sessions::{Outgoing, Sessions, State},
};

/// What faults have in mind for the next records that somebody listens to.
#[derive(Default)]
pub(crate) struct Tampering {
    /// Records to swallow.
    pub(crate) withhold: u64,
    /// Records to send twice.
    pub(crate) duplicate: u64,
    /// Records to send after their successors.
    pub(crate) reorder: u64,
    /// Frames to cut off.
    pub(crate) truncate: u64,
    /// Records that wait for their successors.
    held: BTreeMap<Symbol, Trade>,
}

impl Tampering {
    /// What is to be sent in place of a record.
    fn replace(&mut self, trade: &Trade) -> Vec<Trade> {
        if take_one(&mut self.withhold) {
            return Vec::new();
        }
        if let Some(held) = self.held.remove(&trade.symbol) {
            return vec![*trade, held];
        }
        if take_one(&mut self.reorder) {
            self.held.insert(trade.symbol, *trade);
            return Vec::new();
        }
        vec![*trade]
    }
}

impl Sessions {
    /// Sends one step's trades to those who listen, each symbol's together.
    pub(crate) fn deliver(&self, trades: &[Trade], width: RecordWidth, gone: impl Fn(Symbol) -> bool) {
        let mut state = self.lock();
        let mut due: BTreeMap<Symbol, Vec<Trade>> = BTreeMap::new();
        for trade in trades {
            if state.listeners(Channel::Trades, trade.symbol).next().is_some() && !gone(trade.symbol) {
                let sent = state.tampering.replace(trade);
                due.entry(trade.symbol).or_default().extend(sent);
            }
        }
        for (symbol, trades) in due {
            for batch in trades.chunks(frame::MAX_RECORDS) {
                state.send_trades(symbol, batch, width);
            }
        }
    }

    /// Sends the books that have changed to those who listen.
    pub(crate) fn deliver_books(&self, books: &[BookView], encode: impl Fn(&BookView) -> String) {
        let state = self.lock();
        for book in books {
            let text = Utf8Bytes::from(encode(book));
            for (id, open) in state.listeners(Channel::Books, book.symbol) {
                open.send(id, Outgoing::plain(text.clone()));
            }
        }
    }

    /// The symbols out of some whose books somebody listens to.
    pub(crate) fn with_book_listeners(&self, symbols: impl IntoIterator<Item = Symbol>) -> Vec<Symbol> {
        let state = self.lock();
        symbols.into_iter().filter(|symbol| state.listeners(Channel::Books, *symbol).next().is_some()).collect()
    }
}

impl State {
    fn send_trades(&mut self, symbol: Symbol, batch: &[Trade], width: RecordWidth) {
        let text = frame::encode(batch, width);
        if take_one(&mut self.tampering.truncate) {
            // ASCII, so any byte is a border.
            let half = Utf8Bytes::from(text.get(..text.len() / 2).unwrap_or_default());
            return self.send_to_listeners(symbol, |_| Outgoing::plain(half.clone()));
        }
        let text = Utf8Bytes::from(text);
        self.send_to_listeners(symbol, |id| Outgoing {
            text: text.clone(),
            deliveries: batch.iter().map(|trade| Delivery::of(trade, id)).collect(),
            duplicates: 0,
        });
        let again = self.tampering.duplicate.min(batch.len() as u64);
        if again > 0 {
            self.tampering.duplicate -= again;
            let text = Utf8Bytes::from(frame::encode(&batch[..again as usize], width));
            self.send_to_listeners(symbol, |_| Outgoing { text: text.clone(), deliveries: Vec::new(), duplicates: again });
        }
    }

    fn send_to_listeners(&self, symbol: Symbol, message: impl Fn(u64) -> Outgoing) {
        for (id, open) in self.listeners(Channel::Trades, symbol) {
            open.send(id, message(id));
        }
    }
}

fn take_one(count: &mut u64) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}
