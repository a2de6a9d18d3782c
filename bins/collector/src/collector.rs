//! The collector put together: both tracks, the recorder, the loader.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use obs_ingest_rest::{Counters as PollCounters, PollError, Poller, Resume, Source, Universe};
use obs_ingest_ws::Candle;
use obs_kis::{Environment, KisClient};
use obs_model::{Calendar, Symbol, trading_day};
use obs_pipeline::{Follower, Recorder, swing_history};
use obs_schema::Record;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    Setup,
    counts::Counts,
    healer::Healer,
    market_days::MarketDays,
    recording::Ended,
    supervise::supervise,
    track_a,
    track_b::{TrackB, TrackError},
    universe::Universes,
};

/// Items that may wait between two stages: some seconds of the busiest feed. A full channel slows the feed, it loses nothing.
const WAITING: usize = 8_192;

/// A collector at work.
pub struct Collector {
    counts: Counts,
    calendar: watch::Receiver<Calendar>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    ended: tokio::task::JoinHandle<Ended>,
    /// Why a track ended that only a person can mend.
    final_error: Arc<Mutex<Option<anyhow::Error>>>,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What a person must mend before another run makes sense, such as wrong keys.
    pub refused: Option<anyhow::Error>,
    /// What else failed.
    pub failures: Vec<anyhow::Error>,
}

impl Collector {
    /// Starts recording, until `stop` is cancelled or the archive cannot be written any more.
    ///
    /// # Errors
    /// If the archive cannot be taken, or the broker's client cannot be made. Nothing runs then.
    pub fn start(setup: Setup, stop: CancellationToken) -> anyhow::Result<Self> {
        let clients = setup.broker.clients(&setup.clock)?;
        let days = MarketDays::open(&setup.dir, setup.calendar.clone());
        let calendar = days.calendar();
        let (recorder, repairs) = Recorder::open(&setup.dir, setup.writer, calendar.clone(), setup.clock.reader())?;
        for repair in &repairs {
            warn!("A crash had torn a line: {repair}");
        }
        let recorder = recorder.with_guards(setup.guards).with_steady_clock(setup.clock.steady());
        let missing = recorder.missing();
        let (records, received) = mpsc::channel(WAITING);
        let recording = recorder.start(received)?;
        let follower = Follower::new(Arc::clone(&setup.store), &setup.dir, &recording);
        let counts = Counts::new(&clients, &recording, follower.stats());
        let loading = tokio::spawn(follower.run());

        let mut parts = Parts {
            tasks: JoinSet::new(),
            final_error: Arc::default(),
            stop: stop.clone(),
            calendar: calendar.clone(),
            counts: counts.clone(),
            records,
        };
        parts.start_calendar(days, clients.first(), &setup);
        let candles = parts.start_track_b(&clients, missing, &setup);
        parts.start_healer(clients.first(), &setup);
        parts.start_track_a(clients.first(), candles, setup);
        // The recorder ends when nobody can send it anything any more.
        let Parts { tasks, final_error, .. } = parts;
        let ended = tokio::spawn(Ended::watch(recording, loading));
        Ok(Self { counts, calendar, stop, tasks, ended, final_error })
    }

    /// What was done so far; goes on counting.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// The calendar as it is and as it becomes.
    #[must_use]
    pub fn calendar(&self) -> watch::Receiver<Calendar> {
        self.calendar.clone()
    }

    /// Waits until everything has ended: what was received is on the disk, and in the database if that answers.
    pub async fn ended(mut self) -> Outcome {
        // A stage that ends by itself failed; the others are told to stop and finish what they have.
        let mut outcome = Outcome::default();
        match self.ended.await {
            Ok(Ended { recording, loading }) => outcome.failures.extend(recording.into_iter().chain(loading)),
            Err(error) => outcome.failures.push(error.into()),
        }
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            outcome.failures.extend(ended.err().map(anyhow::Error::from));
        }
        outcome.refused = self.final_error.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome
    }
}

/// What the tasks are made from, while they are being started.
struct Parts {
    tasks: JoinSet<()>,
    final_error: Arc<Mutex<Option<anyhow::Error>>>,
    stop: CancellationToken,
    calendar: watch::Receiver<Calendar>,
    counts: Counts,
    records: mpsc::Sender<Record>,
}

