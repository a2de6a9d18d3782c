//! Steps of plans: each in one transaction, with its event, and only from the state that it needs.

use chrono::{DateTime, Utc};
use obs_model::{BrokerKind, BrokerOrder, Money, OrderId, OrderStatus, PlanId, PlanStep, RebalanceExecution};
use obs_store::adapter::portfolio::{FoundOrder, FoundState, check_step, claimed};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

use super::plans::{add_event, add_order};
use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{cell, number_of, parsed, parsed_or_none, read_all, without_nul},
    wire::Instant,
};

pub(crate) async fn take(
    pool: &PgPool,
    plan: PlanId,
    step: &PlanStep,
    at: DateTime<Utc>,
) -> Result<Option<OrderId>, Failure> {
    let mut transaction = begin_durable(pool).await?;
    let written = write(&mut transaction, plan, step, at).await;
    finish(transaction, written).await
}

async fn write(
    connection: &mut PgConnection,
    plan: PlanId,
    step: &PlanStep,
    at: DateTime<Utc>,
) -> Result<Option<OrderId>, Failure> {
    let found = found_state(connection, plan, step.order()).await?;
    let broker = check_step(plan, step, &found)?;
    if let Some(status) = step.plan_after() {
        let query = sqlx::query("UPDATE rebalance_plan SET status = $2 WHERE plan_id = $1").bind(plan.0);
        query.bind(status.as_str()).execute(&mut *connection).await?;
    }
    if let (Some(order), Some(status)) = (step.order(), step.order_after()) {
        let query = sqlx::query("UPDATE rebalance_orders SET status = $2 WHERE order_id = $1").bind(order.0);
        query.bind(status.as_str()).execute(&mut *connection).await?;
    }
    let mut made = None;
    match step {
        PlanStep::Approved { digest, broker } => {
            sqlx::query(
                "UPDATE rebalance_plan SET approved_at = $2, approved_digest = $3, approved_broker = $4 WHERE plan_id = $1",
            )
            .bind(plan.0)
            .bind(Instant(at))
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
                "UPDATE rebalance_orders SET broker_day = $2, broker_branch = $3, broker_number = $4 WHERE order_id = $1",
            )
            .bind(order.0)
            .bind(broker_order.day)
            .bind(without_nul(&broker_order.branch))
            .bind(without_nul(&broker_order.number))
            .execute(&mut *connection)
            .await?;
        }
        PlanStep::Executed { execution } => add_execution(connection, execution).await?,
        PlanStep::Replaced { order, by } => made = Some(add_order(connection, plan, by, at, Some(*order)).await?),
        PlanStep::Ended { why, .. } => {
            sqlx::query("UPDATE rebalance_plan SET completed_at = $2, error = $3 WHERE plan_id = $1")
                .bind(plan.0)
                .bind(Instant(at))
                .bind(why.as_deref().map(without_nul))
                .execute(&mut *connection)
                .await?;
            sqlx::query("UPDATE rebalance_orders SET status = $2 WHERE plan_id = $1 AND status = $3")
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

/// The state that a step finds. The plan's row is locked, and every step of its orders asks for it first, so nobody changes
/// anything of it before the step is written.
async fn found_state(connection: &mut PgConnection, plan: PlanId, order: Option<OrderId>) -> Result<FoundState, Failure> {
    let rows = sqlx::query("SELECT plan_id, status, approved_broker FROM rebalance_plan WHERE plan_id = $1 FOR UPDATE")
        .bind(plan.0)
        .fetch_all(&mut *connection)
        .await?;
    let read = |row: &PgRow| Ok((parsed(row, "status")?, parsed_or_none(row, "approved_broker")?));
    let found = read_all("rebalance_plan", &rows, |row| number_of(row, "plan_id"), read)?.pop();
    let Some(order) = order else { return Ok(FoundState { plan: found, order: None }) };

    let rows = sqlx::query(
        "SELECT order_id, status, broker_number, \
             (SELECT min(order_id) FROM rebalance_orders WHERE replaces = $2) AS replaced_by \
         FROM rebalance_orders WHERE plan_id = $1 AND order_id = $2",
    )
    .bind(plan.0)
    .bind(order.0)
    .fetch_all(connection)
    .await?;
    let read = |row: &PgRow| {
        let replaced_by = cell::<Option<_>>(row, "replaced_by")?.map(OrderId);
        Ok(FoundOrder { status: parsed(row, "status")?, number: cell(row, "broker_number")?, replaced_by })
    };
    let order = read_all("rebalance_orders", &rows, |row| number_of(row, "order_id"), read)?.pop();
    Ok(FoundState { plan: found, order })
}

async fn set_submitted(
    connection: &mut PgConnection,
    order: OrderId,
    at: Option<DateTime<Utc>>,
    broker: Option<BrokerKind>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE rebalance_orders SET submitted_at = $2, broker = $3 WHERE order_id = $1")
        .bind(order.0)
        .bind(at.map(Instant))
        .bind(broker.map(BrokerKind::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

/// Refuses a number of the broker that another of our orders has.
async fn refuse_claimed(
    connection: &mut PgConnection,
    step: &PlanStep,
    order: OrderId,
    number: &BrokerOrder,
) -> Result<(), Failure> {
    let owner = sqlx::query(
        "SELECT other.order_id FROM rebalance_orders AS other JOIN rebalance_orders AS ours ON other.broker = ours.broker \
         WHERE ours.order_id = $1 AND other.broker_day = $2 AND other.broker_branch = $3 AND other.broker_number = $4",
    )
    .bind(order.0)
    .bind(number.day)
    .bind(without_nul(&number.branch))
    .bind(without_nul(&number.number))
    .fetch_optional(connection)
    .await?;
    match owner {
        Some(owner) => Err(claimed(step, number, OrderId(owner.try_get("order_id")?)).into()),
        None => Ok(()),
    }
}

async fn add_execution(connection: &mut PgConnection, execution: &RebalanceExecution) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO rebalance_execution \
             (order_id, filled_qty, filled_price, exec_time, commission, tax, slippage, status, error_msg) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(execution.order_id.0)
    .bind(execution.filled_qty.shares())
    .bind(execution.filled_price.map(Decimal::from))
    .bind(Instant(execution.exec_time))
    .bind(execution.commission.won())
    .bind(execution.tax.map(Money::won))
    .bind(execution.slippage.won())
    .bind(execution.status.as_str())
    .bind(execution.error_msg.as_deref().map(without_nul))
    .execute(connection)
    .await?;
    Ok(())
}
