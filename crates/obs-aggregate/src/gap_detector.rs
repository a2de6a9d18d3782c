//! From feed events to gaps.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, SessionId, Symbol, trading_day};

use crate::{Stretch, VolumeBreak, gap_detector::known::KnownGaps};

mod known;

/// How long the row of a hole waits for the last of its symbols to be subscribed again. Those that take longer, or that
/// nobody asks for any more, do not hold it up.
const STRAGGLERS: TimeDelta = TimeDelta::seconds(10);

/// Below half a second a hole has no second of its own, and is not told.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(500);

/// Finds the holes between the connections of a feed: from the last sign of life of a lost connection until its symbols are
/// subscribed again. Symbols that were lost together and come back together share one gap.
///
/// A symbol that gave up its subscription to another one and is subscribed again on the same day has a gap in between, too.
///
/// Only session time counts: a hole across a night is one gap before it and one after it.
#[derive(Clone, Debug)]
pub struct GapDetector {
    calendar: Calendar,
    /// Connections that are up.
    feeds: BTreeMap<FeedId, Feed>,
    /// Symbols that were lost and are not back yet.
    lost: BTreeMap<Symbol, Loss>,
    /// Symbols that gave up their subscription, and when.
    given_up: BTreeMap<Symbol, DateTime<Utc>>,
    /// Symbols that are back and whose gap is not told yet.
    back: BTreeMap<Loss, Return>,
    /// Symbols that are back from a gap and of which nothing came since.
    returned: BTreeSet<Symbol>,
    /// The gaps that were told.
    told: KnownGaps,
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

impl Feed {
    fn event(&self, feed_id: &FeedId, at: DateTime<Utc>, change: FeedChange) -> FeedEvent {
        FeedEvent { feed_id: feed_id.clone(), session_id: self.session_id.clone(), at, change }
    }
}

/// When something was last known to be well, and why no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    since: DateTime<Utc>,
    /// The position of the reason in [`GapReason::ALL`], which gives an order.
    reason: usize,
}

impl Loss {
    fn new(since: DateTime<Utc>, reason: GapReason) -> Self {
        Self { since, reason: GapReason::ALL.iter().position(|known| *known == reason).unwrap_or_default() }
    }
}

