//! From feed events to gaps.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, SessionHours, SessionId, Symbol};

/// How long the row of a hole waits for the last of its symbols to be subscribed again. Those that take longer, or that
/// nobody asks for any more, do not hold it up.
const STRAGGLERS: TimeDelta = TimeDelta::seconds(10);

/// Finds the holes between the connections of a feed: from the last sign of life of a lost connection until its symbols are
/// subscribed again. Symbols that were lost together and come back together share one gap.
///
/// Only session time counts: a hole across a night is one gap before it and one after it.
#[derive(Clone, Debug)]
pub struct GapDetector {
    hours: SessionHours,
    /// Connections that are up.
    feeds: BTreeMap<FeedId, Feed>,
    /// Symbols that were lost and are not back yet.
    lost: BTreeMap<Symbol, Loss>,
    /// Symbols that are back and whose gap is not told yet.
    back: BTreeMap<Loss, Return>,
}

#[derive(Clone, Debug)]
struct Feed {
    session_id: SessionId,
    /// Since when each symbol is subscribed.
    symbols: BTreeMap<Symbol, DateTime<Utc>>,
    /// Up to when all of them are attested.
    alive: DateTime<Utc>,
    /// The last sign of life, which may have been that of one symbol.
    last: DateTime<Utc>,
}

/// When something was last known to be well, and why no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    since: DateTime<Utc>,
    /// The position of the reason in [`GapReason::ALL`], which gives an order.
    reason: usize,
}

#[derive(Clone, Debug)]
struct Return {
    symbols: Vec<Symbol>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl GapDetector {
    /// A detector that knows of no feed yet.
    #[must_use]
    pub const fn new(hours: SessionHours) -> Self {
        Self { hours, feeds: BTreeMap::new(), lost: BTreeMap::new(), back: BTreeMap::new() }
    }

    /// Takes an event and gives the gaps that are complete with it.
    pub fn observe(&mut self, event: &FeedEvent) -> Vec<Gap> {
        match &event.change {
            FeedChange::Opened => {
                let feed = self.feed_of(event);
                (feed.alive, feed.last) = (event.at, event.at);
                Vec::new()
            }
            FeedChange::Subscribed { symbol } => {
                let feed = self.feed_of(event);
                feed.symbols.insert(*symbol, event.at);
                feed.last = feed.last.max(event.at);
                self.is_back(*symbol, event.at);
                self.take_gaps(event.at, &event.session_id)
            }
            FeedChange::Unsubscribed { symbol } => {
                if let Some(feed) = self.feeds.get_mut(&event.feed_id) {
                    feed.symbols.remove(symbol);
                }
                // Nobody asks for it any more: if it was lost, its hole ends here.
                self.is_back(*symbol, event.at);
                self.take_gaps(event.at, &event.session_id)
            }
            FeedChange::Alive => {
                if let Some(feed) = self.feeds.get_mut(&event.feed_id) {
                    feed.alive = feed.alive.max(event.at);
                    feed.last = feed.last.max(event.at);
                }
                self.take_gaps(event.at, &event.session_id)
            }
            FeedChange::Closed { reason } => {
                if let Some(feed) = self.feeds.remove(&event.feed_id) {
                    self.lose(feed, *reason);
                }
                // What came back before it was lost again has its gap behind it.
                self.take_gaps(DateTime::<Utc>::MAX_UTC, &event.session_id)
            }
        }
    }

    /// What a recorder that is gone did not say about the connections that it held: that they were alive until `evidence`, the
    /// time of the last line that it wrote, and that they are over. To be observed and recorded before anything else.
    #[must_use]
    pub fn owed(&self, evidence: Option<DateTime<Utc>>) -> Vec<FeedEvent> {
        let events = self.feeds.iter().flat_map(|(feed_id, feed)| {
            let at = evidence.map_or(feed.last, |at| at.max(feed.last));
            [FeedChange::Alive, FeedChange::Closed { reason: GapReason::ProcessRestart }].map(|change| FeedEvent {
                feed_id: feed_id.clone(),
                session_id: feed.session_id.clone(),
                at,
                change,
            })
        });
        events.collect()
    }

    /// Says that a gap is known already, so that no part of it is told a second time: a recorder writes a gap before the event
    /// that completes it, and a crash may come between the two.
    pub fn was_told(&mut self, gap: &Gap) {
        let is_of = |loss: &Loss| GapReason::ALL[loss.reason] == gap.reason && loss.since < gap.end();
        let later = |loss: &Loss| Loss { since: gap.end(), ..*loss };
        for (_, loss) in self.lost.iter_mut().filter(|(symbol, loss)| gap.symbols.contains(symbol) && is_of(loss)) {
            *loss = later(loss);
        }
        for (loss, mut back) in std::mem::take(&mut self.back) {
            let is_of = is_of(&loss) && back.symbols.iter().any(|symbol| gap.symbols.contains(symbol));
            if !is_of {
                self.back.insert(loss, back);
            } else if gap.end() < back.last {
                // The parts of it that lie in later sessions are not told yet.
                back.symbols.retain(|symbol| gap.symbols.contains(symbol));
                self.back.insert(later(&loss), back);
            }
        }
    }

    fn feed_of(&mut self, event: &FeedEvent) -> &mut Feed {
        self.feeds.entry(event.feed_id.clone()).or_insert_with(|| Feed {
            session_id: event.session_id.clone(),
            symbols: BTreeMap::new(),
            alive: event.at,
            last: event.at,
        })
    }

    fn lose(&mut self, feed: Feed, reason: GapReason) {
        let reason = GapReason::ALL.iter().position(|known| *known == reason).unwrap_or_default();
        for (symbol, subscribed) in feed.symbols {
            // Another connection may still listen to it.
            if !self.feeds.values().any(|other| other.symbols.contains_key(&symbol)) {
                self.lost.entry(symbol).or_insert(Loss { since: feed.alive.max(subscribed), reason });
            }
        }
    }

    fn is_back(&mut self, symbol: Symbol, at: DateTime<Utc>) {
        let Some(loss) = self.lost.remove(&symbol) else { return };
        let back = self.back.entry(loss).or_insert(Return { symbols: Vec::new(), first: at, last: at });
        back.symbols.push(symbol);
        back.last = back.last.max(at);
    }

    /// The gaps that nobody is missing from any more, or that have waited long enough.
    fn take_gaps(&mut self, now: DateTime<Utc>, session_id: &SessionId) -> Vec<Gap> {
        let is_told = |loss: &Loss, back: &Return| {
            !self.lost.values().any(|lost| lost == loss) || now.signed_duration_since(back.first) >= STRAGGLERS
        };
        let told: Vec<Loss> = self.back.iter().filter(|(loss, back)| is_told(loss, back)).map(|(loss, _)| *loss).collect();
        let mut gaps = Vec::new();
        for loss in told {
            let Some(back) = self.back.remove(&loss) else { continue };
            for part in self.hours.within(loss.since, back.last) {
                let (reason, symbols) = (GapReason::ALL[loss.reason], back.symbols.clone());
                let gap = Gap::new(part, GapScope::Scalp, reason, symbols, session_id.clone());
                // Below half a second a hole has no second of its own.
                gaps.extend(gap.ok().filter(|gap| gap.seconds() > 0));
            }
        }
        gaps
    }
}
