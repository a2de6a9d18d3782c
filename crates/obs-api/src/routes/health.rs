//! Whether the program lives, whether it can be relied on, and what it counts.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    Check,
    parameters::{NoQuery, Strict},
    problem::{CheckRow, Problem, Problems},
    router::App,
};

/// How long the store may think before it counts as silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// The program lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The program's version.
    version: &'static str,
    /// Seconds since it started.
    uptime_seconds: u64,
}

/// Health
///
/// The program lives. It needs no token, and says nothing about the record: that is `/ready`'s.
#[utoipa::path(
    get, path = "/health", tag = "program",
    responses((status = 200, description = "It lives", body = Health), Problems)
)]
pub(crate) async fn health(State(app): State<App>, Strict(NoQuery {}): Strict<NoQuery>) -> Json<Health> {
    let uptime_seconds = app.started.elapsed().as_secs();
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), uptime_seconds })
}

/// Everything is in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Always `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// What was looked at.
    checks: Vec<CheckRow>,
}

/// Ready
///
/// Whether everything is in order that others rely on. If not, 503 names what is not.
#[utoipa::path(
    get, path = "/ready", tag = "program",
    responses((status = 200, description = "All is in order", body = Ready), Problems)
)]
pub(crate) async fn ready(State(app): State<App>, Strict(NoQuery {}): Strict<NoQuery>) -> Result<Json<Ready>, Problem> {
    let mut checks = vec![store_answers(&app).await];
    checks.extend((app.api.checks)());
    if checks.iter().all(|check| check.ok) {
        Ok(Json(Ready { status: "ready", checks: checks.into_iter().map(CheckRow::from).collect() }))
    } else {
        Err(Problem::not_ready(checks))
    }
}

async fn store_answers(app: &App) -> Check {
    let (ok, detail) = match timeout(PATIENCE, app.store().newest_tick()).await {
        Ok(Ok(_)) => (true, format!("{} answers", app.store().name())),
        Ok(Err(error)) => (false, error.to_string()),
        Err(_) => (false, format!("{} does not answer within {} s", app.store().name(), PATIENCE.as_secs())),
    };
    Check { name: "database", ok, detail }
}

/// Metrics
///
/// What the program counts, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "program",
    responses((status = 200, description = "Prometheus' text format, version 0.0.4", body = String, content_type = "text/plain"), Problems)
)]
pub(crate) async fn metrics(State(app): State<App>, Strict(NoQuery {}): Strict<NoQuery>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (app.api.metrics)()).into_response()
}
