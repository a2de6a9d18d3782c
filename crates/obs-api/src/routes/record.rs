//! What is known about the record itself: symbols, gaps, coverage, sessions, rejects.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use obs_model::{FeedSession, Gap, Symbol, trading_day};
use obs_store::{RejectSelection, SymbolCoverage, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{market::time_of, reading::rest};
use crate::{
    cursor::Cursor,
    page::{Page, Row},
    parameters::{RangeQuery, Strict, Wish, flag, limit},
    problem::{Problem, Problems},
    router::{App, Shared},
    rows::record::{CoverageRow, GapRow, RejectRow, SessionRow, SymbolRow},
};

/// The most days that coverage is told of at once: each is a query.
const MAX_DAYS: u64 = 366;

/// A list that is not of a range.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ListQuery {
    /// Most rows of this page, 1 to 10000; 1000 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    limit: Option<String>,
    /// Where to go on: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    cursor: Option<String>,
    /// `json` or `csv`; without it the header `Accept` decides.
    #[param(pattern = "^(json|csv)$")]
    format: Option<String>,
}

/// Symbols
///
/// Every symbol of which trades were recorded, with its name, its last price, and how well it was observed today (in Korea).
#[utoipa::path(
    get, path = "/api/v1/symbols", tag = "record", params(ListQuery),
    responses(
        (status = 200, description = "A page of symbols", content((Page<SymbolRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn symbols(
    State(app): State<App>,
    Strict(query): Strict<ListQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (limit, format) = (limit(query.limit.as_deref())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(SymbolRow::LIST, query.cursor.as_deref(), |parts| match parts {
        [code] => Symbol::new(code).ok(),
        _ => None,
    })?;
    let rows = rest(known_symbols(&app).await?, after, limit, |row| row.symbol);
    Page::new(rows, limit, |row| Cursor::new([row.symbol]), |row| row).answer(&wish, format)
}

/// All symbols with what is known of them, by code.
pub(super) async fn known_symbols(app: &Shared) -> Result<Vec<SymbolRow>, Problem> {
    let empty = |symbol: Symbol| SymbolRow {
        symbol,
        name: app.name_of(symbol),
        last_price: None,
        last_time: None,
        bars_today: 0,
        coverage_today: None,
    };
    let mut rows: BTreeMap<Symbol, SymbolRow> = BTreeMap::new();
    for tick in app.store().latest_quotes().await? {
        let row = rows.entry(tick.symbol).or_insert_with(|| empty(tick.symbol));
        (row.last_price, row.last_time) = (tick.last_price, Some(tick.event_time));
    }
    for SymbolCoverage { symbol, bars, mean } in
        app.store().coverage_by_symbol(TimeRange::of_day(trading_day(app.now()))).await?
    {
        let row = rows.entry(symbol).or_insert_with(|| empty(symbol));
        (row.bars_today, row.coverage_today) = (bars, Some(mean.ratio()));
    }
    Ok(rows.into_values().collect())
}

/// Gaps
///
/// The gaps that touch a range, by start. With `symbol`, those that touch it, and those of all symbols.
#[utoipa::path(
    get, path = "/api/v1/gaps", tag = "record", params(RangeQuery),
    responses(
        (status = 200, description = "A page of gaps", content((Page<GapRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn gaps(
    State(app): State<App>,
    Strict(query): Strict<RangeQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (asked, format) = (query.read(app.now())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(GapRow::LIST, query.cursor.as_deref(), |parts| {
        let [start, nth] = parts else { return None };
        Some((time_of(start)?, nth.parse().ok()?))
    })?;
    let mut gaps = app.store().gaps(asked.range).await?;
    if let Some(symbol) = asked.symbol {
        gaps.retain(|gap| gap.symbols.is_empty() || gap.symbols.contains(&symbol));
    }
    let rows = rest(numbered(gaps), after, asked.limit, |(start, nth, _)| (*start, *nth));
    let key = |(start, nth, _): &(DateTime<Utc>, u32, Gap)| Cursor::new([start.timestamp_micros(), i64::from(*nth)]);
    Page::new(rows, asked.limit, key, |(.., gap)| GapRow::from(gap)).answer(&wish, format)
}

/// Gaps have no numbers of their own: each is the n-th with its start.
fn numbered(gaps: Vec<Gap>) -> Vec<(DateTime<Utc>, u32, Gap)> {
    let mut seen: BTreeMap<DateTime<Utc>, u32> = BTreeMap::new();
    let number = |gap: Gap| {
        let nth = seen.entry(gap.start()).and_modify(|nth| *nth += 1).or_default();
        (gap.start(), *nth, gap)
    };
    gaps.into_iter().map(number).collect()
}

/// Coverage
///
/// How well each symbol was observed on each Korean day that the range touches, by day and symbol. At most 366 days at once.
#[utoipa::path(
    get, path = "/api/v1/coverage", tag = "record", params(RangeQuery),
    responses(
        (status = 200, description = "A page of coverage", content((Page<CoverageRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn coverage(
    State(app): State<App>,
    Strict(query): Strict<RangeQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (asked, format) = (query.read(app.now())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(CoverageRow::LIST, query.cursor.as_deref(), |parts| {
        let [day, symbol] = parts else { return None };
        Some((day.parse::<NaiveDate>().ok()?, Symbol::new(symbol).ok()?))
    })?;
    let mut rows = Vec::new();
    for day in days(&query, asked.range, app.now())? {
        if after.is_some_and(|(before, _)| day < before) || rows.len() > asked.limit {
            continue;
        }
        let covered = app.store().coverage_by_symbol(TimeRange::of_day(day)).await?;
        let wanted = covered.into_iter().filter(|of| asked.symbol.is_none_or(|symbol| of.symbol == symbol));
        let row = |of: SymbolCoverage| CoverageRow { day, symbol: of.symbol, bars: of.bars, coverage: of.mean.ratio() };
        rows.extend(rest(wanted.map(row).collect(), after, asked.limit, |row| (row.day, row.symbol)));
    }
    let key = |row: &CoverageRow| Cursor::new([row.day.to_string(), row.symbol.to_string()]);
    Page::new(rows, asked.limit, key, |row| row).answer(&wish, format)
}

/// The Korean days that a range touches; without an end, up to today.
fn days(query: &RangeQuery, range: TimeRange, now: DateTime<Utc>) -> Result<Vec<NaiveDate>, Problem> {
    if query.from.is_none() && query.to.is_some() {
        return Err(Problem::parameter("from", "", "say where the days begin, at most 366 before `to`"));
    }
    let last = match &query.to {
        None => trading_day(now).max(trading_day(range.from)),
        Some(_) if range.until <= range.from => return Ok(Vec::new()),
        Some(_) => trading_day(range.until - TimeDelta::nanoseconds(1)),
    };
    let first = trading_day(range.from);
    if first.checked_add_days(Days::new(MAX_DAYS)).is_none_or(|end| end <= last) {
        let must = "there are more than 366 days from it to the end: ask for fewer at once";
        return Err(Problem::parameter("from", query.from.as_deref().unwrap_or_default(), must));
    }
    Ok(first.iter_days().take_while(|day| *day <= last).collect())
}

/// Sessions
///
/// The stretches of time, touching a range, in which a connection was attested alive for a symbol, by connection, symbol and
/// start.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "record", params(RangeQuery),
    responses(
        (status = 200, description = "A page of sessions", content((Page<SessionRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn sessions(
    State(app): State<App>,
    Strict(query): Strict<RangeQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (asked, format) = (query.read(app.now())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(SessionRow::LIST, query.cursor.as_deref(), |parts| {
        let [feed, symbol, from] = parts else { return None };
        Some(((*feed).to_owned(), Symbol::new(symbol).ok()?, time_of(from)?))
    })?;
    let mut sessions = app.store().feed_sessions(asked.range).await?;
    sessions.retain(|session| asked.symbol.is_none_or(|symbol| session.symbol == symbol));
    let sort = |session: &FeedSession| (session.feed_id.as_str().to_owned(), session.symbol, session.attested_from);
    let rows = rest(sessions, after, asked.limit, sort);
    let key = |session: &FeedSession| {
        let (feed, symbol, from) = sort(session);
        Cursor::new([feed, symbol.to_string(), from.timestamp_micros().to_string()])
    };
    Page::new(rows, asked.limit, key, SessionRow::from).answer(&wish, format)
}

/// Which lines are meant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct RejectsQuery {
    /// `true`: only lines whose loss nobody has accepted.
    #[param(value_type = Option<bool>)]
    waiting: Option<String>,
    /// Only lines with this reason, such as `not_json`.
    reason: Option<String>,
    /// Most rows of this page, 1 to 10000; 1000 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    limit: Option<String>,
    /// Where to go on: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    cursor: Option<String>,
    /// `json` or `csv`; without it the header `Accept` decides.
    #[param(pattern = "^(json|csv)$")]
    format: Option<String>,
}

/// Rejects
///
/// Lines that could not be loaded, oldest first.
#[utoipa::path(
    get, path = "/api/v1/rejects", tag = "record", params(RejectsQuery),
    responses(
        (status = 200, description = "A page of rejects", content((Page<RejectRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn rejects(
    State(app): State<App>,
    Strict(query): Strict<RejectsQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (limit, format) = (limit(query.limit.as_deref())?, wish.format(query.format.as_deref())?);
    let waiting = flag("waiting", query.waiting.as_deref())?;
    // The ledger is short and grows at its end: a count of the rows before is key enough.
    let skipped = Cursor::read(RejectRow::LIST, query.cursor.as_deref(), |parts| match parts {
        [skipped] => skipped.parse::<u32>().ok().filter(|skipped| *skipped < i32::MAX.unsigned_abs()),
        _ => None,
    })?;
    let skipped = skipped.unwrap_or(0);
    let selection = RejectSelection { waiting, reason: query.reason, ..RejectSelection::default() };
    let wanted = skipped.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX)).saturating_add(1);
    let entries = app.store().ledger(&selection, wanted).await?;
    let rows: Vec<_> = (skipped + 1..).zip(entries.into_iter().skip(skipped as usize)).collect();
    Page::new(rows, limit, |(nth, _)| Cursor::new([*nth]), |(_, entry)| RejectRow::from(entry)).answer(&wish, format)
}
