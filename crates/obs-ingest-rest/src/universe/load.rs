//! Getting a universe, and what to do when its source fails.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_kis::{KisClient, Market};
use obs_model::{Calendar, Price, trading_day};

use super::{LineProblem, Listing, Source, Universe, UniverseError, file, last_good, master};
use crate::window::{trading_day_before, trading_day_until};

/// Where to get a universe from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniverseSource {
    /// A file: a list (see [`read_list`](super::read_list)), or a master file of the broker's when its name ends with `.mst` or
    /// `.mst.zip` and says `kospi` or `kosdaq`.
    File(PathBuf),
    /// The broker's master files of these markets.
    Broker(Vec<Market>),
}

/// By what rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadSettings {
    /// The lowest previous close of a member in won. By default 4,000, the rule of the Python system; `None` admits all.
    pub minimum_close: Option<Price>,
    /// The most stocks whose previous close is asked from the broker because the list does not tell it, a call each. By default
    /// 300. Stocks beyond it, and those of which the broker tells nothing, stay members.
    pub most_quotes: usize,
    /// How old the last good universe may be to stand in for a failed source. By default 14 days.
    pub oldest_last_good: TimeDelta,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self { minimum_close: Price::from_won(4000).ok(), most_quotes: 300, oldest_last_good: TimeDelta::days(14) }
    }
}

/// A universe, and what a person should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The universe.
    pub universe: Universe,
    /// Lines of the list that gave nothing.
    pub problems: Vec<LineProblem>,
    /// What to tell.
    pub warnings: Vec<Warning>,
}

/// Something about a universe that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The source failed, and the last good one stands in.
    LastGood {
        /// Why the source failed.
        because: String,
        /// How old the last good one is, in days.
        days: i64,
        /// The trading day whose close it used.
        date: NaiveDate,
    },
    /// It is far larger or smaller than the last good one, which is kept beside it.
    SizeMoved {
        /// Members of the last good one.
        from: usize,
        /// Members now.
        to: usize,
    },
    /// So many members have no known previous close: the rule could not be applied to them.
    UnknownCloses(usize),
    /// It could not be saved as the last good one.
    NotSaved(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastGood { because, days, date } => {
                write!(f, "the universe of {date}, saved {days} days ago, stands in: {because}")
            }
            Self::SizeMoved { from, to } => {
                write!(f, "the universe went from {from} to {to} stocks; the one before is kept as universe.DATE.json")
            }
            Self::UnknownCloses(count) => write!(f, "the previous close of {count} stocks is not known: they are members"),
            Self::NotSaved(problem) => write!(f, "the universe is not kept for a day on which its source fails: {problem}"),
        }
    }
}

/// Gets a universe, applies the rule, and saves it in the data folder as the last good one.
///
/// Its date is the trading day before the latest one that has begun, in Korean time: on a Monday the Friday's, whether before the
/// opening or after the close, and on a Sunday the Thursday's. That is the close that the base price comes from, in the broker's
/// quotes as in its master files, until the next trading day begins.
///
/// # Errors
/// [`UniverseError`] when the source fails and no last good universe can stand in.
pub async fn load(
    from: &UniverseSource,
    client: &KisClient,
    data_dir: &Path,
    calendar: &Calendar,
    now: DateTime<Utc>,
    settings: &LoadSettings,
) -> Result<Loaded, UniverseError> {
    let last_good = last_good::read(data_dir).await;
    match fresh(from, client, calendar, now, settings).await {
        Ok(mut loaded) => {
            let before = last_good.ok().flatten().map(|(universe, _)| universe);
            save(&mut loaded, before, now, data_dir).await;
            Ok(loaded)
        }
        Err(because) => stand_in(because, last_good, now, settings),
    }
}

