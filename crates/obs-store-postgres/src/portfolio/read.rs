//! From rows to plans, orders, executions and events. What the Python system left empty is `None`, nothing, or 0.

use obs_model::{
    Approval, BrokerOrder, Forecast, Money, OrderId, PlanDigest, PlanEvent, PlanId, Quantity, RebalanceExecution,
    RebalanceOrder, RebalancePlan, SnapshotId,
};
use sqlx::postgres::PgRow;

use super::policies::policy_id;
use crate::row::{
    BadCell, cell, checked, instant, instant_or_none, money, money_or_none, parsed, parsed_or_none, price_or_none, quantity,
    quantity_or_none, small_or_none,
};

/// The columns of [`plan`].
pub(super) const PLANS: &str = "SELECT plan_id, policy_id, policy_version, snapshot_id, status, reason, created_at, \
     expires_at, digest, forecast_cash, forecast_least_cash, \
     forecast_commission, forecast_tax, \
     forecast_turnover, forecast_drift_before, forecast_drift_after, \
     forecast_gap, approved_at, approved_digest, approved_broker, completed_at, error \
     FROM rebalance_plan WHERE ";
/// The columns of [`order`], and its broker.
pub(super) const ORDERS: &str = "SELECT order_id, plan_id, sequence, symbol, side, target_qty, order_type, \
     limit_price, decision_price, status, created_at, replaces, \
     submitted_at, broker, broker_day, broker_branch, broker_number FROM rebalance_orders WHERE ";
/// The executions of a plan.
pub(super) const EXECUTIONS: &str = "SELECT exec_id, order_id, filled_qty, filled_price, \
     coalesce(exec_time, created_at) AS exec_time, commission, tax, \
     slippage, status, error_msg FROM rebalance_execution \
     WHERE order_id IN (SELECT order_id FROM rebalance_orders WHERE plan_id = $1) ORDER BY exec_id";
/// The events of a plan.
pub(super) const EVENTS: &str =
    "SELECT event_id, plan_id, order_id, at, event, detail FROM plan_events WHERE plan_id = $1 ORDER BY event_id";

pub(super) fn plan(row: &PgRow) -> Result<RebalancePlan, BadCell> {
    Ok(RebalancePlan {
        plan_id: PlanId(cell(row, "plan_id")?),
        policy_id: policy_id(row)?,
        policy_version: small_or_none(row, "policy_version")?,
        snapshot_id: SnapshotId(cell(row, "snapshot_id")?),
        status: parsed(row, "status")?,
        reason: cell::<Option<_>>(row, "reason")?.unwrap_or_default(),
        created_at: instant(row, "created_at")?,
        expires_at: instant_or_none(row, "expires_at")?,
        digest: digest_or_none(row, "digest")?,
        forecast: forecast(row)?,
        approval: approval(row)?,
        completed_at: instant_or_none(row, "completed_at")?,
        error: cell(row, "error")?,
    })
}

fn forecast(row: &PgRow) -> Result<Option<Forecast>, BadCell> {
    let Some(cash) = money_or_none(row, "forecast_cash")? else { return Ok(None) };
    Ok(Some(Forecast {
        cash,
        least_cash: money(row, "forecast_least_cash")?,
        commission: money(row, "forecast_commission")?,
        tax: money(row, "forecast_tax")?,
        turnover: money(row, "forecast_turnover")?,
        drift_before: cell(row, "forecast_drift_before")?,
        drift_after: cell(row, "forecast_drift_after")?,
        gap: money(row, "forecast_gap")?,
    }))
}

/// An approval that is not whole is none.
fn approval(row: &PgRow) -> Result<Option<Approval>, BadCell> {
    let at = instant_or_none(row, "approved_at")?;
    let parts = (at, digest_or_none(row, "approved_digest")?, parsed_or_none(row, "approved_broker")?);
    let (Some(at), Some(digest), Some(broker)) = parts else { return Ok(None) };
    Ok(Some(Approval { at, digest, broker }))
}

fn digest_or_none(row: &PgRow, column: &'static str) -> Result<Option<PlanDigest>, BadCell> {
    let text = cell::<Option<&str>>(row, column)?;
    text.map(|text| checked(column, PlanDigest::new(text))).transpose()
}

pub(super) fn order(row: &PgRow) -> Result<RebalanceOrder, BadCell> {
    Ok(RebalanceOrder {
        order_id: OrderId(cell(row, "order_id")?),
        plan_id: PlanId(cell(row, "plan_id")?),
        sequence: small_or_none(row, "sequence")?,
        symbol: parsed(row, "symbol")?,
        side: parsed(row, "side")?,
        target_qty: quantity(row, "target_qty")?,
        order_type: parsed(row, "order_type")?,
        limit_price: price_or_none(row, "limit_price")?,
        decision_price: price_or_none(row, "decision_price")?,
        status: parsed(row, "status")?,
        created_at: instant(row, "created_at")?,
        replaces: cell::<Option<_>>(row, "replaces")?.map(OrderId),
        submitted_at: instant_or_none(row, "submitted_at")?,
        broker_order: broker_order(row)?,
    })
}

fn broker_order(row: &PgRow) -> Result<Option<BrokerOrder>, BadCell> {
    let Some(number) = cell(row, "broker_number")? else { return Ok(None) };
    Ok(Some(BrokerOrder { day: cell(row, "broker_day")?, branch: cell(row, "broker_branch")?, number }))
}

pub(super) fn execution(row: &PgRow) -> Result<RebalanceExecution, BadCell> {
    Ok(RebalanceExecution {
        order_id: OrderId(cell(row, "order_id")?),
        filled_qty: quantity_or_none(row, "filled_qty")?.unwrap_or(Quantity::ZERO),
        filled_price: price_or_none(row, "filled_price")?,
        exec_time: instant(row, "exec_time")?,
        commission: money_or_none(row, "commission")?.unwrap_or(Money::ZERO),
        tax: money_or_none(row, "tax")?,
        slippage: money_or_none(row, "slippage")?.unwrap_or(Money::ZERO),
        status: parsed(row, "status")?,
        error_msg: cell(row, "error_msg")?,
    })
}

pub(super) fn event(row: &PgRow) -> Result<PlanEvent, BadCell> {
    Ok(PlanEvent {
        plan_id: PlanId(cell(row, "plan_id")?),
        order_id: cell::<Option<_>>(row, "order_id")?.map(OrderId),
        at: instant(row, "at")?,
        event: cell(row, "event")?,
        detail: cell(row, "detail")?,
    })
}
