//! Plans and what belongs to them.

use chrono::{DateTime, Utc};
use obs_model::{
    BrokerKind, OrderId, OrderStatus, OrderType, PlanId, PlanStatus, PlannedOrder, PolicyId, RebalanceOrder, RebalancePlan,
};
use obs_store::{NewPlan, StoredPlan, TimeRange};
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::read::{self, EVENTS, EXECUTIONS, ORDERS, PLANS};
use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{bound_text, instant_text, number_of, parsed, read_all},
};

pub(crate) async fn add(writer: &SqlitePool, plan: &NewPlan) -> Result<PlanId, Failure> {
    let mut transaction = begin_durable(writer).await?;
    let written = write(&mut transaction, plan).await;
    finish(transaction, written.map_err(Failure::from)).await
}

async fn write(connection: &mut SqliteConnection, plan: &NewPlan) -> Result<PlanId, sqlx::Error> {
    let forecast = &plan.forecast;
    let written = sqlx::query(
        "INSERT INTO rebalance_plan \
             (policy_id, policy_version, snapshot_id, status, reason, created_at, expires_at, digest, forecast_cash, \
              forecast_least_cash, forecast_commission, forecast_tax, forecast_turnover, forecast_drift_before, \
              forecast_drift_after, forecast_gap) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )
    .bind(plan.policy_id.as_str())
    .bind(plan.policy_version.map(i64::from))
    .bind(plan.snapshot_id.0)
    .bind(PlanStatus::Pending.as_str())
    .bind(&plan.reason)
    .bind(instant_text(plan.created_at))
    .bind(instant_text(plan.expires_at))
    .bind(plan.digest.as_str())
    .bind(forecast.cash.to_string())
    .bind(forecast.least_cash.to_string())
    .bind(forecast.commission.to_string())
    .bind(forecast.tax.to_string())
    .bind(forecast.turnover.to_string())
    .bind(forecast.drift_before.to_string())
    .bind(forecast.drift_after.to_string())
    .bind(forecast.gap.to_string())
    .execute(&mut *connection)
    .await?;
    let id = PlanId(written.last_insert_rowid());
    for order in &plan.orders {
        add_order(connection, id, order, plan.created_at, None).await?;
    }
    add_event(connection, id, None, plan.created_at, "created", None).await?;
    Ok(id)
}

/// Adds a pending order to a plan.
pub(super) async fn add_order(
    connection: &mut SqliteConnection,
    plan: PlanId,
    order: &PlannedOrder,
    at: DateTime<Utc>,
    replaces: Option<OrderId>,
) -> Result<OrderId, sqlx::Error> {
    let order_type = if order.limit_price.is_some() { OrderType::Limit } else { OrderType::Market };
    let written = sqlx::query(
        "INSERT INTO rebalance_orders \
             (plan_id, sequence, symbol, side, target_qty, order_type, limit_price, decision_price, status, created_at, \
              replaces) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(plan.0)
    .bind(i64::from(order.sequence))
    .bind(order.symbol.as_str())
    .bind(order.side.as_str())
    .bind(order.quantity.shares())
    .bind(order_type.as_str())
    .bind(order.limit_price.map(|price| price.to_string()))
    .bind(order.decision_price.to_string())
    .bind(OrderStatus::Pending.as_str())
    .bind(instant_text(at))
    .bind(replaces.map(|order| order.0))
    .execute(connection)
    .await?;
    Ok(OrderId(written.last_insert_rowid()))
}

/// Adds a row of the plan's history.
pub(super) async fn add_event(
    connection: &mut SqliteConnection,
    plan: PlanId,
    order: Option<OrderId>,
    at: DateTime<Utc>,
    event: &str,
    detail: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO plan_events (plan_id, order_id, at, event, detail) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(plan.0)
        .bind(order.map(|order| order.0))
        .bind(instant_text(at))
        .bind(event)
        .bind(detail)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn plan(readers: &SqlitePool, plan: PlanId) -> Result<Option<StoredPlan>, Failure> {
    // In one transaction, so that the parts are of the same moment.
    let mut transaction = readers.begin().await?;
    let mut query = QueryBuilder::new(PLANS);
    let row = query.push("plan_id = ").push_bind(plan.0).build().fetch_all(&mut *transaction).await?;
    let mut query = QueryBuilder::new(ORDERS);
    query.push("plan_id = ").push_bind(plan.0).push(" ORDER BY order_id");
    let orders = query.build().fetch_all(&mut *transaction).await?;
    let executions = sqlx::query(EXECUTIONS).bind(plan.0).fetch_all(&mut *transaction).await?;
    let events = sqlx::query(EVENTS).bind(plan.0).fetch_all(&mut *transaction).await?;
    let Some(plan) = read_plans(&row)?.pop() else { return Ok(None) };
    Ok(Some(StoredPlan {
        plan,
        orders: read_all("rebalance_orders", &orders, |row| number_of(row, "order_id"), read::order)?,
        executions: read_all("rebalance_execution", &executions, |row| number_of(row, "exec_id"), read::execution)?,
        events: read_all("plan_events", &events, |row| number_of(row, "event_id"), read::event)?,
    }))
}

pub(crate) async fn newest(
    readers: &SqlitePool,
    policy: Option<&PolicyId>,
    limit: u32,
) -> Result<Vec<RebalancePlan>, Failure> {
    let mut query = QueryBuilder::new(PLANS);
    match policy {
        Some(policy) => query.push("policy_id = ").push_bind(policy.as_str()),
        None => query.push("1 = 1"),
    };
    query.push(" ORDER BY created_at DESC, plan_id DESC LIMIT ").push_bind(i64::from(limit));
    read_plans(&query.build().fetch_all(readers).await?)
}

pub(crate) async fn submitted(readers: &SqlitePool, range: TimeRange) -> Result<Vec<(BrokerKind, RebalanceOrder)>, Failure> {
    let mut query = QueryBuilder::new(ORDERS);
    query.push("submitted_at >= ").push_bind(bound_text(range.from));
    query.push(" AND submitted_at < ").push_bind(bound_text(range.until));
    let rows = query.push(" ORDER BY submitted_at, order_id").build().fetch_all(readers).await?;
    let read = |row: &SqliteRow| Ok((parsed(row, "broker")?, read::order(row)?));
    Ok(read_all("rebalance_orders", &rows, |row| number_of(row, "order_id"), read)?)
}

fn read_plans(rows: &[SqliteRow]) -> Result<Vec<RebalancePlan>, Failure> {
    Ok(read_all("rebalance_plan", rows, |row| number_of(row, "plan_id"), read::plan)?)
}
