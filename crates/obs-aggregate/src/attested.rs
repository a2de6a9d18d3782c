//! When each symbol was known to be listened to.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{FeedChange, FeedEvent, FeedSession, SLOTS_PER_MINUTE, Symbol};

/// The length of a slot of coverage.
const SLOT: TimeDelta = TimeDelta::milliseconds(500);

/// A stretch of time, from its first instant to the first after it.
pub type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// The attested stretches of some time, of all symbols and feeds.
#[derive(Clone, Debug, Default)]
pub struct Attested {
    sessions: Vec<FeedSession>,
}

impl Attested {
    /// The stretches that a store knows.
    #[must_use]
    pub const fn new(sessions: Vec<FeedSession>) -> Self {
        Self { sessions }
    }

    /// Applies an event, by the rules by which a store applies it to `feed_sessions`.
    pub fn apply(&mut self, event: &FeedEvent) {
        let of_feed = |session: &&mut FeedSession| session.feed_id == event.feed_id && !session.closed;
        match &event.change {
            FeedChange::Opened => {}
            FeedChange::Subscribed { symbol } => {
                let known =
                    |s: &FeedSession| s.feed_id == event.feed_id && s.symbol == *symbol && s.attested_from == event.at;
                if !self.sessions.iter().any(known) {
                    self.sessions.push(FeedSession {
                        feed_id: event.feed_id.clone(),
                        session_id: event.session_id.clone(),
                        symbol: *symbol,
                        attested_from: event.at,
                        attested_until: event.at,
                        closed: false,
                    });
                }
            }
            FeedChange::Unsubscribed { symbol } => {
                for session in self.sessions.iter_mut().filter(of_feed).filter(|session| session.symbol == *symbol) {
                    session.attested_until = session.attested_until.max(event.at);
                    session.closed = true;
                }
            }
            FeedChange::Alive => {
                for session in self.sessions.iter_mut().filter(of_feed) {
                    session.attested_until = session.attested_until.max(event.at);
                }
            }
            FeedChange::Closed { .. } => {
                self.sessions.iter_mut().filter(of_feed).for_each(|session| session.closed = true);
            }
        }
    }

    /// The stretches by symbol, for asking about many minutes.
    #[must_use]
    pub fn by_symbol(&self) -> BTreeMap<Symbol, Vec<Stretch>> {
        let mut stretches: BTreeMap<Symbol, Vec<_>> = BTreeMap::new();
        for session in &self.sessions {
            stretches.entry(session.symbol).or_default().push((session.attested_from, session.attested_until));
        }
        for list in stretches.values_mut() {
            list.sort_unstable();
            list.dedup_by(|next, last| {
                // Stretches that touch are one: a slot may lie across the seam of two feeds.
                let touch = next.0 <= last.1;
                if touch {
                    last.1 = last.1.max(next.1);
                }
                touch
            });
        }
        stretches
    }
}

/// The slots of a minute that lie wholly inside stretches, as a bit mask; `None` if no stretch touches the minute.
pub(crate) fn attested_slots(minute: DateTime<Utc>, stretches: &[Stretch]) -> Option<u128> {
    let end = minute + TimeDelta::minutes(1);
    let mut touched = false;
    let mut mask = 0;
    for (from, until) in stretches.iter().filter(|(from, until)| *from < end && *until > minute) {
        touched = true;
        let slots = (0..SLOTS_PER_MINUTE).filter(|slot| {
            let start = minute + SLOT * *slot as i32;
            *from <= start && start + SLOT <= *until
        });
        mask = slots.fold(mask, |mask, slot| mask | 1 << slot);
    }
    touched.then_some(mask)
}
