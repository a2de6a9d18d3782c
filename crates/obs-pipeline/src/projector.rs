//! From what lines say to what is committed: volumes, bars and coverage are worked out here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_aggregate::{Attested, MinuteKey, Minutes};
use obs_model::{FeedChange, FeedEvent, FeedId, Quantity, Symbol, Tick, minute_of, trading_day};
use obs_store::{Batch, DayVolume, Store, StoreError, TimeRange};

use crate::{draft::Draft, volumes::Volumes};

/// How long a minute stays in memory after newer ones came. A later tick makes its ticks be read from the store again.
const KEPT: TimeDelta = TimeDelta::minutes(15);

/// How far before a minute an attestation may end and still grow into it: more than any liveness window.
const LIVENESS: TimeDelta = TimeDelta::minutes(5);

/// The most minutes whose ticks are read from the store at once.
const RUN: TimeDelta = TimeDelta::minutes(5);

/// Turns drafts into batches. Its state only saves work: everything in it can be read from the store again, and is after an
/// error ([`Projector::reset`]).
pub(crate) struct Projector {
    store: Arc<dyn Store>,
    minutes: Minutes,
    volumes: Volumes,
    /// Minutes from here on have no ticks in the store but those that this projector put there.
    untouched_from: Option<DateTime<Utc>>,
    /// Minutes before this one are no longer in memory.
    forgotten_until: DateTime<Utc>,
    newest_minute: DateTime<Utc>,
    /// Up to when each feed is attested, as far as it was seen.
    evidence: BTreeMap<FeedId, DateTime<Utc>>,
}

impl Projector {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            minutes: Minutes::default(),
            volumes: Volumes::default(),
            untouched_from: None,
            forgotten_until: DateTime::<Utc>::MIN_UTC,
            newest_minute: DateTime::<Utc>::MIN_UTC,
            evidence: BTreeMap::new(),
        }
    }

    /// Forgets everything. To be called when a batch was not committed, or may not have been.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(Arc::clone(&self.store));
    }

    /// What is to be committed for a draft.
    pub(crate) async fn project(&mut self, draft: Draft) -> Result<Batch, StoreError> {
        self.put_day_volumes(&draft).await?;
        let mut totals = BTreeMap::new();
        let ticks: Vec<Tick> = draft.ticks.into_iter().map(|record| self.volumes.difference(record, &mut totals)).collect();
        self.recall(&ticks).await?;
        for tick in &ticks {
            self.minutes.add(tick);
        }
        for event in &draft.feed_events {
            self.attest(event);
        }
        let bars = self.changed_bars(&draft.feed_events).await?;
        self.forget();
        Ok(Batch {
            ticks,
            bars,
            recorded_bars: draft.recorded_bars,
            swing_bars: draft.swing_bars,
            gaps: draft.gaps,
            feed_events: draft.feed_events,
            day_volumes: day_volumes(totals),
            rejects: draft.rejects,
            advance: draft.advance,
        })
    }

    async fn put_day_volumes(&mut self, draft: &Draft) -> Result<(), StoreError> {
        let concerned = draft.ticks.iter().filter(|record| Volumes::concerns(record));
        let days: BTreeSet<NaiveDate> = concerned.map(|record| trading_day(record.tick.event_time)).collect();
        for day in days.into_iter().filter(|day| !self.volumes.knows(*day)).collect::<Vec<_>>() {
            let known = self.store.day_volumes(day).await?;
            self.volumes.put(day, known);
        }
        Ok(())
    }

    /// Reads the stored ticks of minutes that these ticks belong to and that are not in memory.
    async fn recall(&mut self, ticks: &[Tick]) -> Result<(), StoreError> {
        let untouched_from = match self.untouched_from {
            Some(from) => from,
            None => self.first_recall().await?,
        };
        let mut cold: BTreeSet<MinuteKey> = BTreeSet::new();
        let mut last = None;
        for tick in ticks {
            let key = Minutes::key_of(tick);
            let is_new = last.replace(key) != Some(key);
            let is_cold = key.0 < untouched_from || key.0 < self.forgotten_until;
            if is_new && is_cold && !self.minutes.contains(&key) {
                cold.insert(key);
            }
        }
        while let Some((from, _)) = cold.first().copied() {
            let until = from + RUN;
            let (now, later): (BTreeSet<_>, BTreeSet<_>) = cold.into_iter().partition(|(minute, _)| *minute < until);
            self.put_stored(TimeRange { from, until }, |key| now.contains(key)).await?;
            cold = later;
        }
        Ok(())
    }

    /// Finds where the store's ticks end, and takes the last minutes before that into memory: a crash may have left their bars
    /// without their last coverage.
    async fn first_recall(&mut self) -> Result<DateTime<Utc>, StoreError> {
        let Some(newest) = self.store.newest_tick().await? else {
            self.untouched_from = Some(DateTime::<Utc>::MIN_UTC);
            return Ok(DateTime::<Utc>::MIN_UTC);
        };
        let until = minute_of(newest) + TimeDelta::minutes(1);
        self.put_stored(TimeRange { from: until - RUN, until }, |_| true).await?;
        self.untouched_from = Some(until);
        Ok(until)
    }

    async fn put_stored(&mut self, range: TimeRange, wanted: impl Fn(&MinuteKey) -> bool) -> Result<(), StoreError> {
        let stored = self.store.ticks(range, None).await?;
        stored.iter().filter(|tick| wanted(&Minutes::key_of(tick))).for_each(|tick| self.minutes.add(tick));
        Ok(())
    }

    /// Notes which minutes an event may give more coverage.
    fn attest(&mut self, event: &FeedEvent) {
        let before = self.evidence.insert(event.feed_id.clone(), event.at);
        match event.change {
            FeedChange::Alive | FeedChange::Unsubscribed { .. } => {
                self.minutes.touch(before.unwrap_or(event.at - LIVENESS), event.at);
            }
            FeedChange::Closed { .. } => {
                self.evidence.remove(&event.feed_id);
            }
            FeedChange::Opened | FeedChange::Subscribed { .. } => {}
        }
    }

    async fn changed_bars(&mut self, events: &[FeedEvent]) -> Result<Vec<obs_model::Bar>, StoreError> {
        let Some((first, last)) = self.minutes.changed_range() else { return Ok(Vec::new()) };
        let range = TimeRange { from: first - LIVENESS, until: last + TimeDelta::minutes(1) };
        let mut attested = Attested::new(self.store.feed_sessions(range).await?);
        events.iter().for_each(|event| attested.apply(event));
        self.newest_minute = self.newest_minute.max(last);
        Ok(self.minutes.take_changed(&attested))
    }

    fn forget(&mut self) {
        if let Some(before) = self.newest_minute.checked_sub_signed(KEPT) {
            self.minutes.forget_before(before);
            self.forgotten_until = self.forgotten_until.max(before);
        }
    }
}

fn day_volumes(totals: BTreeMap<(NaiveDate, Symbol), Quantity>) -> Vec<DayVolume> {
    totals.into_iter().map(|((trading_day, symbol), cumulative)| DayVolume { symbol, trading_day, cumulative }).collect()
}
