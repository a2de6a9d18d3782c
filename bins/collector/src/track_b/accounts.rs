//! Which symbols are owed an account: listened to, or missing until somebody says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use obs_model::{FeedChange, FeedEvent, FeedId, GapReason, SessionId, Symbol};

/// Follows the connections of all keys. A symbol whose connection was lost stays missing until it is subscribed again; if nobody
/// wants it any more, that has to be said, or its gap would never end.
#[derive(Debug)]
pub(super) struct Accounts {
    session_id: SessionId,
    /// The open connection of each key, and its symbols.
    open: BTreeMap<usize, (FeedId, BTreeSet<Symbol>)>,
    /// Symbols without a connection, and the one that they had; none where a recorder before this one had it.
    missing: BTreeMap<Symbol, Option<FeedId>>,
}

impl Accounts {
    pub(super) fn new(session_id: SessionId, missing: Vec<Symbol>) -> Self {
        Self { session_id, open: BTreeMap::new(), missing: missing.into_iter().map(|symbol| (symbol, None)).collect() }
    }

    /// Takes note of an event of a key's feed. A connection that is opened where another was still open means that the feed fell
    /// over: the event that ends the old one is returned, to be recorded first.
    pub(super) fn observe(&mut self, key: usize, event: &FeedEvent) -> Option<FeedEvent> {
        match &event.change {
            FeedChange::Opened => {
                let fallen = self.open.get(&key).map(|(feed_id, _)| feed_id.clone()).filter(|old| *old != event.feed_id);
                let ended = fallen.map(|feed_id| FeedEvent { feed_id, change: ENDED, ..event.clone() });
                if ended.is_some() {
                    self.close(key);
                }
                self.open.insert(key, (event.feed_id.clone(), BTreeSet::new()));
                ended
            }
            FeedChange::Subscribed { symbol } => {
                if let Some((_, symbols)) = self.open.get_mut(&key) {
                    symbols.insert(*symbol);
                }
                self.missing.remove(symbol);
                None
            }
            FeedChange::Unsubscribed { symbol } => {
                if let Some((_, symbols)) = self.open.get_mut(&key) {
                    symbols.remove(symbol);
                }
                self.missing.remove(symbol);
                None
            }
            FeedChange::Alive => None,
            FeedChange::Closed { .. } => {
                self.close(key);
                None
            }
        }
    }

    /// How many connections are open, and how many subscriptions they have together.
    pub(super) fn open(&self) -> (usize, usize) {
        (self.open.len(), self.open.values().map(|(_, symbols)| symbols.len()).sum())
    }

    /// Lets go of the missing symbols that nobody wants, and returns what has to be recorded about them.
    pub(super) fn let_go(&mut self, is_wanted: impl Fn(Symbol) -> bool, at: DateTime<Utc>) -> Vec<FeedEvent> {
        let unwanted: Vec<Symbol> = self.missing.keys().copied().filter(|symbol| !is_wanted(*symbol)).collect();
        let events = unwanted.into_iter().filter_map(|symbol| {
            let known = self.missing.remove(&symbol).flatten();
            // The number 0 is that of no connection.
            let feed_id = known.or_else(|| FeedId::nth_of(&self.session_id, 0).ok())?;
            let session_id = self.session_id.clone();
            Some(FeedEvent { feed_id, session_id, at, change: FeedChange::Unsubscribed { symbol } })
        });
        events.collect()
    }

    fn close(&mut self, key: usize) {
        let Some((feed_id, symbols)) = self.open.remove(&key) else { return };
        for symbol in symbols {
            if !self.open.values().any(|(_, others)| others.contains(&symbol)) {
                self.missing.insert(symbol, Some(feed_id.clone()));
            }
        }
    }
}

/// How a connection ended whose feed fell over: nothing is known but that it is gone.
const ENDED: FeedChange = FeedChange::Closed { reason: GapReason::WsDisconnect };

#[cfg(test)]
mod tests {
    use super::*;

    fn event(nth: u32, change: FeedChange) -> FeedEvent {
        let session_id = SessionId::new("run-1").unwrap();
        FeedEvent { feed_id: FeedId::nth_of(&session_id, nth).unwrap(), session_id, at: DateTime::UNIX_EPOCH, change }
    }

    fn accounts(missing: Vec<Symbol>) -> Accounts {
        Accounts::new(SessionId::new("run-1").unwrap(), missing)
    }

    fn symbol(code: &str) -> Symbol {
        code.parse().unwrap()
    }

    #[test]
    fn a_lost_symbol_that_nobody_wants_is_let_go_once() {
        let mut accounts = accounts(vec![]);
        let subscribed = |code| FeedChange::Subscribed { symbol: symbol(code) };
        for change in [FeedChange::Opened, subscribed("005930"), subscribed("000660"), ENDED] {
            assert_eq!(accounts.observe(0, &event(1, change)), None);
        }
        let wanted = |wanted: Symbol| wanted == symbol("005930");
        let unsubscribed = FeedChange::Unsubscribed { symbol: symbol("000660") };
        assert_eq!(accounts.let_go(wanted, DateTime::UNIX_EPOCH), [event(1, unsubscribed)]);
        assert_eq!(accounts.let_go(wanted, DateTime::UNIX_EPOCH), []);
    }

    #[test]
    fn what_another_key_holds_is_not_missing() {
        let mut accounts = accounts(vec![]);
        let subscribed = || FeedChange::Subscribed { symbol: symbol("005930") };
        for (key, nth, change) in [
            (0, 1, FeedChange::Opened),
            (0, 1, subscribed()),
            (1, 2, FeedChange::Opened),
            (1, 2, subscribed()),
            (0, 1, ENDED),
        ] {
            accounts.observe(key, &event(nth, change));
        }
        assert_eq!(accounts.let_go(|_| false, DateTime::UNIX_EPOCH), []);
    }

    #[test]
    fn what_the_last_recorder_listened_to_is_let_go_too() {
        let mut accounts = accounts(vec![symbol("005930")]);
        let unsubscribed = FeedChange::Unsubscribed { symbol: symbol("005930") };
        assert_eq!(accounts.let_go(|_| false, DateTime::UNIX_EPOCH), [event(0, unsubscribed)]);
    }

    #[test]
    fn a_feed_that_fell_over_leaves_a_connection_to_be_ended() {
        let mut accounts = accounts(vec![]);
        accounts.observe(0, &event(1, FeedChange::Opened));
        accounts.observe(0, &event(1, FeedChange::Subscribed { symbol: symbol("005930") }));
        assert_eq!(accounts.observe(0, &event(2, FeedChange::Opened)), Some(event(1, ENDED)));
        assert_eq!(accounts.let_go(|_| false, DateTime::UNIX_EPOCH).len(), 1);
    }
}