impl Parts {
    fn start_calendar(&mut self, days: MarketDays, client: Option<&KisClient>, setup: &Setup) {
        // Paper keys may not ask. Without anybody to ask, the calendar stays as it is.
        let is_live = setup.broker.endpoints.environment() == Environment::Live;
        if let Some(client) = client.filter(|_| is_live && setup.calendar.known_until().is_some()) {
            self.tasks.spawn(days.keep(client.clone(), setup.clock.clone(), self.stop.clone()));
        }
    }

    fn start_healer(&mut self, client: Option<&KisClient>, setup: &Setup) {
        let Some(client) = client.filter(|_| setup.heals) else { return };
        let healer = Healer {
            store: Arc::clone(&setup.store),
            client: client.clone(),
            calendar: self.calendar.clone(),
            session_id: setup.session_id.clone(),
            clock: setup.clock.clone(),
        };
        self.tasks.spawn(healer.run(self.records.clone(), self.stop.clone()));
    }

    /// Starts Track B and returns what takes candles for its triggers.
    fn start_track_b(&mut self, clients: &[KisClient], missing: Vec<Symbol>, setup: &Setup) -> mpsc::Sender<Candle> {
        let (candles, heard) = mpsc::channel(WAITING);
        let track = TrackB::new(clients, missing, self.calendar.clone(), &self.counts, setup);
        let (records, stop, refuse) = (self.records.clone(), self.stop.clone(), self.refuser::<TrackError>());
        self.tasks.spawn(async move { refuse(track.run(records, heard, stop).await) });
        candles
    }

    fn start_track_a(&mut self, client: Option<&KisClient>, candles: mpsc::Sender<Candle>, setup: Setup) {
        let (Some(client), Some(source)) = (client.cloned(), setup.universe) else { return };
        // Nobody, until the first one is loaded; polling waits for that.
        let nobody = Universe {
            date: trading_day(setup.clock.now()),
            members: Vec::new(),
            source: Source::LastGood,
            dropped: BTreeMap::new(),
        };
        let (sender, universe) = watch::channel(Arc::new(nobody));
        let universes = Universes {
            source,
            settings: setup.universe_settings,
            dir: setup.dir.clone(),
            client: client.clone(),
            calendar: self.calendar.clone(),
            clock: setup.clock.clone(),
            names: setup.names.clone(),
            members: Arc::clone(&self.counts.members),
        };
        self.tasks.spawn(universes.keep(sender, self.stop.clone()));
        let (items, heard) = mpsc::channel(WAITING);
        self.tasks.spawn(track_a::forward(heard, self.records.clone(), candles, setup.names));
        let (clock, stop, refuse) = (setup.clock, self.stop.clone(), self.refuser::<PollError>());
        let (calendar, session_id, settings, dir) = (self.calendar.clone(), setup.session_id, setup.poll, setup.dir);
        let counters: Arc<PollCounters> = Arc::clone(&self.counts.poll);
        self.tasks.spawn(async move {
            let mut first = universe.clone();
            tokio::select! {
                () = stop.cancelled() => return,
                known = first.changed() => if known.is_err() { return },
            }
            let run = || {
                let poller = Poller::new(
                    client.clone(),
                    universe.clone(),
                    calendar.clone(),
                    session_id.clone(),
                    settings.clone(),
                    clock.clone(),
                    Arc::clone(&counters),
                );
                poller.resuming(resume(&dir)).run(items.clone(), stop.clone())
            };
            refuse(supervise("track A", &clock, &stop, run).await);
        });
    }

    /// What to do with a track that ended: an error that only a person can mend ends everything.
    fn refuser<E: std::error::Error + Send + Sync + 'static>(&self) -> impl FnOnce(Result<(), E>) + Send + 'static {
        let (final_error, stop) = (Arc::clone(&self.final_error), self.stop.clone());
        move |ended| {
            if let Err(error) = ended {
                *final_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
                stop.cancel();
            }
        }
    }
}

/// What Track A recorded before.
fn resume(dir: &std::path::Path) -> Resume {
    let mut resume = Resume::default();
    match swing_history(dir) {
        Ok((bars, gaps)) => {
            bars.iter().for_each(|bar| resume.observe_bar(bar));
            gaps.iter().for_each(|gap| resume.observe_gap(gap));
        }
        Err(error) => warn!(%error, "What Track A recorded before cannot be read: it begins anew"),
    }
    resume
}
