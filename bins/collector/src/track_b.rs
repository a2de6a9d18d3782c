//! Track B: the feeds of a session, one for each app key, and what they bring.

mod accounts;
mod counters;
mod day;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_ws::{
    Candidate, Candle, Counters as FeedCounters, FeedError, FeedItem, Priority, Settings, SlotError, SlotManager,
    SlotSettings, Trigger, TriggerSettings, Triggers, WsFeed,
};
use obs_kis::{Clock, KisClient};
use obs_model::{Calendar, SessionId, Symbol};
use obs_schema::Record;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use counters::TrackCounters;

use crate::{Counts, Names, Setup, supervise::supervise};
use accounts::Accounts;
use day::Day;

/// The feeds connect so long before the opening, so that everything is subscribed when it comes.
const LEAD: TimeDelta = TimeDelta::minutes(10);
/// And stay so long after the close: the closing auction's trades come up to half a minute late.
const TAIL: TimeDelta = TimeDelta::minutes(5);
/// How often the calendar is looked at: holidays are decreed at short notice.
const LOOK: TimeDelta = TimeDelta::minutes(1);
/// What a symbol is worth that a killed recorder had listened to: a place if there is one, until something better comes.
const RESUMED: Priority = Priority::from_thousandths(500);
/// Items that may wait between the feeds and their consumer.
const WAITING: usize = 8_192;

/// Why Track B ended for good.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// A feed needs a person.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The settings give no sensible slots.
    #[error(transparent)]
    Slots(#[from] SlotError),
}

/// Listens during the sessions of the calendar.
pub(crate) struct TrackB {
    clients: Vec<KisClient>,
    /// What the recorder before this one listened to when it was killed.
    missing: Vec<Symbol>,
    calendar: watch::Receiver<Calendar>,
    /// What the feeds count, and what is counted of what they bring.
    feed_counters: Arc<FeedCounters>,
    counters: Arc<TrackCounters>,
    watch_list: Vec<Symbol>,
    settings: Settings,
    slots: SlotSettings,
    triggers: TriggerSettings,
    session_id: SessionId,
    clock: Clock,
    names: Names,
    seed: u64,
}

/// An item of a feed, with the number of its key.
pub(crate) type Heard = (usize, FeedItem);

impl TrackB {
    pub(crate) fn new(
        clients: &[KisClient],
        missing: Vec<Symbol>,
        calendar: watch::Receiver<Calendar>,
        counts: &Counts,
        setup: &Setup,
    ) -> Self {
        Self {
            clients: clients.to_vec(),
            missing,
            calendar,
            feed_counters: Arc::clone(&counts.feeds),
            counters: Arc::clone(&counts.track_b),
            watch_list: setup.watch_list.clone(),
            settings: setup.feed.clone(),
            slots: SlotSettings { keys: clients.len(), ..setup.slots.clone() },
            triggers: setup.triggers.clone(),
            session_id: setup.session_id.clone(),
            clock: setup.clock.clone(),
            names: setup.names.clone(),
            seed: setup.seed,
        }
    }

