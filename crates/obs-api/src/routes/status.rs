//! How the recording goes.

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Gap, trading_day};
use obs_store::{Store, StoreError, TimeRange};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    parameters::{NoQuery, Strict},
    problem::{Problem, Problems},
    router::{App, Shared},
};

/// Over how long ticks are counted.
const WINDOW_SECONDS: i64 = 10;

/// How the recording goes, by what the database holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// Market time.
    now: DateTime<Utc>,
    /// The program's version.
    version: &'static str,
    /// Whether what is recorded is a simulated exchange: its prices are made up.
    is_simulated: bool,
    /// The database, without its password.
    store: String,
    /// Whether the market is open.
    market_open: bool,
    /// The session that is on, or the next one: its opening.
    #[schema(required)]
    session_open: Option<DateTime<Utc>>,
    /// Its close.
    #[schema(required)]
    session_close: Option<DateTime<Utc>>,
    /// The time of the newest tick.
    #[schema(required)]
    newest_tick: Option<DateTime<Utc>>,
    /// Seconds from there to now. The exchange tells whole seconds, so a second of it means nothing.
    #[schema(required)]
    lag_seconds: Option<f64>,
    /// Ticks a second, over the ten seconds before now.
    ticks_per_second: f64,
    /// Gaps that touch the current Korean day.
    gaps_today: u64,
    /// Their length together, in seconds; what two of them share counts twice.
    gap_seconds_today: i64,
}

/// Status
///
/// How the recording goes: ticks a second, lag, and today's gaps. The event `status` says the same every second.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "record",
    responses((status = 200, description = "How it goes", body = Status), Problems)
)]
pub(crate) async fn status(State(app): State<App>, Strict(NoQuery {}): Strict<NoQuery>) -> Result<Json<Status>, Problem> {
    let gaps = gaps_today(&app).await?;
    Ok(Json(Status::now(&app, &gaps).await?))
}

/// The gaps that touch the current Korean day.
pub(crate) async fn gaps_today(app: &Shared) -> Result<Vec<Gap>, StoreError> {
    app.store().gaps(TimeRange::of_day(trading_day(app.now()))).await
}

impl Status {
    /// The status at this moment.
    pub(crate) async fn now(app: &Shared, gaps: &[Gap]) -> Result<Self, StoreError> {
        let now = app.now();
        let store: &dyn Store = app.store();
        let newest_tick = store.newest_tick().await?;
        let recent = TimeRange { from: now - TimeDelta::seconds(WINDOW_SECONDS), until: now };
        let ticks = store.count_ticks(recent).await?;
        let calendar = (app.api.calendar)();
        let session = calendar.session_at_or_after(now);
        Ok(Self {
            now,
            version: env!("CARGO_PKG_VERSION"),
            is_simulated: app.api.is_simulated,
            store: store.name().to_owned(),
            market_open: session.is_some_and(|(open, _)| open <= now),
            session_open: session.map(|(open, _)| open),
            session_close: session.map(|(_, close)| close),
            newest_tick,
            lag_seconds: newest_tick.map(|newest| (now - newest).num_milliseconds().max(0) as f64 / 1_000.0),
            ticks_per_second: ticks as f64 / WINDOW_SECONDS as f64,
            gaps_today: gaps.len() as u64,
            gap_seconds_today: gaps.iter().map(|gap| i64::from(gap.seconds())).sum(),
        })
    }
}
