//! The poller: every window of every session, every stock of the universe.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use obs_kis::{Clock, KisClient};
use obs_model::{Calendar, Gap, GapReason, SessionId, Symbol, trading_day};
use obs_schema::SwingRecord;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Counters, PollError, PollItem, RejectedAnswer, Resume, Schedule, Settings, Universe, Window, WindowBar, bar::Best,
    item::count, losses::Losses,
};

mod ask;
mod catch_up;
mod cycle;
mod silent;

use ask::{Asker, Failure};
use catch_up::Missed;
use silent::Silent;

/// How long to wait for a calendar that has no session within a month.
const NO_SESSION: TimeDelta = TimeDelta::hours(1);

/// Polls the universe in every window of every session, and says everything through one channel.
///
/// For each window each stock ends up as one bar or in one gap. A full channel makes it wait, so whoever receives must go on
/// until the channel closes.
pub struct Poller {
    client: KisClient,
    universe: watch::Receiver<Arc<Universe>>,
    calendar: watch::Receiver<Calendar>,
    session_id: SessionId,
    settings: Settings,
    clock: Clock,
    counters: Arc<Counters>,
    resume: Resume,
}

/// Why a run ends.
pub(crate) enum Stop {
    Cancelled,
    NoReceiver,
    Fatal(PollError),
}

impl Poller {
    /// A poller of this universe in the sessions of this calendar. Nothing is asked yet.
    ///
    /// A change of the universe or of the calendar counts from the next window on. While the universe is empty nothing is asked,
    /// and no gap is told: load one first.
    #[must_use]
    pub fn new(
        client: KisClient,
        universe: watch::Receiver<Arc<Universe>>,
        calendar: watch::Receiver<Calendar>,
        session_id: SessionId,
        settings: Settings,
        clock: Clock,
        counters: Arc<Counters>,
    ) -> Self {
        Self { client, universe, calendar, session_id, settings, clock, counters, resume: Resume::default() }
    }

    /// What an earlier run recorded already. Without it this is the first run.
    #[must_use]
    pub fn resuming(self, resume: Resume) -> Self {
        Self { resume, ..self }
    }

    /// Polls until cancelled, or until nobody receives any more.
    ///
    /// Cancelled, it abandons what it is asking at once and tells no gaps for it: the next run catches up or tells them.
    ///
    /// # Errors
    /// [`PollError`] if only a person can mend it, such as keys that the broker does not know.
    pub async fn run(self, sender: mpsc::Sender<PollItem>, cancel: CancellationToken) -> Result<(), PollError> {
        let run = Run {
            asker: Asker { client: self.client, clock: self.clock },
            universe: self.universe,
            calendar: self.calendar,
            session_id: self.session_id,
            settings: self.settings,
            counters: self.counters,
            resume: self.resume,
            sender,
            dealt_until: DateTime::<Utc>::MIN_UTC,
            silent: Silent::default(),
            missed: Missed::default(),
        };
        let stop = tokio::select! {
            biased;
            () = cancel.cancelled() => Stop::Cancelled,
            stop = run.run() => stop,
        };
        match stop {
            Stop::Cancelled | Stop::NoReceiver => Ok(()),
            Stop::Fatal(error) => Err(error),
        }
    }
}

/// A poller at work.
struct Run {
    asker: Asker,
    universe: watch::Receiver<Arc<Universe>>,
    calendar: watch::Receiver<Calendar>,
    session_id: SessionId,
    settings: Settings,
    counters: Arc<Counters>,
    resume: Resume,
    sender: mpsc::Sender<PollItem>,
    /// Windows that end up to here are polled, missed or told as gaps.
    dealt_until: DateTime<Utc>,
    silent: Silent,
    missed: Missed,
}

impl Run {
    async fn run(mut self) -> Stop {
        match self.start().await {
            Ok(()) => {}
            Err(stop) => return stop,
        }
        loop {
            if let Err(stop) = self.step().await {
                return stop;
            }
        }
    }

