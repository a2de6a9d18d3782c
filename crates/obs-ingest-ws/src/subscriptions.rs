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
mod tests {
    use super::*;

    const AGAIN: Duration = Duration::from_secs(30);

    fn code(n: usize) -> Symbol {
        format!("{n:06}").parse().unwrap()
    }

    fn codes(count: usize) -> Vec<Symbol> {
        (0..count).map(code).collect()
    }

    fn subscriptions(wanted: &[Symbol], now: Instant) -> Subscriptions {
        let mut subscriptions = Subscriptions::new(Duration::from_millis(100), AGAIN, now);
        subscriptions.want(wanted);
        subscriptions
    }

    /// All of these subscribed and acknowledged.
    fn subscribed(wanted: &[Symbol], now: Instant) -> Subscriptions {
        let mut subscriptions = subscriptions(wanted, now);
        for symbol in wanted {
            assert_eq!(subscriptions.take_request(now), Some(Request::Subscribe(*symbol)));
            assert_eq!(subscriptions.begun(symbol.as_str()), Answered::Changed(*symbol));
        }
        assert_eq!(subscriptions.next_request(), None);
        subscriptions
    }

    #[test]
    fn requests_keep_their_order_and_their_distance() {
        let start = Instant::now();
        let wanted = [code(3), code(1), code(2)];
        let mut subscriptions = subscriptions(&wanted, start);
        for (n, symbol) in (0..).zip(wanted) {
            let due = start + n * Duration::from_millis(100);
            assert_eq!(subscriptions.next_request(), Some(due));
            assert_eq!(subscriptions.take_request(due), Some(Request::Subscribe(symbol)));
        }
    }

    #[test]
    fn an_unanswered_request_is_repeated() {
        let start = Instant::now();
        let wanted = codes(3);
        let mut subscriptions = subscriptions(&wanted, start);
        for symbol in &wanted {
            assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(*symbol)));
        }
        assert_eq!(subscriptions.begun("000000"), Answered::Changed(code(0)));
        subscriptions.refused(code(2));

        let again = start + AGAIN;
        assert_eq!(subscriptions.next_request(), Some(again));
        assert_eq!(subscriptions.only_unanswered(), Some(code(1)));
        assert_eq!(subscriptions.take_request(again), Some(Request::Subscribe(code(1))));
        assert_eq!(subscriptions.take_request(again), None);
        assert_eq!(subscriptions.begun("000001"), Answered::Changed(code(1)));
        assert_eq!(subscriptions.begun("000001"), Answered::Known);
        assert_eq!(subscriptions.begun("035720"), Answered::Unasked);
        assert_eq!(subscriptions.next_request(), None);
    }

    #[test]
    fn at_41_the_old_one_goes_before_the_new_one_is_asked_for() {
        let start = Instant::now();
        let mut subscriptions = subscribed(&codes(41), start);
        let mut wanted = codes(41);
        wanted[7] = code(99);
        assert_eq!(subscriptions.want(&wanted), 0);

        assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(7))));
        // Until the broker says that it is gone, nothing is asked for; and it is asked to say so again.
        assert_eq!(subscriptions.take_request(start), None);
        assert_eq!(subscriptions.next_request(), Some(start + AGAIN));
        assert_eq!(subscriptions.take_request(start + AGAIN), Some(Request::Unsubscribe(code(7))));
        assert_eq!(subscriptions.ended("000007"), Answered::Changed(code(7)));
        assert_eq!(subscriptions.take_request(start + AGAIN), Some(Request::Subscribe(code(99))));
        assert_eq!(subscriptions.begun("000099"), Answered::Changed(code(99)));
        assert_eq!(subscriptions.next_request(), None);
    }

    #[test]
    fn what_is_wanted_again_while_it_ends_is_subscribed_anew() {
        let start = Instant::now();
        let mut subscriptions = subscribed(&codes(1), start);
        subscriptions.want(&[]);
        assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
        subscriptions.want(&codes(1));
        assert_eq!(subscriptions.take_request(start), None);
        assert_eq!(subscriptions.ended("000000"), Answered::Changed(code(0)));
        assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(0))));
    }

    #[test]
    fn what_was_asked_for_and_is_no_longer_wanted_ends_too() {
        let start = Instant::now();
        let mut subscriptions = subscriptions(&codes(1), start);
        assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(0))));
        subscriptions.want(&[]);
        assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
        assert_eq!(subscriptions.begun("000000"), Answered::Changed(code(0)));
        assert_eq!(subscriptions.ended("000000"), Answered::Changed(code(0)));
        assert_eq!((subscriptions.next_request(), subscriptions.ended("000000")), (None, Answered::Unasked));
    }

    #[test]
    fn without_room_a_symbol_waits_until_another_ends() {
        let start = Instant::now();
        let mut subscriptions = subscriptions(&codes(2), start);
        for n in 0..2 {
            assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(n))));
        }
        subscriptions.begun("000000");
        subscriptions.no_room(code(1));
        assert_eq!(subscriptions.next_request(), None);
        subscriptions.want(&codes(2)[1..]);
        assert_eq!(subscriptions.take_request(start), Some(Request::Unsubscribe(code(0))));
        assert_eq!(subscriptions.take_request(start), None);
        subscriptions.ended("000000");
        assert_eq!(subscriptions.take_request(start), Some(Request::Subscribe(code(1))));
    }

    #[test]
    fn a_refused_symbol_is_not_asked_for_again_even_if_it_is_dropped_and_wanted_again() {
        let start = Instant::now();
        let mut subscriptions = subscriptions(&codes(1), start);
        subscriptions.take_request(start);
        subscriptions.refused(code(0));
        subscriptions.want(&[]);
        subscriptions.want(&codes(1));
        assert_eq!(subscriptions.next_request(), None);
    }

    #[test]
    fn more_than_41_are_cut_and_repetitions_count_once() {
        let mut subscriptions = subscriptions(&[], Instant::now());
        let wanted: Vec<_> = codes(43).into_iter().chain(codes(5)).collect();
        assert_eq!(subscriptions.want(&wanted), 2);
        assert_eq!(subscriptions.wanted, codes(41));
    }
}
