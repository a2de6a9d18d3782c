//! How long a store takes for what people ask most.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Symbol, trading_day};
use obs_store::{Store, StoreError, TimeRange};
use serde::Serialize;

/// How many bars are asked for.
const BARS: u32 = 100;

/// A question, and how long its answers took, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueryTime {
    /// The question.
    pub question: &'static str,
    /// How often it was asked.
    pub rounds: u32,
    /// Rows of the largest answer.
    pub rows: usize,
    /// Half of the answers took no longer.
    pub p50_ms: f64,
    /// Of a hundred answers, ninety-nine took no longer.
    pub p99_ms: f64,
}

/// What is asked.
#[derive(Clone, Copy)]
enum Question {
    LastBars,
    MinuteOfTicks,
    HourOfTicks,
    Gaps,
    LatestQuotes,
    Coverage,
    LatestSnapshot,
}

impl Question {
    const ALL: [Self; 7] = [
        Self::LastBars,
        Self::MinuteOfTicks,
        Self::HourOfTicks,
        Self::Gaps,
        Self::LatestQuotes,
        Self::Coverage,
        Self::LatestSnapshot,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::LastBars => "last 100 bars of a symbol",
            Self::MinuteOfTicks => "a minute's ticks of a symbol",
            Self::HourOfTicks => "an hour's ticks of a symbol",
            Self::Gaps => "gaps of a day",
            Self::LatestQuotes => "latest quote of all symbols",
            Self::Coverage => "a day's coverage of all symbols",
            Self::LatestSnapshot => "latest portfolio snapshot",
        }
    }

    /// Asks, and gives the number of rows. Every round is about another symbol and another minute of the last day.
    async fn ask(self, store: &dyn Store, round: u32, about: &About) -> Result<usize, StoreError> {
        let symbol = about.symbols[round as usize % about.symbols.len()];
        let day = TimeRange::of_day(trading_day(about.newest));
        let until = about.newest - TimeDelta::minutes(i64::from(round % 60));
        let before = |length| TimeRange { from: until - length, until };
        Ok(match self {
            Self::LastBars => store.last_bars(symbol, BARS).await?.len(),
            Self::MinuteOfTicks => store.ticks(before(TimeDelta::minutes(1)), Some(symbol)).await?.len(),
            Self::HourOfTicks => store.ticks(before(TimeDelta::hours(1)), Some(symbol)).await?.len(),
            Self::Gaps => store.gaps(day).await?.len(),
            Self::LatestQuotes => store.latest_quotes().await?.len(),
            Self::Coverage => store.coverage_by_symbol(day).await?.len(),
            Self::LatestSnapshot => usize::from(store.latest_snapshot().await?.is_some()),
        })
    }
}

/// What a store has, to ask about.
struct About {
    symbols: Vec<Symbol>,
    newest: DateTime<Utc>,
}

/// Asks each question so many times, one after the other, after a round that does not count. A store without ticks is not asked.
///
/// # Errors
/// [`StoreError`] when the store cannot answer.
pub async fn measure(store: &dyn Store, rounds: u32) -> Result<Vec<QueryTime>, StoreError> {
    let symbols: Vec<Symbol> = store.latest_quotes().await?.into_iter().map(|tick| tick.symbol).collect();
    let Some(newest) = store.newest_tick().await?.filter(|_| !symbols.is_empty() && rounds > 0) else {
        return Ok(Vec::new());
    };
    let about = About { symbols, newest };
    let mut times = Vec::new();
    for question in Question::ALL {
        let mut rows = question.ask(store, 0, &about).await?;
        let mut took = Vec::new();
        for round in 0..rounds {
            let began = Instant::now();
            rows = rows.max(question.ask(store, round, &about).await?);
            took.push(began.elapsed());
        }
        took.sort_unstable();
        let (p50_ms, p99_ms) = (quantile(&took, 50), quantile(&took, 99));
        times.push(QueryTime { question: question.name(), rounds, rows, p50_ms, p99_ms });
    }
    Ok(times)
}

/// The time that so many of a hundred stay within, of times in order.
fn quantile(took: &[Duration], percent: usize) -> f64 {
    let nth = (took.len() * percent).div_ceil(100).saturating_sub(1);
    took.get(nth).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}