    /// Accounts for the time before.
    async fn start(&mut self) -> Result<(), Stop> {
        self.see_broker_clock().await?;
        let now = self.asker.now();
        let (schedule, today) = (self.schedule(), trading_day(now));
        self.tell_gaps(self.resume.owed(&schedule, today, &self.session_id)).await?;
        let windows = schedule.of_day(today);
        self.dealt_until = windows.first().map_or(now, |first| first.start.min(now));
        self.miss(&schedule, now, GapReason::ProcessRestart).await
    }

    /// Learns how wrong our clock is, before anything depends on it.
    async fn see_broker_clock(&self) -> Result<(), Stop> {
        let first = self.universe.borrow().symbols().next();
        let (None, Some(symbol)) = (self.asker.client.clock_skew(), first) else { return Ok(()) };
        match self.asker.best(symbol).await {
            Err(Failure::All(error)) => Err(Stop::Fatal(PollError::Broker(error))),
            _ => Ok(()),
        }
    }

    /// Does what comes next.
    async fn step(&mut self) -> Result<(), Stop> {
        let schedule = self.schedule();
        let now = self.asker.now();
        self.give_up_yesterday(now).await?;
        let Some(window) = schedule.next(self.dealt_until) else {
            self.wait_until(now + NO_SESSION).await;
            return Ok(());
        };
        let due = self.settings.due(&window);
        if now >= self.settings.deadline(&window) {
            self.miss(&schedule, now, GapReason::CollectionDelayed).await
        } else if now >= due {
            self.cycle(window).await?;
            self.dealt_until = window.end;
            Ok(())
        } else {
            self.catch_up(due).await?;
            self.give_up_yesterday(self.asker.now()).await?;
            self.wait_until(due).await;
            Ok(())
        }
    }

    /// Waits until an instant, or a change of the calendar.
    async fn wait_until(&mut self, then: DateTime<Utc>) {
        let changed = async {
            if self.calendar.changed().await.is_err() {
                // Nobody will change it any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = changed => {}
            () = self.asker.wait_until(then) => {}
        }
    }

    fn schedule(&mut self) -> Schedule {
        Schedule::new(self.calendar.borrow_and_update().clone())
    }

    /// Deals with the windows whose time is over. The chart still has those of today.
    async fn miss(&mut self, schedule: &Schedule, now: DateTime<Utc>, reason: GapReason) -> Result<(), Stop> {
        let universe = Arc::clone(&self.universe.borrow());
        let over = schedule.ended_between(self.dealt_until, now);
        let mut losses = Losses::default();
        for window in over.into_iter().filter(|window| self.settings.deadline(window) <= now) {
            for symbol in universe.symbols().filter(|symbol| !self.resume.is_done(*symbol, &window)) {
                match window.day() == trading_day(now) {
                    true => self.missed.add(symbol, window, reason),
                    false => losses.add(window, symbol, reason),
                }
            }
            self.dealt_until = window.end;
        }
        if !self.missed.is_empty() {
            tracing::info!(stocks = self.missed.len(), "windows of today were missed: they are caught up");
        }
        self.lose(losses).await
    }

    async fn lose(&self, losses: Losses) -> Result<(), Stop> {
        self.tell_gaps(losses.into_gaps(&self.session_id)).await
    }

    async fn tell_gaps(&self, gaps: Vec<Gap>) -> Result<(), Stop> {
        for gap in gaps {
            let (start, end, symbols) = (gap.start(), gap.end(), gap.symbols.len());
            tracing::warn!(%start, %end, reason = %gap.reason, symbols, "Track A has a gap");
            self.send(PollItem::Gap(gap)).await?;
        }
        Ok(())
    }

    async fn send_bar(&self, symbol: Symbol, window: &Window, bar: WindowBar, best: Best) -> Result<(), Stop> {
        let bar = bar.into_row(symbol, window, best, self.session_id.clone());
        count(&self.counters.bars);
        self.send(PollItem::Bar(SwingRecord { received_at: self.asker.clock.now(), bar })).await
    }

    async fn reject(&self, symbol: Symbol, window: &Window, reason: String) -> Result<(), Stop> {
        let at = self.asker.clock.now();
        self.send(PollItem::Rejected(RejectedAnswer { at, symbol, window: *window, reason })).await
    }

    async fn send(&self, item: PollItem) -> Result<(), Stop> {
        self.sender.send(item).await.map_err(|_| Stop::NoReceiver)
    }
}
