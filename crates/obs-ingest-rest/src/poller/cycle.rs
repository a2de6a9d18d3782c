//! One window: all stocks, spread over it, and the retries.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, atomic::Ordering},
};

use chrono::{DateTime, Utc};
use obs_model::{GapReason, Symbol};
use tokio::task::JoinSet;

use super::{Failure, Run, Stop, ask::Asker, silent::EMPTY_ANSWERS};
use crate::{PollError, PollItem, Window, WindowBar, bar::Best, item::count, losses::Losses};

/// What is known of a stock that has no bar in the channel yet.
#[derive(Default)]
struct Open {
    /// Its bar, when only the best bid and ask are missing.
    bar: Option<WindowBar>,
    failures: u32,
    reason: Option<GapReason>,
}

/// What asking for a stock gave.
struct Answer {
    symbol: Symbol,
    bar: Option<WindowBar>,
    best: Result<Best, Failure>,
}

async fn poll(asker: Asker, symbol: Symbol, window: Window, known: Option<WindowBar>) -> Answer {
    let bar = match known {
        Some(bar) => Ok(bar),
        None => asker.bars(symbol, &[window]).await.and_then(|bars| {
            let bar = bars.into_iter().next().ok_or(Failure::Unknown)?;
            bar.1.map_err(Failure::Bar)
        }),
    };
    match bar {
        Ok(bar) => Answer { symbol, bar: Some(bar), best: asker.best(symbol).await },
        Err(failure) => Answer { symbol, bar: None, best: Err(failure) },
    }
}

/// A window at work.
struct Cycle {
    window: Window,
    open: BTreeMap<Symbol, Open>,
    /// Stocks that were not asked for yet, in the order of their turns.
    fresh: VecDeque<(DateTime<Utc>, Symbol)>,
    /// Stocks that are to be asked for again.
    again: BTreeSet<(DateTime<Utc>, Symbol)>,
    losses: Losses,
}

impl Cycle {
    /// The next stock and its time: the one that is due for longest, so that a storm of retries starves nobody.
    fn next(&self) -> Option<(DateTime<Utc>, Symbol)> {
        let (again, fresh) = (self.again.first(), self.fresh.front());
        again.into_iter().chain(fresh).min().copied()
    }

    fn take(&mut self, next: &(DateTime<Utc>, Symbol)) {
        if !self.again.remove(next) {
            self.fresh.pop_front();
        }
    }
}

impl Run {
    /// Polls a window until each stock has its bar, or its time is over.
    pub(super) async fn cycle(&mut self, window: Window) -> Result<(), Stop> {
        let mut cycle = self.begin(window);
        let deadline = self.settings.deadline(&window);
        let mut running = JoinSet::new();
        loop {
            let now = self.asker.now();
            if now >= deadline {
                break;
            }
            let mut next = cycle.next();
            while let Some(due) = next.filter(|(at, _)| *at <= now && running.len() < self.settings.concurrency.max(1)) {
                cycle.take(&due);
                let known = cycle.open.get(&due.1).and_then(|open| open.bar.clone());
                running.spawn(poll(self.asker.clone(), due.1, window, known));
                count(&self.counters.polled);
                next = cycle.next();
            }
            if next.is_none() && running.is_empty() {
                break;
            }
            let is_free = running.len() < self.settings.concurrency.max(1);
            let wake = next.filter(|_| is_free).map_or(deadline, |(at, _)| at.min(deadline));
            tokio::select! {
                biased;
                Some(answer) = running.join_next(), if !running.is_empty() => {
                    // A task that panicked leaves its stock open: it becomes a gap.
                    if let Ok(answer) = answer {
                        self.take_answer(&mut cycle, answer).await?;
                    }
                }
                () = self.asker.wait_until(wake) => {}
            }
        }
        drop(running);
        self.finish(cycle).await
    }

