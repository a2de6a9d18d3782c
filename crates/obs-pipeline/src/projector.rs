//! From what lines say to what is committed: volumes, bars and coverage are worked out here.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_aggregate::{Attested, MinuteKey, Minutes, Stretch};
use obs_model::{Bar, FeedChange, FeedEvent, FeedId, Quantity, Symbol, Tick, minute_of, trading_day};
use obs_store::{Batch, Committed, DayVolume, Store, StoreError, TimeRange};

use crate::{draft::Draft, volumes::Volumes};

/// The most minutes of single symbols that stay in memory: some megabytes, and a quarter of an hour of 2,000 symbols. A later
/// tick of another makes its ticks be read from the store again.
const KEPT: usize = 32_768;

/// The most minutes whose ticks are read from the store at once.
const MOST_AT_ONCE: i32 = 5;

/// As many ticks in one reading are no reason to read more at once.
const MANY_TICKS: usize = 10_000;

/// How long before an event a feed that it does not know is looked for: more than a connection ever lasts without a word.
const LOOK_BACK: TimeDelta = TimeDelta::days(1);

/// Minutes of symbols, by the minutes' start.
type Wanted = BTreeMap<DateTime<Utc>, HashSet<Symbol>>;

/// Turns drafts into batches and commits them. Its state only saves work: everything in it can be read from the store again,
/// and is after a draft of which nobody knows whether it was committed.
pub(crate) struct Projector {
    store: Arc<dyn Store>,
    minutes: Minutes,
    volumes: Volumes,
    /// Minutes from here on have no ticks in the store but those that are in memory.
    fresh_from: Option<DateTime<Utc>>,
    /// Up to when all symbols of each feed are attested at least.
    attested: BTreeMap<FeedId, DateTime<Utc>>,
    /// Drafts that were begun and of which nobody knows yet whether they were committed.
    unconfirmed: u32,
    /// There are feed events among them.
    unconfirmed_events: bool,
}

