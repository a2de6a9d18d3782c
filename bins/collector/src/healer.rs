//! Healing: the minutes that a gap touched, as the broker's chart tells them afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_rest::{Evidence, Window, window_bar};
use obs_kis::{Clock, KisClient, MinuteRow};
use obs_model::{Calendar, GapScope, HealedBar, KST, Ohlc, SessionId, Symbol, minute_of, trading_day};
use obs_schema::Record;
use obs_store::{Store, TimeRange};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the record is searched for gaps.
const EVERY: Duration = Duration::from_secs(60);
/// The pause between two symbols. Healing can wait; Track A shares the account's limit and cannot.
const PAUSE: Duration = Duration::from_secs(1);
/// How long after its end a minute stands in the chart for good.
const SETTLE: TimeDelta = TimeDelta::seconds(10);
/// The most calls for one symbol: thirty minutes each, so the whole of the longest session.
const MOST_CALLS: usize = 26;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Looks for the gaps of today's session in the database, asks the broker for the minutes that they touch, and records what it
/// says beside what was observed. The broker tells minutes of today only.
pub(crate) struct Healer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) client: KisClient,
    pub(crate) calendar: watch::Receiver<Calendar>,
    pub(crate) session_id: SessionId,
    pub(crate) clock: Clock,
}

/// A minute of a symbol.
type Key = (Symbol, DateTime<Utc>);

impl Healer {
    /// Heals until it is told to stop, or nobody takes records any more.
    pub(crate) async fn run(self, records: mpsc::Sender<Record>, stop: CancellationToken) {
        let mut asked: HashSet<Key> = HashSet::new();
        while !records.is_closed() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(EVERY) => {}
            }
            let due = match self.due(&asked).await {
                Ok(due) => due,
                Err(error) => {
                    warn!("Healing waits: {error:#}");
                    continue;
                }
            };
            // Only minutes of today are looked for.
            let today = trading_day(self.broker_now());
            asked.retain(|(_, minute)| trading_day(*minute) == today);
            for (symbol, minutes) in due {
                let bars = tokio::select! {
                    () = stop.cancelled() => return,
                    bars = self.ask(symbol, &minutes) => bars,
                };
                match bars {
                    Ok(bars) => {
                        info!(%symbol, minutes = minutes.len(), traded = bars.len(), "Healed");
                        for bar in bars {
                            if records.send(Record::Healed(bar)).await.is_err() {
                                return;
                            }
                        }
                        asked.extend(minutes.into_iter().map(|minute| (symbol, minute)));
                    }
                    Err(error) => warn!(%symbol, "Healing is tried again: {error:#}"),
                }
                self.clock.sleep(PAUSE).await;
            }
        }
    }

    /// The minutes of today that gaps touch and nobody has asked for.
    async fn due(&self, asked: &HashSet<Key>) -> anyhow::Result<BTreeMap<Symbol, BTreeSet<DateTime<Utc>>>> {
        let now = self.broker_now();
        let session = self.calendar.borrow().session(trading_day(now));
        let Some((open, close)) = session.filter(|(open, _)| *open < now) else { return Ok(BTreeMap::new()) };
        let range = TimeRange { from: open, until: now };
        let gaps = self.store.gaps(range).await?;
        let healed = self.store.healed_bars(range, None).await?;
        let healed: HashSet<Key> = healed.iter().map(|bar| (bar.symbol, bar.bar_time)).collect();
        let mut due: BTreeMap<Symbol, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
        for gap in gaps.iter().filter(|gap| gap.scope != GapScope::Swing) {
            for symbol in &gap.symbols {
                let (from, until) = (gap.start().max(open), gap.end_of(*symbol).min(close));
                let minutes = std::iter::successors(Some(minute_of(from)), |minute| Some(*minute + MINUTE));
                let touched = minutes.take_while(|minute| *minute < until && *minute + MINUTE + SETTLE <= now);
                let new =
                    touched.filter(|minute| !asked.contains(&(*symbol, *minute)) && !healed.contains(&(*symbol, *minute)));
                due.entry(*symbol).or_default().extend(new);
            }
        }
        due.retain(|_, minutes| !minutes.is_empty());
        Ok(due)
    }

    /// Asks for minutes, and gives those in which the symbol was traded.
    async fn ask(&self, symbol: Symbol, minutes: &BTreeSet<DateTime<Utc>>) -> anyhow::Result<Vec<HealedBar>> {
        let (Some(first), Some(last)) = (minutes.first().copied(), minutes.last().copied()) else { return Ok(Vec::new()) };
        let needed = first.with_timezone(&KST).naive_local();
        let mut evidence = Evidence::default();
        let mut until = last.with_timezone(&KST).time();
        for _ in 0..MOST_CALLS {
            evidence.add(&self.client.minute_chart(symbol, until).await?.rows);
            match evidence.walk_back(needed.date()).filter(|_| !evidence.reaches(needed)) {
                Some(before) => until = before,
                None => break,
            }
        }
        let window = Window { start: first, end: last + MINUTE, closes: false };
        let told = window_bar(&window, &evidence).context("the chart cannot be understood")?;
        let healed_at = self.clock.now();
        let bar = |row: &MinuteRow| {
            let bar_time = row.date.and_time(row.time).and_local_timezone(KST).single()?.to_utc();
            let ohlc = Ohlc::new(row.open, row.high, row.low, row.close).ok()?;
            let session_id = self.session_id.clone();
            Some(HealedBar { symbol, bar_time, ohlc, volume: row.volume, healed_at, session_id })
        };
        Ok(told.minutes.iter().filter_map(bar).filter(|bar| minutes.contains(&bar.bar_time)).collect())
    }

    /// Now, by the broker's clock as far as it is known.
    fn broker_now(&self) -> DateTime<Utc> {
        self.clock.now() - self.client.clock_skew().unwrap_or_default()
    }
}