    fn begin(&mut self, window: Window) -> Cycle {
        let universe = Arc::clone(&self.universe.borrow_and_update());
        let (day, unknown_after) = (window.day(), self.settings.unknown_after);
        let mut cycle = Cycle {
            window,
            open: BTreeMap::new(),
            fresh: VecDeque::new(),
            again: BTreeSet::new(),
            losses: Losses::default(),
        };
        let symbols = universe.symbols();
        let of = symbols.len();
        for (nth, symbol) in symbols.enumerate().filter(|(_, symbol)| !self.resume.is_done(*symbol, &window)) {
            if self.silent.is_unknown(symbol, day, unknown_after) {
                count(&self.counters.failed);
                cycle.losses.add(window, symbol, GapReason::NoDataReceived);
            } else {
                cycle.open.insert(symbol, Open::default());
                cycle.fresh.push_back((self.settings.due_of(&window, nth, of), symbol));
            }
        }
        cycle
    }

    async fn take_answer(&mut self, cycle: &mut Cycle, Answer { symbol, bar, best }: Answer) -> Result<(), Stop> {
        let Some(mut open) = cycle.open.remove(&symbol) else { return Ok(()) };
        let failure = match (bar, best) {
            (Some(bar), Ok(best)) => {
                self.silent.heard(symbol);
                return self.tell(symbol, &cycle.window, bar, best).await;
            }
            (bar, Err(failure)) => {
                open.bar = bar;
                failure
            }
            // Without a bar the book is not asked for.
            (None, Ok(_)) => Failure::Unknown,
        };
        if let Failure::All(error) = failure {
            return Err(Stop::Fatal(PollError::Broker(error)));
        }
        tracing::debug!(%symbol, "a poll failed: {failure}");
        open.failures += 1;
        open.reason = Some(failure.reason());
        let is_empty = matches!(failure, Failure::Unknown);
        if open.failures == 1 && matches!(failure, Failure::Bar(_)) {
            self.reject(symbol, &cycle.window, failure.to_string()).await?;
        }
        if failure.may_pass() && !(is_empty && open.failures >= EMPTY_ANSWERS) {
            count(&self.counters.retries);
            cycle.again.insert((self.asker.now() + self.settings.pause(open.failures), symbol));
            cycle.open.insert(symbol, open);
            return Ok(());
        }
        if is_empty && self.silent.nothing(symbol, cycle.window.day(), self.settings.unknown_after) {
            let reason = format!("{failure}; from now on {symbol} is asked for once a day: has it been delisted?");
            tracing::warn!("{reason}");
            self.reject(symbol, &cycle.window, reason).await?;
        }
        self.close(cycle, symbol, open).await
    }

    async fn tell(&self, symbol: Symbol, window: &Window, bar: WindowBar, best: Best) -> Result<(), Stop> {
        if !bar.minutes.is_empty() {
            self.send(PollItem::Candles { symbol, rows: bar.minutes.clone() }).await?;
        }
        self.send_bar(symbol, window, bar, best).await
    }

    /// A stock's time is over: its bar goes without a quote, or it is lost, or it never had its turn.
    async fn close(&mut self, cycle: &mut Cycle, symbol: Symbol, open: Open) -> Result<(), Stop> {
        match (open.bar, open.reason) {
            (Some(bar), _) => return self.tell(symbol, &cycle.window, bar, Best::default()).await,
            (None, Some(reason)) => {
                count(&self.counters.failed);
                cycle.losses.add(cycle.window, symbol, reason);
            }
            // The time went to something else: the machine slept, or there are more stocks than calls.
            (None, None) => self.missed.add(symbol, cycle.window, GapReason::CollectionDelayed),
        }
        Ok(())
    }

    async fn finish(&mut self, mut cycle: Cycle) -> Result<(), Stop> {
        for (symbol, open) in std::mem::take(&mut cycle.open) {
            self.close(&mut cycle, symbol, open).await?;
        }
        let took = (self.asker.now() - self.settings.due(&cycle.window)).num_milliseconds();
        self.counters.cycle_millis.store(took.try_into().unwrap_or_default(), Ordering::Relaxed);
        let (window, bars) = (cycle.window.start, self.counters.bars());
        tracing::info!(%window, took_ms = took, bars, "a window of Track A is polled");
        self.lose(cycle.losses).await
    }
}