impl Projector {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            minutes: Minutes::default(),
            volumes: Volumes::default(),
            fresh_from: None,
            attested: BTreeMap::new(),
            unconfirmed: 0,
            unconfirmed_events: false,
        }
    }

    /// Commits what a draft says. After an error, or when it is dropped before it ends, it may or may not have been committed;
    /// the file's position in the store tells.
    pub(crate) async fn commit(&mut self, draft: Draft) -> Result<Committed, StoreError> {
        self.start();
        let batch = self.project(draft).await?;
        let committed = self.store.commit(&batch).await?;
        self.confirm();
        Ok(committed)
    }

    /// Begins a run of drafts. If not all of the last run are known to be committed, everything is forgotten.
    pub(crate) fn start(&mut self) {
        if self.unconfirmed != 0 {
            *self = Self::new(Arc::clone(&self.store));
        }
    }

    /// Says that the oldest of the projected drafts was committed.
    pub(crate) const fn confirm(&mut self) {
        self.unconfirmed = self.unconfirmed.saturating_sub(1);
        self.unconfirmed_events &= self.unconfirmed > 0;
    }

    /// Whether a draft can be projected before those before it are committed: it asks the store for nothing that they write.
    pub(crate) fn is_independent(&self, draft: &Draft) -> bool {
        let Some(fresh_from) = self.fresh_from else { return false };
        let keys = draft.ticks.iter().map(|record| Minutes::key_of(&record.tick));
        let concerned = draft.ticks.iter().filter(|record| Volumes::concerns(record));
        draft.feed_events.is_empty()
            && !self.unconfirmed_events
            && concerned.map(|record| trading_day(record.tick.event_time)).all(|day| self.volumes.knows(day))
            && self.cold(keys, fresh_from).is_empty()
    }

    /// What is to be committed for a draft. The caller commits batches in their order, and [confirms](Self::confirm) each.
    pub(crate) async fn project(&mut self, draft: Draft) -> Result<Batch, StoreError> {
        self.unconfirmed += 1;
        self.unconfirmed_events |= !draft.feed_events.is_empty();
        self.put_day_volumes(&draft).await?;
        let mut totals = BTreeMap::new();
        let ticks: Vec<Tick> = draft.ticks.into_iter().map(|record| self.volumes.difference(record, &mut totals)).collect();
        let fresh_from = self.fresh_from().await?;
        self.recall(self.cold(ticks.iter().map(Minutes::key_of), fresh_from)).await?;
        for tick in &ticks {
            self.minutes.add(tick);
        }
        let attested_from = self.attest(&draft.feed_events, fresh_from).await?;
        let bars = self.changed_bars(&draft.feed_events, attested_from).await?;
        if let Some(forgotten) = self.minutes.shrink(KEPT) {
            self.fresh_from = Some(fresh_from.max(forgotten + TimeDelta::minutes(1)));
        }
        Ok(Batch {
            ticks,
            bars,
            recorded_bars: draft.recorded_bars,
            swing_bars: draft.swing_bars,
            gaps: draft.gaps,
            feed_events: draft.feed_events,
            volume_breaks: draft.volume_breaks,
            healed_bars: draft.healed_bars,
            day_volumes: day_volumes(totals),
            rejects: draft.rejects,
            advance: draft.advance,
        })
    }

    async fn put_day_volumes(&mut self, draft: &Draft) -> Result<(), StoreError> {
        let concerned = draft.ticks.iter().filter(|record| Volumes::concerns(record));
        let days: BTreeSet<NaiveDate> = concerned.map(|record| trading_day(record.tick.event_time)).collect();
        for day in days {
            if !self.volumes.knows(day) {
                let known = self.store.day_volumes(day).await?;
                self.volumes.put(day, known);
            }
        }
        Ok(())
    }

    /// The first minute behind all ticks of the store that are not in memory.
    async fn fresh_from(&mut self) -> Result<DateTime<Utc>, StoreError> {
        if let Some(known) = self.fresh_from {
            return Ok(known);
        }
        let newest = self.store.newest_tick().await?;
        let found = newest.map_or(DateTime::<Utc>::MIN_UTC, |newest| minute_of(newest) + TimeDelta::minutes(1));
        self.fresh_from = Some(found);
        Ok(found)
    }

    /// Those minutes whose ticks may be in the store and are not in memory.
    fn cold(&self, keys: impl Iterator<Item = MinuteKey>, fresh_from: DateTime<Utc>) -> Wanted {
        let mut cold = Wanted::new();
        for key in keys.filter(|key| key.0 < fresh_from && !self.minutes.contains(key)) {
            cold.entry(key.0).or_default().insert(key.1);
        }
        cold
    }

    /// Reads the ticks of minutes from the store, a few minutes at once and never many.
    async fn recall(&mut self, mut wanted: Wanted) -> Result<(), StoreError> {
        let mut at_once = 1;
        while let Some(from) = wanted.keys().next().copied() {
            let until = from + TimeDelta::minutes(1) * at_once;
            let later = wanted.split_off(&until);
            let stored = self.store.ticks(TimeRange { from, until }, None).await?;
            let is_wanted = |(minute, symbol)| wanted.get(&minute).is_some_and(|symbols| symbols.contains(&symbol));
            stored.iter().filter(|tick| is_wanted(Minutes::key_of(tick))).for_each(|tick| self.minutes.add(tick));
            at_once = if stored.len() < MANY_TICKS { MOST_AT_ONCE.min(at_once + 1) } else { 1 };
            wanted = later;
        }
        Ok(())
    }

    /// Marks the minutes to which events give more coverage as changed, and returns the start of the earliest stretch that they
    /// extend.
    async fn attest(
        &mut self,
        events: &[FeedEvent],
        fresh_from: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut grown: BTreeMap<&FeedId, Stretch> = BTreeMap::new();
        for event in events {
            let from = match self.attested.get(&event.feed_id) {
                Some(known) => *known,
                None => self.stored_attestation(event).await?,
            };
            let until = match event.change {
                FeedChange::Opened => from,
                FeedChange::Subscribed { .. } => from.min(event.at),
                FeedChange::Alive | FeedChange::Unsubscribed { .. } => {
                    let stretch = grown.entry(&event.feed_id).or_insert((from, from));
                    *stretch = (from.min(stretch.0), event.at.max(stretch.1));
                    // The end of a subscription attests its own symbol only.
                    if event.change == FeedChange::Alive { from.max(event.at) } else { from }
                }
                FeedChange::Closed { .. } => {
                    self.attested.remove(&event.feed_id);
                    continue;
                }
            };
            self.attested.insert(event.feed_id.clone(), until);
        }
        for (from, until) in grown.values().copied() {
            self.recall_bars((from, until.min(fresh_from)), fresh_from).await?;
            self.minutes.touch(from, until);
        }
        Ok(grown.values().map(|stretch| stretch.0).min())
    }

    /// Up to when the store holds the open subscriptions of an event's feed for attested.
    async fn stored_attestation(&self, event: &FeedEvent) -> Result<DateTime<Utc>, StoreError> {
        let range = TimeRange { from: event.at - LOOK_BACK, until: event.at };
        let sessions = self.store.feed_sessions(range).await?;
        let open = sessions.iter().filter(|session| session.feed_id == event.feed_id && !session.closed);
        Ok(open.map(|session| session.attested_until).min().unwrap_or(event.at))
    }

    /// Takes the minutes of a stretch that have bars in the store, and are not in memory, into memory.
    async fn recall_bars(&mut self, (from, until): Stretch, fresh_from: DateTime<Utc>) -> Result<(), StoreError> {
        let from = minute_of(from);
        if from >= until {
            return Ok(());
        }
        let bars = self.store.bars(TimeRange { from, until }, None).await?;
        self.recall(self.cold(bars.iter().map(|bar| (minute_of(bar.bar_time), bar.symbol)), fresh_from)).await
    }

    async fn changed_bars(
        &mut self,
        events: &[FeedEvent],
        attested_from: Option<DateTime<Utc>>,
    ) -> Result<Vec<Bar>, StoreError> {
        let Some((first, last)) = self.minutes.changed_range() else { return Ok(Vec::new()) };
        // A stretch that the events extend may end before the first minute so far.
        let from = attested_from.map_or(first, |attested| first.min(attested - TimeDelta::seconds(1)));
        let sessions = self.store.feed_sessions(TimeRange { from, until: last + TimeDelta::minutes(1) }).await?;
        let mut attested = Attested::new(sessions);
        events.iter().for_each(|event| attested.apply(event));
        Ok(self.minutes.take_changed(&attested))
    }
}

fn day_volumes(totals: BTreeMap<(NaiveDate, Symbol), Quantity>) -> Vec<DayVolume> {
    totals.into_iter().map(|((trading_day, symbol), cumulative)| DayVolume { symbol, trading_day, cumulative }).collect()
}
