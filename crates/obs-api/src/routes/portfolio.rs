//! The portfolio's record.

use axum::{Json, extract::State};
use obs_model::{PlanId, SnapshotId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    cursor::Cursor,
    page::Page,
    parameters::{NoQuery, Number, Strict, limit, policy},
    problem::{Problem, Problems, ProblemsOfOne},
    router::App,
    rows::portfolio::{PlanDetail, PlanRow, PositionRow, SnapshotDetail, SnapshotRow},
};

/// Which rows, newest first.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct NewestQuery {
    /// Only those of this policy.
    #[param(min_length = 1, max_length = 50)]
    policy: Option<String>,
    /// Most rows of this page, 1 to 10000; 1000 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    limit: Option<String>,
    /// Where to go on: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    cursor: Option<String>,
}

/// Snapshots
///
/// What portfolios were worth, newest first.
#[utoipa::path(
    get, path = "/api/v1/snapshots", tag = "portfolio", params(NewestQuery),
    responses((status = 200, description = "A page of snapshots", body = Page<SnapshotRow>), Problems)
)]
pub(crate) async fn snapshots(
    State(app): State<App>,
    Strict(query): Strict<NewestQuery>,
) -> Result<Json<Page<SnapshotRow>>, Problem> {
    let (policy, limit) = (policy(query.policy.as_deref())?, limit(query.limit.as_deref())?);
    let last = last_number("snapshots", query.cursor.as_deref())?;
    let newest = app.store().snapshots(policy.as_ref(), wanted(last, limit)).await?;
    let rows = behind(newest.into_iter().map(SnapshotRow::from).collect(), last, |row| row.snapshot_id);
    Ok(Json(page(rows, "snapshots", limit, |row| row.snapshot_id)))
}

/// A snapshot
#[utoipa::path(
    get, path = "/api/v1/snapshots/{id}", tag = "portfolio", params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The snapshot with its holdings", body = SnapshotDetail), ProblemsOfOne)
)]
pub(crate) async fn snapshot(
    State(app): State<App>,
    Number(id): Number,
    Strict(NoQuery {}): Strict<NoQuery>,
) -> Result<Json<SnapshotDetail>, Problem> {
    let found = app.store().snapshot(SnapshotId(id)).await?;
    let missing = || Problem::not_found(format!("there is no snapshot {id}: see /api/v1/snapshots"));
    let (snapshot, positions) = found.ok_or_else(missing)?;
    let positions = positions.into_iter().map(PositionRow::from).collect();
    Ok(Json(SnapshotDetail { snapshot: snapshot.into(), positions }))
}

/// Plans
///
/// Sets of orders that bring a portfolio to its policy, newest first.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "portfolio", params(NewestQuery),
    responses((status = 200, description = "A page of plans", body = Page<PlanRow>), Problems)
)]
pub(crate) async fn plans(
    State(app): State<App>,
    Strict(query): Strict<NewestQuery>,
) -> Result<Json<Page<PlanRow>>, Problem> {
    let (policy, limit) = (policy(query.policy.as_deref())?, limit(query.limit.as_deref())?);
    let last = last_number("plans", query.cursor.as_deref())?;
    let newest = app.store().plans(policy.as_ref(), wanted(last, limit)).await?;
    let rows = behind(newest.into_iter().map(PlanRow::from).collect(), last, |row| row.plan_id);
    Ok(Json(page(rows, "plans", limit, |row| row.plan_id)))
}

/// A plan
#[utoipa::path(
    get, path = "/api/v1/plans/{id}", tag = "portfolio", params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The plan with its orders, fills and steps", body = PlanDetail), ProblemsOfOne)
)]
pub(crate) async fn plan(
    State(app): State<App>,
    Number(id): Number,
    Strict(NoQuery {}): Strict<NoQuery>,
) -> Result<Json<PlanDetail>, Problem> {
    let found = app.store().plan(PlanId(id)).await?;
    let missing = || Problem::not_found(format!("there is no plan {id}: see /api/v1/plans"));
    Ok(Json(found.ok_or_else(missing)?.into()))
}

fn last_number(list: &str, cursor: Option<&str>) -> Result<Option<i64>, Problem> {
    Cursor::read(list, cursor, |parts| match parts {
        [id] => id.parse().ok(),
        _ => None,
    })
}

/// How many rows to ask the store for: it tells the newest, so that a later page needs all. There are few.
fn wanted(last: Option<i64>, limit: usize) -> u32 {
    if last.is_some() { i32::MAX.unsigned_abs() } else { u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1) }
}

/// The rows behind the last one of the page before.
fn behind<T>(rows: Vec<T>, last: Option<i64>, id: impl Fn(&T) -> i64) -> Vec<T> {
    match last {
        None => rows,
        Some(last) => rows.into_iter().skip_while(|row| id(row) != last).skip(1).collect(),
    }
}

fn page<T>(mut rows: Vec<T>, list: &str, limit: usize, id: impl Fn(&T) -> i64) -> Page<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor::new([id(row)]).write(list));
    Page { items: rows, next }
}