    /// Listens in every session until it is told to stop, or nobody takes records any more.
    ///
    /// # Errors
    /// [`TrackError`] if only a person can mend it.
    pub(crate) async fn run(
        mut self,
        records: mpsc::Sender<Record>,
        mut candles: mpsc::Receiver<Candle>,
        stop: CancellationToken,
    ) -> Result<(), TrackError> {
        // Only the first session goes on with what the recorder before this one listened to.
        let mut resumed = std::mem::take(&mut self.missing);
        let mut accounts = Accounts::new(self.session_id.clone(), resumed.clone());
        while !stop.is_cancelled() && !records.is_closed() {
            let now = self.clock.now();
            if !self.listens_at(now) {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = self.clock.sleep_until((now + LOOK).min(self.next_start(now))) => continue,
                }
            }
            accounts = self.session(accounts, &std::mem::take(&mut resumed), &records, &mut candles, &stop).await?;
        }
        Ok(())
    }

    /// Whether the feeds should be connected.
    fn listens_at(&self, now: DateTime<Utc>) -> bool {
        let calendar = self.calendar.borrow();
        calendar.contains(now) || calendar.contains(now + LEAD) || calendar.contains(now - TAIL)
    }

    fn next_start(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.calendar.borrow().session_at_or_after(now).map_or(now + LOOK, |(open, _)| open - LEAD)
    }

    /// One session, from connecting to the end of the last feed.
    async fn session(
        &self,
        accounts: Accounts,
        resumed: &[Symbol],
        records: &mpsc::Sender<Record>,
        candles: &mut mpsc::Receiver<Candle>,
        stop: &CancellationToken,
    ) -> Result<Accounts, TrackError> {
        let now = self.clock.now();
        let mut slots = SlotManager::new(&self.slots, &self.watch_list, now)?;
        for symbol in resumed {
            slots.propose(Candidate { symbol: *symbol, priority: RESUMED, reason: Trigger::Resumed, at: now });
        }
        let triggers = Triggers::new(self.triggers.clone(), self.calendar.borrow().clone());
        let (sender, mut heard) = mpsc::channel(WAITING);
        let over = stop.child_token();
        let (mut feeds, mut wanted) = (JoinSet::new(), Vec::new());
        for (key, client) in self.clients.iter().enumerate() {
            let (publish, wants) = watch::channel(slots.wanted(key));
            wanted.push(publish);
            feeds.spawn(self.feed(key, client.clone(), wants, sender.clone(), over.clone()));
        }
        drop(sender);
        info!(keys = self.clients.len(), watch_list = self.watch_list.len(), "Track B begins to listen");
        let mut day = Day {
            slots,
            triggers,
            wanted,
            accounts,
            records,
            counters: &self.counters,
            names: &self.names,
            session_id: &self.session_id,
            clock: &self.clock,
            latest: now,
            duplicates: Default::default(),
            samples: Default::default(),
        };
        let mut fault = None;
        let mut look = self.clock.now() + TimeDelta::seconds(1);
        loop {
            tokio::select! {
                biased;
                item = heard.recv() => match item {
                    Some((key, item)) => day.hear(key, item).await,
                    // All feeds have ended and everything that they said was heard.
                    None => break,
                },
                Some(candle) = candles.recv() => day.candle(candle).await,
                () = self.clock.sleep_until(look) => {
                    look = self.clock.now() + TimeDelta::seconds(1);
                    day.pass(look).await;
                    if !self.listens_at(look) || records.is_closed() {
                        over.cancel();
                    }
                }
                // The others are told to stop; what they have heard is still taken.
                Some(ended) = feeds.join_next() => if let Some(error) = failure_of(ended) {
                    fault.get_or_insert(error);
                    over.cancel();
                },
            }
        }
        // The last feed's end is heard before it can be looked at.
        while let Some(ended) = feeds.join_next().await {
            fault = fault.or(failure_of(ended));
        }
        let watch_list = &self.watch_list;
        day.end(|symbol| watch_list.contains(&symbol)).await;
        let accounts = day.accounts;
        info!("Track B has ended its session");
        match fault {
            Some(error) => Err(error.into()),
            None => Ok(accounts),
        }
    }

    /// The feed of one key, made anew whenever it falls over.
    fn feed(
        &self,
        key: usize,
        client: KisClient,
        wanted: watch::Receiver<Vec<Symbol>>,
        sender: mpsc::Sender<Heard>,
        over: CancellationToken,
    ) -> impl Future<Output = Result<(), FeedError>> + use<> {
        let (session_id, settings, clock) = (self.session_id.clone(), self.settings.clone(), self.clock.clone());
        let counters = Arc::clone(&self.feed_counters);
        let seed = self.seed.wrapping_add(key as u64);
        async move {
            let start = || {
                let feed = WsFeed::new(
                    client.clone(),
                    wanted.clone(),
                    session_id.clone(),
                    Arc::clone(&counters),
                    settings.clone(),
                    clock.clone(),
                    seed,
                );
                let (items, mut said) = mpsc::channel(WAITING);
                let (sender, over) = (sender.clone(), over.clone());
                async move {
                    let hand_on = async {
                        while let Some(item) = said.recv().await {
                            if sender.send((key, item)).await.is_err() {
                                return;
                            }
                        }
                    };
                    tokio::join!(feed?.run(items, over), hand_on).0
                }
            };
            supervise("Track B's feed", &clock, &over, start).await
        }
    }
}

/// Why a feed ended for good, if it did.
fn failure_of(ended: Result<Result<(), FeedError>, JoinError>) -> Option<FeedError> {
    match ended {
        Ok(ended) => ended.err(),
        Err(error) => {
            tracing::error!(%error, "A feed could not be supervised");
            None
        }
    }
}
