//! What is subscribed on a connection, what should be, and which request brings the two together.

use std::{collections::BTreeMap, time::Duration};

use obs_model::Symbol;
use tokio::time::Instant;

use crate::MAX_REGISTRATIONS;

/// The subscriptions of one connection. Symbols that are no longer wanted are unsubscribed before others are asked for, and never
/// more than [`MAX_REGISTRATIONS`] are registered, counting those of which the broker has not said what became of them.
pub(crate) struct Subscriptions {
    /// In order of priority.
    wanted: Vec<Symbol>,
    /// What was asked for, and what became of it.
    states: BTreeMap<Symbol, State>,
    /// No request before this instant.
    paced_until: Instant,
    pacing: Duration,
    ask_again_after: Duration,
}

/// What became of a request. The broker counts the first three.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Asked for and not answered; to be asked for again then.
    Asked(Instant),
    /// Acknowledged.
    Subscribed,
    /// Asked to end, and to be asked again then.
    Ending { again: Instant, acknowledged: bool },
    /// Refused because the app key has too many; asked for again when one ends.
    NoRoom,
    /// Refused for as long as the connection lasts.
    Refused,
}

impl State {
    const fn is_registered(self) -> bool {
        matches!(self, Self::Asked(_) | Self::Subscribed | Self::Ending { .. })
    }
}

/// What to ask the broker for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Subscribe(Symbol),
    Unsubscribe(Symbol),
}

/// What an answer changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// The symbol's subscription stands, or has ended, from now on.
    Changed(Symbol),
    /// Nothing.
    Known,
    /// Nobody asked for it.
    Unasked,
}

impl Subscriptions {
    pub(crate) const fn new(pacing: Duration, ask_again_after: Duration, now: Instant) -> Self {
        Self { wanted: Vec::new(), states: BTreeMap::new(), paced_until: now, pacing, ask_again_after }
    }

    /// What should be subscribed from now on, in order of priority. Returns how many symbols are too many and left out.
    pub(crate) fn want(&mut self, wanted: &[Symbol]) -> usize {
        self.wanted.clear();
        let mut surplus = 0;
        for symbol in wanted {
            match self.wanted.contains(symbol) {
                true => {}
                false if self.wanted.len() == MAX_REGISTRATIONS => surplus += 1,
                false => self.wanted.push(*symbol),
            }
        }
        self.states.retain(|symbol, state| *state != State::NoRoom || self.wanted.contains(symbol));
        surplus
    }

    /// When the next request is due.
    pub(crate) fn next_request(&self) -> Option<Instant> {
        let due = self.endings().chain(self.beginnings()).map(|(_, due)| due.unwrap_or(self.paced_until)).min();
        due.map(|due| due.max(self.paced_until))
    }

    /// The request to make now, if one is due. It becomes due again after a while unless an answer settles it.
    pub(crate) fn take_request(&mut self, now: Instant) -> Option<Request> {
        let is_due = |(_, due): &(Symbol, Option<Instant>)| due.is_none_or(|due| due <= now);
        let again = now + self.ask_again_after;
        let ending = self.endings().find(is_due).map(|(symbol, _)| symbol);
        let beginning = self.beginnings().find(is_due).map(|(symbol, _)| symbol);
        let request = match (ending, beginning) {
            (Some(symbol), _) => {
                let acknowledged =
                    matches!(self.states.get(&symbol), Some(State::Subscribed | State::Ending { acknowledged: true, .. }));
                self.states.insert(symbol, State::Ending { again, acknowledged });
                Request::Unsubscribe(symbol)
            }
            (None, Some(symbol)) => {
                self.states.insert(symbol, State::Asked(again));
                Request::Subscribe(symbol)
            }
            (None, None) => return None,
        };
        self.paced_until = now + self.pacing;
        Some(request)
    }

    /// What is to be unsubscribed, and from when; `None` is at once.
    fn endings(&self) -> impl Iterator<Item = (Symbol, Option<Instant>)> {
        self.states.iter().filter_map(|(symbol, state)| match state {
            State::Ending { again, .. } => Some((*symbol, Some(*again))),
            State::Asked(_) | State::Subscribed if !self.wanted.contains(symbol) => Some((*symbol, None)),
            _ => None,
        })
    }

    /// What is to be subscribed, in order of priority, and from when.
    fn beginnings(&self) -> impl Iterator<Item = (Symbol, Option<Instant>)> {
        let is_room = self.states.values().filter(|state| state.is_registered()).count() < MAX_REGISTRATIONS;
        self.wanted.iter().filter_map(move |symbol| match self.states.get(symbol) {
            None => is_room.then_some((*symbol, None)),
            Some(State::Asked(again)) => Some((*symbol, Some(*again))),
            Some(_) => None,
        })
    }

    /// Notes that a subscription stands.
    pub(crate) fn begun(&mut self, tr_key: &str) -> Answered {
        let Some((symbol, state)) = self.find(tr_key) else { return Answered::Unasked };
        match state {
            State::Subscribed | State::Ending { acknowledged: true, .. } => return Answered::Known,
            // The answer to a request that was taken back since.
            State::Ending { acknowledged, .. } => *acknowledged = true,
            State::Asked(_) | State::NoRoom | State::Refused => *state = State::Subscribed,
        }
        Answered::Changed(symbol)
    }

    /// Notes that a subscription has ended, or never stood.
    pub(crate) fn ended(&mut self, tr_key: &str) -> Answered {
        let Some((symbol, state)) = self.find(tr_key) else { return Answered::Unasked };
        let was_acknowledged = match *state {
            State::Subscribed => true,
            State::Ending { acknowledged, .. } => acknowledged,
            State::Asked(_) | State::NoRoom | State::Refused => return Answered::Unasked,
        };
        self.states.remove(&symbol);
        self.states.retain(|_, state| *state != State::NoRoom);
        if was_acknowledged { Answered::Changed(symbol) } else { Answered::Known }
    }

    /// Notes that there was no room for a symbol.
    pub(crate) fn no_room(&mut self, symbol: Symbol) {
        self.refuse_as(symbol, State::NoRoom);
    }

    /// Notes a refusal that will not pass.
    pub(crate) fn refused(&mut self, symbol: Symbol) {
        self.refuse_as(symbol, State::Refused);
    }

    fn refuse_as(&mut self, symbol: Symbol, refused: State) {
        if let Some(state @ State::Asked(_)) = self.states.get_mut(&symbol) {
            *state = refused;
        }
    }

    /// The symbol that a refusal without a name is about: the only one whose subscription waits for an answer.
    pub(crate) fn only_unanswered(&self) -> Option<Symbol> {
        let mut waiting = self.states.iter().filter(|(_, state)| matches!(state, State::Asked(_) | State::Ending { .. }));
        match (waiting.next(), waiting.next()) {
            (Some((symbol, State::Asked(_))), None) => Some(*symbol),
            _ => None,
        }
    }

    fn find(&mut self, tr_key: &str) -> Option<(Symbol, &mut State)> {
        let symbol = Symbol::new(tr_key).ok()?;
        self.states.get_mut(&symbol).map(|state| (symbol, state))
    }
}

#[cfg(test)]
mod tests;
