//! Steps of plans: each in one transaction, with its event, and only from the state that it needs.

use chrono::{DateTime, Utc};
use obs_model::{BrokerKind, BrokerOrder, OrderId, OrderStatus, PlanId, PlanStep, RebalanceExecution};
use obs_store::adapter::portfolio::{FoundOrder, FoundState, check_step, claimed};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::plans::{add_event, add_order};
use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{cell_or_none, instant_text, number_of, parsed, parsed_or_none, read_all},
};

pub(crate) async fn take(
    writer: &SqlitePool,
    plan: PlanId,
    step: &PlanStep,
    at: DateTime<Utc>,
) -> Result<Option<OrderId>, Failure> {
    let mut transaction = begin_durable(writer).await?;
    let written = write(&mut transaction, plan, step, at).await;
    finish(transaction, written).await
}

async fn write(
    connection: &mut SqliteConnection,
    plan: PlanId,
    step: &PlanStep,
    at: DateTime<Utc>,
) -> Result<Option<OrderId>, Failure> {
    let found = found_state(connection, plan, step.order()).await?;
    let broker = check_step(plan, step, &found)?;
    if let Some(status) = step.plan_after() {
        let query = sqlx::query("UPDATE rebalance_plan SET status = ?2 WHERE plan_id = ?1").bind(plan.0);
        query.bind(status.as_str()).execute(&mut *connection).await?;
    }
    if let (Some(order), Some(status)) = (step.order(), step.order_after()) {
        let query = sqlx::query("UPDATE rebalance_orders SET status = ?2 WHERE order_id = ?1").bind(order.0);
        query.bind(status.as_str()).execute(&mut *connection).await?;
    }
    let mut made = None;
    match step {
        PlanStep::Approved { digest, broker } => {
            sqlx::query(
                "UPDATE rebalance_plan SET approved_at = ?2, approved_digest = ?3, approved_broker = ?4 WHERE plan_id = ?1",
            )
            .bind(plan.0)
            .bind(instant_text(at))
            .bind(digest.as_str())
            .bind(broker.as_str())
            .execute(&mut *connection)
            .await?;
        }
        PlanStep::Submitting { order } => set_submitted(connection, *order, Some(at), broker).await?,
        PlanStep::NotSent { order, .. } => set_submitted(connection, *order, None, None).await?,
        PlanStep::Accepted { order, broker_order } => {
            refuse_claimed(connection, step, *order, broker_order).await?;
            sqlx::query(
                "UPDATE rebalance_orders SET broker_day = ?2, broker_branch = ?3, broker_number = ?4 WHERE order_id = ?1",
            )
            .bind(order.0)
            .bind(broker_order.day.to_string())
            .bind(&broker_order.branch)
            .bind(&broker_order.number)
            .execute(&mut *connection)
            .await?;
        }
        PlanStep::Executed { execution } => add_execution(connection, execution).await?,
        PlanStep::Replaced { order, by } => made = Some(add_order(connection, plan, by, at, Some(*order)).await?),
        PlanStep::Ended { why, .. } => {
            sqlx::query("UPDATE rebalance_plan SET completed_at = ?2, error = ?3 WHERE plan_id = ?1")
                .bind(plan.0)
                .bind(instant_text(at))
                .bind(why)
                .execute(&mut *connection)
                .await?;
            sqlx::query("UPDATE rebalance_orders SET status = ?2 WHERE plan_id = ?1 AND status = ?3")
                .bind(plan.0)
                .bind(OrderStatus::Cancelled.as_str())
                .bind(OrderStatus::Pending.as_str())
                .execute(&mut *connection)
                .await?;
        }
        PlanStep::Started | PlanStep::Withdrawn { .. } => {}
    }
    add_event(connection, plan, step.order(), at, step.name(), step.detail().as_deref()).await?;
    Ok(made)
}

/// The state that a step finds. The transaction began by taking the file's lock, so nobody changes it before the step is
/// written.
async fn found_state(
    connection: &mut SqliteConnection,
    plan: PlanId,
    order: Option<OrderId>,
) -> Result<FoundState, Failure> {
    let rows = sqlx::query("SELECT plan_id, status, approved_broker FROM rebalance_plan WHERE plan_id = ?1")
        .bind(plan.0)
        .fetch_all(&mut *connection)
        .await?;
    let read = |row: &SqliteRow| Ok((parsed(row, "status")?, parsed_or_none(row, "approved_broker")?));
    let found = read_all("rebalance_plan", &rows, |row| number_of(row, "plan_id"), read)?.pop();
    let Some(order) = order else { return Ok(FoundState { plan: found, order: None }) };

    let rows = sqlx::query(
        "SELECT order_id, status, broker_number, \
             (SELECT min(order_id) FROM rebalance_orders WHERE replaces = ?2) AS replaced_by \
         FROM rebalance_orders WHERE plan_id = ?1 AND order_id = ?2",
    )
    .bind(plan.0)
    .bind(order.0)
    .fetch_all(connection)
    .await?;
    let read = |row: &SqliteRow| {
        let replaced_by = cell_or_none(row, "replaced_by")?.map(OrderId);
        Ok(FoundOrder { status: parsed(row, "status")?, number: cell_or_none(row, "broker_number")?, replaced_by })
    };
    let order = read_all("rebalance_orders", &rows, |row| number_of(row, "order_id"), read)?.pop();
    Ok(FoundState { plan: found, order })
}

async fn set_submitted(
    connection: &mut SqliteConnection,
    order: OrderId,
    at: Option<DateTime<Utc>>,
    broker: Option<BrokerKind>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE rebalance_orders SET submitted_at = ?2, broker = ?3 WHERE order_id = ?1")
        .bind(order.0)
        .bind(at.map(instant_text))
        .bind(broker.map(BrokerKind::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

/// Refuses a number of the broker that another of our orders has.
async fn refuse_claimed(
    connection: &mut SqliteConnection,
    step: &PlanStep,
    order: OrderId,
    number: &BrokerOrder,
) -> Result<(), Failure> {
    let owner = sqlx::query(
        "SELECT other.order_id FROM rebalance_orders AS other JOIN rebalance_orders AS ours ON other.broker = ours.broker \
         WHERE ours.order_id = ?1 AND other.broker_day = ?2 AND other.broker_branch = ?3 AND other.broker_number = ?4",
    )
    .bind(order.0)
    .bind(number.day.to_string())
    .bind(&number.branch)
    .bind(&number.number)
    .fetch_optional(connection)
    .await?;
    match owner {
        Some(owner) => Err(claimed(step, number, OrderId(owner.try_get("order_id")?)).into()),
        None => Ok(()),
    }
}

async fn add_execution(connection: &mut SqliteConnection, execution: &RebalanceExecution) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO rebalance_execution \
             (order_id, filled_qty, filled_price, exec_time, commission, tax, slippage, status, error_msg) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(execution.order_id.0)
    .bind(execution.filled_qty.shares())
    .bind(execution.filled_price.map(|price| price.to_string()))
    .bind(instant_text(execution.exec_time))
    .bind(execution.commission.to_string())
    .bind(execution.tax.map(|tax| tax.to_string()))
    .bind(execution.slippage.to_string())
    .bind(execution.status.as_str())
    .bind(&execution.error_msg)
    .execute(connection)
    .await?;
    Ok(())
}