async fn fresh(
    from: &UniverseSource,
    client: &KisClient,
    calendar: &Calendar,
    now: DateTime<Utc>,
    settings: &LoadSettings,
) -> Result<Loaded, UniverseError> {
    let today = trading_day(now);
    let begun = trading_day_until(calendar, today);
    let date = begun.and_then(|day| trading_day_before(calendar, day)).ok_or(UniverseError::NoTradingDay(today))?;
    let (mut listing, source) = match from {
        UniverseSource::File(path) => (read_file(path).await?, Source::File(path.clone())),
        UniverseSource::Broker(markets) => (ask_broker(client, markets).await?, Source::Broker),
    };
    let entries = listing.members.len();
    if entries == 0 {
        let first_problem = listing.problems.first().map(ToString::to_string);
        return Err(UniverseError::Nothing { source_name: source.to_string(), first_problem });
    }
    let unknown =
        if settings.minimum_close.is_some() { ask_closes(&mut listing, client, settings.most_quotes).await } else { 0 };
    let problems = std::mem::take(&mut listing.problems);
    let universe = listing.into_universe(date, settings.minimum_close, source);
    match settings.minimum_close {
        Some(minimum) if universe.members.is_empty() => {
            Err(UniverseError::AllBelowMinimum { source_name: universe.source.to_string(), entries, minimum })
        }
        _ => {
            let warnings = if unknown > 0 { vec![Warning::UnknownCloses(unknown)] } else { Vec::new() };
            Ok(Loaded { universe, problems, warnings })
        }
    }
}

async fn read_file(path: &Path) -> Result<Listing, UniverseError> {
    let bytes = tokio::fs::read(path).await;
    let bytes = bytes.map_err(|error| UniverseError::Io { path: path.to_owned(), action: "read", error })?;
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !(name.ends_with(".mst") || name.ends_with(".mst.zip")) {
        return Ok(file::read_list(&bytes));
    }
    match (name.contains("kospi"), name.contains("kosdaq")) {
        (true, false) => master::read_master(&bytes, Market::Kospi),
        (false, true) => master::read_master(&bytes, Market::Kosdaq),
        _ => Err(UniverseError::NotAMaster {
            source_name: path.display().to_string(),
            problem: "its name should say kospi or kosdaq".to_owned(),
        }),
    }
}

async fn ask_broker(client: &KisClient, markets: &[Market]) -> Result<Listing, UniverseError> {
    let mut whole = Listing::default();
    for market in markets {
        let Listing { members, problems, dropped } = master::read_master(&client.master_file(*market).await?, *market)?;
        whole.members.extend(members);
        whole.problems.extend(problems);
        for (reason, count) in dropped {
            *whole.dropped.entry(reason).or_default() += count;
        }
    }
    Ok(whole)
}

/// Asks for the closes that a list does not tell, and says how many stay unknown.
async fn ask_closes(listing: &mut Listing, client: &KisClient, most: usize) -> usize {
    let unknown = listing.members.iter_mut().filter(|member| member.previous_close.is_none());
    let mut left = 0;
    let mut budget = most;
    for member in unknown {
        if budget > 0 {
            budget -= 1;
            match client.quote(member.symbol).await {
                Ok(quote) => member.previous_close = quote.base_price,
                // Without a login there is no use in asking on.
                Err(error) if error.is_fatal() => budget = 0,
                Err(error) => tracing::debug!(symbol = %member.symbol, "no previous close: {error}"),
            }
        }
        left += usize::from(member.previous_close.is_none());
    }
    left
}

async fn save(loaded: &mut Loaded, before: Option<Universe>, now: DateTime<Utc>, data_dir: &Path) {
    let (from, to) = (before.as_ref().map_or(0, |before| before.members.len()), loaded.universe.members.len());
    // More than 30 % either way.
    let moved = from > 0 && from.abs_diff(to) * 10 > from * 3;
    let keep = before.filter(|_| moved).map(|before| before.date);
    match last_good::save(&loaded.universe, now, data_dir, keep).await {
        Ok(()) if moved => loaded.warnings.push(Warning::SizeMoved { from, to }),
        Ok(()) => {}
        Err(error) => loaded.warnings.push(Warning::NotSaved(error.to_string())),
    }
}

fn stand_in(
    because: UniverseError,
    last_good: Result<Option<(Universe, DateTime<Utc>)>, UniverseError>,
    now: DateTime<Utc>,
    settings: &LoadSettings,
) -> Result<Loaded, UniverseError> {
    let (universe, saved_at) = match last_good {
        Ok(Some(last_good)) => last_good,
        Ok(None) => return Err(because),
        Err(error) => {
            tracing::warn!("the last good universe cannot stand in: {error}");
            return Err(because);
        }
    };
    let age = now - saved_at;
    let days = age.num_days();
    if age > settings.oldest_last_good {
        let most = settings.oldest_last_good.num_days();
        return Err(UniverseError::TooOld { because: Box::new(because), days, most });
    }
    let warning = Warning::LastGood { because: because.to_string(), days, date: universe.date };
    Ok(Loaded { universe, problems: Vec::new(), warnings: vec![warning] })
}