#[derive(Clone, Debug)]
struct Return {
    /// The symbols in the order of their return, and when each was back.
    symbols: Vec<(Symbol, DateTime<Utc>)>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl GapDetector {
    /// A detector that knows of no feed yet.
    #[must_use]
    pub const fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            feeds: BTreeMap::new(),
            lost: BTreeMap::new(),
            given_up: BTreeMap::new(),
            back: BTreeMap::new(),
            returned: BTreeSet::new(),
            told: KnownGaps::new(),
        }
    }

    /// Goes by another calendar from now on: a holiday may be decreed while the recorder runs.
    pub fn set_calendar(&mut self, calendar: Calendar) {
        self.calendar = calendar;
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
                self.is_taken_up(*symbol, event.at);
                self.is_back(*symbol, event.at);
                self.take_gaps(event.at, &event.session_id)
            }
            FeedChange::Unsubscribed { symbol } => {
                if let Some(feed) = self.feeds.get_mut(&event.feed_id) {
                    feed.symbols.remove(symbol);
                }
                // Nobody asks for it any more: if it was lost, its hole ends here.
                self.is_back(*symbol, event.at);
                if !self.is_held(*symbol) {
                    self.given_up.insert(*symbol, event.at);
                    self.returned.remove(symbol);
                }
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

    /// What is to be said about the connections that are up when their time cannot go on, be it that their recorder is gone or
    /// that the clock was set: that they were alive until their last sign of life, and that they are over. To be observed and
    /// recorded before anything else. `evidence` is the last record that arrived, and when: a sign of life of whoever listens
    /// to its symbol.
    #[must_use]
    pub fn owed(&self, reason: GapReason, evidence: Option<(Symbol, DateTime<Utc>)>) -> Vec<FeedEvent> {
        let events = self.feeds.iter().flat_map(|(feed_id, feed)| {
            let heard = evidence.filter(|(symbol, _)| feed.symbols.contains_key(symbol));
            let at = heard.map_or(feed.last, |(_, at)| at.max(feed.last));
            [FeedChange::Alive, FeedChange::Closed { reason }].map(|change| feed.event(feed_id, at, change))
        });
        events.collect()
    }

    /// The connections that are up, as if each was opened and its symbols subscribed at this instant.
    #[must_use]
    pub fn as_of(&self, at: DateTime<Utc>) -> Vec<FeedEvent> {
        let events = self.feeds.iter().flat_map(|(feed_id, feed)| {
            let subscribed = feed.symbols.keys().map(|symbol| FeedChange::Subscribed { symbol: *symbol });
            iter::once(FeedChange::Opened).chain(subscribed).map(move |change| feed.event(feed_id, at, change))
        });
        events.collect()
    }

    /// The symbols that were lost and are not back. Somebody must subscribe them again, or say that nobody wants them.
    pub fn lost(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.lost.keys().copied()
    }

    /// The symbols that nobody listens to now and that were listened to on that day: those that are lost, and those that gave up
    /// their subscription. When one of them is heard again, there is a gap behind it.
    pub fn absent(&self, day: NaiveDate) -> impl Iterator<Item = Symbol> + '_ {
        let given_up = self.given_up.iter().filter(move |(_, since)| trading_day(**since) == day);
        self.lost().chain(given_up.map(|(symbol, _)| *symbol))
    }

    /// Whether this is the first record of a symbol after a gap: so it is once for each return.
    pub fn take_return(&mut self, symbol: Symbol) -> bool {
        !self.returned.is_empty() && self.returned.remove(&symbol)
    }

    /// The gaps that shares missing between two trades are: none where a gap of the symbol is known already, told or not, and
    /// none outside the session. Within one second of the exchange's clock the gap has no length.
    #[must_use]
    pub fn gaps_of_break(&self, found: &VolumeBreak, session_id: &SessionId) -> Vec<Gap> {
        let ends = (found.after, found.before);
        let parts = match found.after == found.before {
            _ if self.knows_gap(found.symbol, found.received) => Vec::new(),
            true if self.calendar.contains(found.after) => vec![ends],
            true => Vec::new(),
            false => self.calendar.within(ends.0, ends.1),
        };
        let gap = |part| Gap::new(part, GapScope::Scalp, GapReason::VolumeBreak, vec![found.symbol], session_id.clone());
        parts.into_iter().filter_map(|part| gap(part).ok()).collect()
    }

    /// Whether a gap of a symbol overlaps a time, by our clock: one that was told, will be told, or is still open.
    fn knows_gap(&self, symbol: Symbol, (from, until): Stretch) -> bool {
        let open = self.lost.get(&symbol).is_some_and(|loss| loss.since < until);
        let is_ending = |(loss, back): (&Loss, &Return)| {
            let of_symbol = back.symbols.iter().find(|(of, _)| *of == symbol);
            loss.since < until && of_symbol.is_some_and(|(_, at)| *at > from)
        };
        open || self.back.iter().any(is_ending) || self.told.overlap(symbol, (from, until))
    }

    /// Says that a gap is known already, so that no part of it is told a second time: a recorder writes a gap before the event
    /// that completes it, and a crash may come between the two.
    pub fn was_told(&mut self, gap: &Gap) {
        self.told.add(gap);
        let is_of = |loss: &Loss| GapReason::ALL[loss.reason] == gap.reason && loss.since < gap.end();
        let later = |loss: &Loss| Loss { since: gap.end(), ..*loss };
        for (_, loss) in self.lost.iter_mut().filter(|(symbol, loss)| gap.symbols.contains(symbol) && is_of(loss)) {
            *loss = later(loss);
        }
        for (loss, mut back) in std::mem::take(&mut self.back) {
            let is_of = is_of(&loss) && back.symbols.iter().any(|(symbol, _)| gap.symbols.contains(symbol));
            if !is_of {
                self.back.insert(loss, back);
            } else if gap.end() < back.last {
                // The parts of it that lie in later sessions are not told yet.
                back.symbols.retain(|(symbol, _)| gap.symbols.contains(symbol));
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
        for (symbol, subscribed) in feed.symbols {
            if !self.is_held(symbol) {
                self.returned.remove(&symbol);
                self.lost.entry(symbol).or_insert(Loss::new(feed.alive.max(subscribed), reason));
            }
        }
    }

    /// Whether some connection listens to a symbol.
    fn is_held(&self, symbol: Symbol) -> bool {
        self.feeds.values().any(|feed| feed.symbols.contains_key(&symbol))
    }

    /// A symbol that gave up its subscription to another and has one again on the same day was missing in between. On another
    /// day it is a new choice, and no hole.
    fn is_taken_up(&mut self, symbol: Symbol, at: DateTime<Utc>) {
        let Some(since) = self.given_up.remove(&symbol).filter(|since| trading_day(*since) == trading_day(at)) else {
            return;
        };
        self.lost.entry(symbol).or_insert(Loss::new(since, GapReason::SlotEvicted));
    }

    fn is_back(&mut self, symbol: Symbol, at: DateTime<Utc>) {
        let Some(loss) = self.lost.remove(&symbol) else { return };
        if self.calendar.within(loss.since, at).iter().any(|(start, end)| *end - *start >= SHORTEST) {
            self.returned.insert(symbol);
        }
        let back = self.back.entry(loss).or_insert(Return { symbols: Vec::new(), first: at, last: at });
        back.symbols.push((symbol, at));
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
            for part in self.calendar.within(loss.since, back.last) {
                // Who was back before this part began is not missing in it.
                let missing = back.symbols.iter().copied().filter(|(_, at)| *at > part.0);
                let symbols = missing.clone().map(|(symbol, _)| symbol).collect();
                let gap = Gap::new(part, GapScope::Scalp, GapReason::ALL[loss.reason], symbols, session_id.clone());
                let gap = gap.map(|gap| gap.with_returns(missing));
                gaps.extend(gap.ok().filter(|gap| gap.end() - gap.start() >= SHORTEST));
            }
        }
        gaps.iter().for_each(|gap| self.told.add(gap));
        gaps
    }
}
