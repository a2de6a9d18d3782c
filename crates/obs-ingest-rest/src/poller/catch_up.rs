//! Windows of today that were missed: the minute chart still has them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{GapReason, KST, Symbol};
use tokio::task::JoinSet;

use super::{Failure, Run, Stop, ask::WindowResult, silent::EMPTY_ANSWERS};
use crate::{BarError, PollError, Window, bar::Best, item::count, losses::Losses};

/// How long before Korean midnight what is still missing is given up: after it the chart is about another day.
const BEFORE_MIDNIGHT: TimeDelta = TimeDelta::minutes(10);

/// How many times as long as in a window the pauses between attempts are: a broker that is down all evening is not hammered.
const NO_HURRY: i32 = 10;

/// What is to be caught up, by stock.
#[derive(Debug, Default)]
pub(super) struct Missed {
    stocks: BTreeMap<Symbol, Stock>,
}

#[derive(Debug)]
struct Stock {
    /// In order, all of one day.
    windows: Vec<Window>,
    /// Why there may be a gap: the failure, or else the reason of the delay.
    reason: GapReason,
    failures: u32,
    /// When to ask next.
    at: DateTime<Utc>,
}

impl Missed {
    pub(super) fn add(&mut self, symbol: Symbol, window: Window, reason: GapReason) {
        let stock = self.stocks.entry(symbol).or_insert_with(|| Stock {
            windows: Vec::new(),
            reason,
            failures: 0,
            at: DateTime::<Utc>::MIN_UTC,
        });
        stock.windows.push(window);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stocks.is_empty()
    }

    /// How many stocks.
    pub(super) fn len(&self) -> usize {
        self.stocks.len()
    }

    /// The next stock that is not being asked for, and when.
    fn next(&self, asked: &BTreeSet<Symbol>) -> Option<(DateTime<Utc>, Symbol)> {
        let waiting = self.stocks.iter().filter(|(symbol, _)| !asked.contains(*symbol));
        waiting.map(|(symbol, stock)| (stock.at, *symbol)).min()
    }

    /// Until when it makes sense to ask.
    fn give_up_at(&self) -> Option<DateTime<Utc>> {
        let day = self.stocks.values().next()?.windows.first()?.day();
        let midnight = day.succ_opt()?.and_hms_opt(0, 0, 0)?.and_local_timezone(KST).single()?;
        Some(midnight.to_utc() - BEFORE_MIDNIGHT)
    }
}

type Answer = (Symbol, Result<Vec<WindowResult>, Failure>);

impl Run {
    /// Catches up until an instant, at which the next window's polls are due, or until it makes no sense any more. What is being
    /// asked for then is asked for again later.
    pub(super) async fn catch_up(&mut self, until: DateTime<Utc>) -> Result<(), Stop> {
        let (mut running, mut asked) = (JoinSet::new(), BTreeSet::new());
        while let Some(give_up) = self.missed.give_up_at() {
            let now = self.asker.now();
            if now >= give_up || now >= until {
                return Ok(());
            }
            let mut next = self.missed.next(&asked);
            while let Some((_, symbol)) =
                next.filter(|(at, _)| *at <= now && running.len() < self.settings.concurrency.max(1))
            {
                let windows = self.missed.stocks.get(&symbol).map(|stock| stock.windows.clone()).unwrap_or_default();
                let asker = self.asker.clone();
                running.spawn(async move { (symbol, asker.bars(symbol, &windows).await) });
                asked.insert(symbol);
                count(&self.counters.polled);
                next = self.missed.next(&asked);
            }
            let is_free = running.len() < self.settings.concurrency.max(1);
            let wake = next.filter(|_| is_free).map_or(until, |(at, _)| at.min(until)).min(give_up);
            tokio::select! {
                biased;
                Some(answer) = running.join_next(), if !running.is_empty() => {
                    if let Ok(answer) = answer {
                        asked.remove(&answer.0);
                        self.take_missed(answer).await?;
                    }
                }
                () = self.asker.wait_until(wake) => {}
            }
        }
        Ok(())
    }

    async fn take_missed(&mut self, (symbol, answer): Answer) -> Result<(), Stop> {
        let Some(mut stock) = self.missed.stocks.remove(&symbol) else { return Ok(()) };
        let failure = match answer {
            Ok(bars) => match self.tell_caught_up(symbol, &mut stock, bars).await? {
                Some(error) => Failure::Bar(error),
                None => return Ok(()),
            },
            Err(Failure::All(error)) => return Err(Stop::Fatal(PollError::Broker(error))),
            Err(failure) => failure,
        };
        tracing::debug!(%symbol, "windows could not be caught up: {failure}");
        stock.failures += 1;
        if let (1, Failure::Bar(error), Some(first)) = (stock.failures, &failure, stock.windows.first()) {
            self.reject(symbol, first, error.to_string()).await?;
        }
        stock.reason = failure.reason();
        if failure.may_pass() && !(matches!(failure, Failure::Unknown) && stock.failures >= EMPTY_ANSWERS) {
            count(&self.counters.retries);
            stock.at = self.asker.now() + self.settings.pause(stock.failures) * NO_HURRY;
            self.missed.stocks.insert(symbol, stock);
            return Ok(());
        }
        let mut losses = Losses::default();
        self.lose_stock(&mut losses, symbol, stock);
        self.lose(losses).await
    }

    /// Sends the bars that there are. What is wrong with the last of the others is returned, and they stay to be asked for.
    async fn tell_caught_up(
        &self,
        symbol: Symbol,
        stock: &mut Stock,
        bars: Vec<WindowResult>,
    ) -> Result<Option<BarError>, Stop> {
        let mut problem = None;
        stock.windows.clear();
        for (window, bar) in bars {
            match bar {
                Ok(bar) => {
                    count(&self.counters.caught_up);
                    // Nobody knows any more what was bid and asked then.
                    self.send_bar(symbol, &window, bar, Best::default()).await?;
                }
                Err(error) => {
                    stock.windows.push(window);
                    problem = Some(error);
                }
            }
        }
        Ok(problem)
    }

    /// Tells the gaps of what is missing of a day that is over, or as good as over.
    pub(super) async fn give_up_yesterday(&mut self, now: DateTime<Utc>) -> Result<(), Stop> {
        if self.missed.give_up_at().is_none_or(|at| now < at) {
            return Ok(());
        }
        let mut losses = Losses::default();
        for (symbol, stock) in std::mem::take(&mut self.missed.stocks) {
            self.lose_stock(&mut losses, symbol, stock);
        }
        self.lose(losses).await
    }

    fn lose_stock(&self, losses: &mut Losses, symbol: Symbol, stock: Stock) {
        for window in stock.windows {
            count(&self.counters.failed);
            losses.add(window, symbol, stock.reason);
        }
    }
}
