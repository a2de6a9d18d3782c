//! Which symbols are subscribed on a connection, and which to ask for next.

use std::time::Duration;

use obs_model::Symbol;
use tokio::time::Instant;

use crate::Settings;

/// The subscriptions of one connection, in order of priority.
pub(crate) struct Subscriptions {
    symbols: Vec<(Symbol, State)>,
    /// No request before this instant.
    paced_until: Instant,
    pacing: Duration,
    ask_again_after: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be asked for, first or again, at that instant.
    AskAt(Instant),
    /// Acknowledged.
    Subscribed,
    /// Refused for as long as the connection lasts.
    Refused,
}

impl Subscriptions {
    pub(crate) fn new(symbols: &[Symbol], settings: &Settings, now: Instant) -> Self {
        Self {
            symbols: symbols.iter().map(|symbol| (*symbol, State::AskAt(now))).collect(),
            paced_until: now,
            pacing: settings.subscribe_pacing,
            ask_again_after: settings.ask_again_after,
        }
    }

    /// When the next request is due.
    pub(crate) fn next_request(&self) -> Option<Instant> {
        let due = self.symbols.iter().filter_map(|(_, state)| match state {
            State::AskAt(at) => Some(*at),
            State::Subscribed | State::Refused => None,
        });
        due.min().map(|at| at.max(self.paced_until))
    }

    /// The symbol to ask for now, if one is due. It becomes due again after a while unless an answer settles it.
    pub(crate) fn take_request(&mut self, now: Instant) -> Option<Symbol> {
        let is_due = |state: &State| matches!(state, State::AskAt(at) if *at <= now);
        let (symbol, state) = self.symbols.iter_mut().find(|(_, state)| is_due(state))?;
        *state = State::AskAt(now + self.ask_again_after);
        self.paced_until = now + self.pacing;
        Some(*symbol)
    }

    /// Notes an acknowledgement; returns the symbol if it was not acknowledged before.
    pub(crate) fn acknowledge(&mut self, tr_key: &str) -> Acknowledged {
        match self.symbols.iter_mut().find(|(symbol, _)| symbol.as_str() == tr_key) {
            None => Acknowledged::Unasked,
            Some((_, State::Subscribed)) => Acknowledged::Again,
            Some((symbol, state)) => {
                *state = State::Subscribed;
                Acknowledged::First(*symbol)
            }
        }
    }

    /// Notes a refusal that will not pass.
    pub(crate) fn refuse(&mut self, tr_key: &str) {
        if let Some((_, state)) = self.symbols.iter_mut().find(|(symbol, _)| symbol.as_str() == tr_key) {
            *state = State::Refused;
        }
    }
}

/// What an acknowledgement changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// The symbol is subscribed from now on.
    First(Symbol),
    /// It was already.
    Again,
    /// Nobody asked for it.
    Unasked,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(now: Instant) -> ([Symbol; 3], Subscriptions) {
        let symbols = ["005930", "000660", "0004V0"].map(|code| code.parse().unwrap());
        (symbols, Subscriptions::new(&symbols, &Settings::default(), now))
    }

    #[test]
    fn requests_keep_their_order_and_their_distance() {
        let start = Instant::now();
        let (symbols, mut subscriptions) = three(start);
        for (n, symbol) in (0..).zip(symbols) {
            let due = start + n * Duration::from_millis(100);
            assert_eq!(subscriptions.next_request(), Some(due));
            assert_eq!(subscriptions.take_request(due), Some(symbol));
        }
    }

    #[test]
    fn an_unanswered_request_is_repeated() {
        let start = Instant::now();
        let (symbols, mut subscriptions) = three(start);
        let asked = symbols.map(|_| subscriptions.take_request(start));
        assert_eq!(asked, symbols.map(Some));
        assert_eq!(subscriptions.acknowledge("005930"), Acknowledged::First(symbols[0]));
        subscriptions.refuse("0004V0");

        let again = start + Duration::from_secs(30);
        assert_eq!(subscriptions.next_request(), Some(again));
        assert_eq!(subscriptions.take_request(again), Some(symbols[1]));
        assert_eq!(subscriptions.take_request(again), None);
        assert_eq!(subscriptions.acknowledge("000660"), Acknowledged::First(symbols[1]));
        assert_eq!(subscriptions.acknowledge("000660"), Acknowledged::Again);
        assert_eq!(subscriptions.acknowledge("035720"), Acknowledged::Unasked);
        assert_eq!(subscriptions.next_request(), None);
    }
}
