//! When each symbol was known to be listened to.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{FeedChange, FeedEvent, FeedId, FeedSession, SLOTS_PER_MINUTE, Symbol};

/// The length of a slot of coverage.
const SLOT: TimeDelta = TimeDelta::milliseconds(500);

/// A stretch of time, from its first instant to the first after it.
pub type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// The attested stretches of some time, of all symbols and feeds.
#[derive(Clone, Debug, Default)]
pub struct Attested {
    feeds: BTreeMap<FeedId, Sessions>,
}

/// The sessions of one feed, by symbol and start, which together name a session.
type Sessions = BTreeMap<(Symbol, DateTime<Utc>), FeedSession>;

impl Attested {
    /// The stretches that a store knows.
    #[must_use]
    pub fn new(sessions: Vec<FeedSession>) -> Self {
        let mut feeds: BTreeMap<FeedId, Sessions> = BTreeMap::new();
        for session in sessions {
            let of_feed = feeds.entry(session.feed_id.clone()).or_default();
            of_feed.insert((session.symbol, session.attested_from), session);
        }
        Self { feeds }
    }

    /// Applies an event, by the rules by which a store applies it to `feed_sessions`.
    pub fn apply(&mut self, event: &FeedEvent) {
        if let FeedChange::Subscribed { symbol } = event.change {
            let of_feed = self.feeds.entry(event.feed_id.clone()).or_default();
            of_feed.entry((symbol, event.at)).or_insert_with(|| FeedSession {
                feed_id: event.feed_id.clone(),
                session_id: event.session_id.clone(),
                symbol,
                attested_from: event.at,
                attested_until: event.at,
                closed: false,
            });
            return;
        }
        let Some(sessions) = self.feeds.get_mut(&event.feed_id) else { return };
        for session in sessions.values_mut().filter(|session| !session.closed) {
            match event.change {
                FeedChange::Opened | FeedChange::Subscribed { .. } => {}
                FeedChange::Alive => session.attested_until = session.attested_until.max(event.at),
                FeedChange::Unsubscribed { symbol } if symbol == session.symbol => {
                    session.attested_until = session.attested_until.max(event.at);
                    session.closed = true;
                }
                FeedChange::Unsubscribed { .. } => {}
                FeedChange::Closed { .. } => session.closed = true,
            }
        }
    }

    /// The stretches by symbol, in order and apart from each other, for asking about many minutes.
    #[must_use]
    pub fn by_symbol(&self) -> BTreeMap<Symbol, Vec<Stretch>> {
        let mut stretches: BTreeMap<Symbol, Vec<Stretch>> = BTreeMap::new();
        for session in self.feeds.values().flat_map(Sessions::values) {
            // A subscription without any later sign of life attests nothing.
            if session.attested_from < session.attested_until {
                stretches.entry(session.symbol).or_default().push((session.attested_from, session.attested_until));
            }
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
///
/// The stretches are in order and apart from each other, as [`Attested::by_symbol`] gives them.
pub(crate) fn attested_slots(minute: DateTime<Utc>, stretches: &[Stretch]) -> Option<u128> {
    let end = minute + TimeDelta::minutes(1);
    let first = stretches.partition_point(|(_, until)| *until <= minute);
    let mut touching = stretches[first..].iter().take_while(|(from, _)| *from < end).peekable();
    touching.peek()?;
    let mut mask = 0;
    for (from, until) in touching {
        let slots = (0..SLOTS_PER_MINUTE).filter(|slot| {
            let start = minute + SLOT * *slot as i32;
            *from <= start && start + SLOT <= *until
        });
        mask = slots.fold(mask, |mask, slot| mask | 1 << slot);
    }
    Some(mask)
}
