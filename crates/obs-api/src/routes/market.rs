//! Ticks and bars.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use obs_model::Symbol;
use serde::Deserialize;
use utoipa::IntoParams;

use super::reading::page;
use crate::{
    cursor::Cursor,
    page::{Page, Row},
    parameters::{RangeQuery, Strict, Wish, flag},
    problem::{Problem, Problems},
    router::App,
    rows::market::{BarRow, SwingBarRow, TickRow},
};

/// Ticks
///
/// Every recorded trade of a range, by the exchange's time and then in the order of arrival.
#[utoipa::path(
    get, path = "/api/v1/ticks", tag = "market", params(RangeQuery),
    responses(
        (status = 200, description = "A page of ticks", content((Page<TickRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn ticks(
    State(app): State<App>,
    Strict(query): Strict<RangeQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (asked, format) = (query.read(app.now())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(TickRow::LIST, query.cursor.as_deref(), |parts| {
        let [time, id] = parts else { return None };
        Some((time_of(time)?, id.parse().ok()?))
    })?;
    let ticks = app.store().ticks_page(page(&asked, after)).await?;
    let key = |(id, tick): &(i64, obs_model::Tick)| Cursor::new([tick.event_time.timestamp_micros(), *id]);
    Page::new(ticks, asked.limit, key, |(_, tick)| TickRow::from(tick)).answer(&wish, format)
}

/// As a range, and whether bars are healed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct BarsQuery {
    /// First instant: RFC 3339 such as `2026-11-20T09:00:00+09:00`, or a Korean day such as `2026-11-20`. Without `from` and `to`
    /// it is the current Korean day.
    #[param(
        pattern = "^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9]))?$"
    )]
    from: Option<String>,
    /// First instant after the range; a day is included as a whole. Without it the range has no end.
    #[param(
        pattern = "^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9]))?$"
    )]
    to: Option<String>,
    /// Only this symbol, such as `005930`.
    #[param(pattern = "^Q?[0-9A-Z]{6}$", example = "005930")]
    symbol: Option<String>,
    /// `true`: where a minute was not observed well, the broker's own bar, as far as it was asked for afterwards.
    #[param(value_type = Option<bool>)]
    healed: Option<String>,
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

/// One-minute bars
///
/// The bars that start in a range, by time and symbol. A minute without a trade has none.
#[utoipa::path(
    get, path = "/api/v1/bars", tag = "market", params(BarsQuery),
    responses(
        (status = 200, description = "A page of bars", content((Page<BarRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn bars(State(app): State<App>, Strict(query): Strict<BarsQuery>, wish: Wish) -> Result<Response, Problem> {
    let BarsQuery { from, to, symbol, healed, limit, cursor, format } = query;
    let healed = flag("healed", healed.as_deref())?;
    let range = RangeQuery { from, to, symbol, limit, cursor, format };
    let (asked, format) = (range.read(app.now())?, wish.format(range.format.as_deref())?);
    let after = Cursor::read(BarRow::LIST, range.cursor.as_deref(), time_and_symbol)?;
    let bars = app.store().bars_page(page(&asked, after), healed).await?;
    let key = |of: &obs_store::SourcedBar| key_of(of.bar.bar_time, of.bar.symbol);
    Page::new(bars, asked.limit, key, BarRow::from).answer(&wish, format)
}

/// Ten-minute bars
///
/// The bars that start in a range, by time and symbol.
#[utoipa::path(
    get, path = "/api/v1/swing-bars", tag = "market", params(RangeQuery),
    responses(
        (status = 200, description = "A page of bars", content((Page<SwingBarRow> = "application/json"), (String = "text/csv"))),
        Problems
    )
)]
pub(crate) async fn swing_bars(
    State(app): State<App>,
    Strict(query): Strict<RangeQuery>,
    wish: Wish,
) -> Result<Response, Problem> {
    let (asked, format) = (query.read(app.now())?, wish.format(query.format.as_deref())?);
    let after = Cursor::read(SwingBarRow::LIST, query.cursor.as_deref(), time_and_symbol)?;
    let bars = app.store().swing_bars_page(page(&asked, after)).await?;
    let key = |bar: &obs_model::SwingBar| key_of(bar.bar_time, bar.symbol);
    Page::new(bars, asked.limit, key, SwingBarRow::from).answer(&wish, format)
}

fn key_of(time: DateTime<Utc>, symbol: Symbol) -> Cursor {
    Cursor::new([time.timestamp_micros().to_string(), symbol.to_string()])
}

fn time_and_symbol(parts: &[&str]) -> Option<(DateTime<Utc>, Symbol)> {
    let [time, symbol] = parts else { return None };
    Some((time_of(time)?, Symbol::new(symbol).ok()?))
}

/// An instant from its microseconds, as a cursor holds it.
pub(super) fn time_of(micros: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros.parse().ok()?)
}
