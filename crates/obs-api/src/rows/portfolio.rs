//! The portfolio's record. What the Python system did not record is `null`.

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{
    Money, PlanEvent, PortfolioPosition, PortfolioSnapshot, Price, Quantity, RebalanceExecution, RebalanceOrder,
    RebalancePlan, Symbol, Weight,
};
use obs_store::StoredPlan;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// A portfolio's value at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotRow {
    /// Its number.
    pub(crate) snapshot_id: i64,
    /// By which policy it was measured.
    policy_id: String,
    /// By which version of it.
    #[schema(required)]
    policy_version: Option<u32>,
    /// When it was taken.
    snapshot_time: DateTime<Utc>,
    /// Holdings and cash in won.
    #[schema(value_type = String, example = "10000000")]
    total_value: Money,
    /// Cash in won.
    #[schema(value_type = String, example = "120000")]
    cash: Money,
    /// How far the weights are from the targets: the root of the summed squares of their differences.
    #[schema(value_type = Option<String>, required)]
    drift: Option<Decimal>,
    /// Who said what is held: `file`, `paper`, `kis-paper` or `kis-live`.
    #[schema(required)]
    source: Option<&'static str>,
}

impl From<PortfolioSnapshot> for SnapshotRow {
    fn from(snapshot: PortfolioSnapshot) -> Self {
        Self {
            snapshot_id: snapshot.snapshot_id.0,
            policy_id: snapshot.policy_id.into(),
            policy_version: snapshot.policy_version,
            snapshot_time: snapshot.snapshot_time,
            total_value: snapshot.total_value,
            cash: snapshot.cash,
            drift: snapshot.drift,
            source: snapshot.source.map(|source| source.as_str()),
        }
    }
}

/// One holding in a snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PositionRow {
    /// The symbol.
    #[schema(value_type = String, example = "005930")]
    symbol: Symbol,
    /// Shares held.
    #[schema(value_type = i64)]
    quantity: Quantity,
    /// The price it was valued at, in won.
    #[schema(value_type = String, example = "71900")]
    market_price: Price,
    /// Quantity times price, in won.
    #[schema(value_type = String, example = "719000")]
    market_value: Money,
    /// Its share of the total, 0 to 1.
    #[schema(value_type = String, example = "0.25")]
    current_weight: Weight,
    /// The share it should have, 0 to 1.
    #[schema(value_type = String, example = "0.3")]
    target_weight: Weight,
    /// When the price was true.
    #[schema(required)]
    price_time: Option<DateTime<Utc>>,
    /// Where the price was found: `tick`, `minute_bar`, `swing_bar` or `quote`.
    #[schema(required)]
    price_source: Option<&'static str>,
    /// What was accepted about the price.
    #[schema(required)]
    doubt: Option<String>,
}

impl From<PortfolioPosition> for PositionRow {
    fn from(position: PortfolioPosition) -> Self {
        Self {
            symbol: position.symbol,
            quantity: position.quantity,
            market_price: position.market_price,
            market_value: position.market_value,
            current_weight: position.current_weight,
            target_weight: position.target_weight,
            price_time: position.price_time,
            price_source: position.price_source.map(|source| source.as_str()),
            doubt: position.doubt,
        }
    }
}

/// A snapshot with what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotDetail {
    /// The snapshot.
    pub(crate) snapshot: SnapshotRow,
    /// Its holdings, by symbol.
    pub(crate) positions: Vec<PositionRow>,
}

/// A set of orders that brings a portfolio to its policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanRow {
    /// Its number.
    pub(crate) plan_id: i64,
    /// The policy it serves.
    policy_id: String,
    /// Which version of it.
    #[schema(required)]
    policy_version: Option<u32>,
    /// The snapshot it starts from.
    snapshot_id: i64,
    /// How far it has come: `pending`, `approved`, `executing`, `done`, `failed` or `cancelled`.
    status: &'static str,
    /// Why it was made.
    reason: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// From when on it may not be begun any more.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// What it consists of, in 64 hexadecimal digits.
    #[schema(required)]
    digest: Option<String>,
    /// What it is expected to do.
    #[schema(required)]
    forecast: Option<ForecastRow>,
    /// Its approval.
    #[schema(required)]
    approval: Option<ApprovalRow>,
    /// When it ended.
    #[schema(required)]
    completed_at: Option<DateTime<Utc>>,
    /// Why it failed or was withdrawn.
    #[schema(required)]
    error: Option<String>,
}

/// What a plan is expected to do, at the prices that it was decided at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastRow {
    /// Cash after all orders and their costs, in won.
    #[schema(value_type = String)]
    cash: Money,
    /// The least cash if every order is filled at its limit, in won.
    #[schema(value_type = String)]
    least_cash: Money,
    /// The broker's part of the costs in won.
    #[schema(value_type = String)]
    commission: Money,
    /// The state's part in won.
    #[schema(value_type = String)]
    tax: Money,
    /// What is bought and sold together, in won.
    #[schema(value_type = String)]
    turnover: Money,
    /// The drift before.
    #[schema(value_type = String)]
    drift_before: Decimal,
    /// The drift afterwards.
    #[schema(value_type = String)]
    drift_after: Decimal,
    /// No allocation is nearer to the targets by more than this, in won; zero is proven optimal.
    #[schema(value_type = String)]
    gap: Money,
}

/// Somebody's word that exactly this plan may be executed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalRow {
    /// When it was given.
    at: DateTime<Utc>,
    /// For what.
    digest: String,
    /// Where it may be executed: `paper`, `kis-paper` or `kis-live`.
    broker: &'static str,
}

impl From<RebalancePlan> for PlanRow {
    fn from(plan: RebalancePlan) -> Self {
        Self {
            plan_id: plan.plan_id.0,
            policy_id: plan.policy_id.into(),
            policy_version: plan.policy_version,
            snapshot_id: plan.snapshot_id.0,
            status: plan.status.as_str(),
            reason: plan.reason,
            created_at: plan.created_at,
            expires_at: plan.expires_at,
            digest: plan.digest.map(String::from),
            forecast: plan.forecast.map(|forecast| ForecastRow {
                cash: forecast.cash,
                least_cash: forecast.least_cash,
                commission: forecast.commission,
                tax: forecast.tax,
                turnover: forecast.turnover,
                drift_before: forecast.drift_before,
                drift_after: forecast.drift_after,
                gap: forecast.gap,
            }),
            approval: plan.approval.map(|approval| ApprovalRow {
                at: approval.at,
                digest: approval.digest.into(),
                broker: approval.broker.as_str(),
            }),
            completed_at: plan.completed_at,
            error: plan.error,
        }
    }
}

/// One order of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderRow {
    /// Its number.
    order_id: i64,
    /// Its place in the plan, from 1.
    #[schema(required)]
    sequence: Option<u32>,
    /// The symbol.
    #[schema(value_type = String, example = "005930")]
    symbol: Symbol,
    /// `BUY` or `SELL`.
    side: &'static str,
    /// Shares to trade.
    #[schema(value_type = i64)]
    target_qty: Quantity,
    /// `MARKET` or `LIMIT`.
    order_type: &'static str,
    /// The worst price in won that is accepted.
    #[schema(value_type = Option<String>, required)]
    limit_price: Option<Price>,
    /// The price in won that it was decided at.
    #[schema(value_type = Option<String>, required)]
    decision_price: Option<Price>,
    /// How far it has come: `pending`, `executing`, `filled`, `rejected` or `cancelled`.
    status: &'static str,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// The order whose rest it trades.
    #[schema(required)]
    replaces: Option<i64>,
    /// When it was about to be sent, the last time.
    #[schema(required)]
    submitted_at: Option<DateTime<Utc>>,
    /// What the broker knows it by.
    #[schema(required)]
    broker_order: Option<BrokerOrderRow>,
}

/// What a broker knows an order by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BrokerOrderRow {
    /// The day of the order, in Korea.
    day: NaiveDate,
    /// The branch that took it.
    branch: String,
    /// Its number on that day.
    number: String,
}

impl From<RebalanceOrder> for OrderRow {
    fn from(order: RebalanceOrder) -> Self {
        Self {
            order_id: order.order_id.0,
            sequence: order.sequence,
            symbol: order.symbol,
            side: order.side.as_str(),
            target_qty: order.target_qty,
            order_type: order.order_type.as_str(),
            limit_price: order.limit_price,
            decision_price: order.decision_price,
            status: order.status.as_str(),
            created_at: order.created_at,
            replaces: order.replaces.map(|id| id.0),
            submitted_at: order.submitted_at,
            broker_order: order.broker_order.map(|known| BrokerOrderRow {
                day: known.day,
                branch: known.branch,
                number: known.number,
            }),
        }
    }
}

/// One fill or refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionRow {
    /// Of which order.
    order_id: i64,
    /// Shares filled.
    #[schema(value_type = i64)]
    filled_qty: Quantity,
    /// At which price in won, on average; `null` for a refusal.
    #[schema(value_type = Option<String>, required)]
    filled_price: Option<Price>,
    /// When.
    exec_time: DateTime<Utc>,
    /// The broker's fee in won.
    #[schema(value_type = String)]
    commission: Money,
    /// The securities transaction tax in won.
    #[schema(value_type = Option<String>, required)]
    tax: Option<Money>,
    /// The difference to the price at decision, times the quantity, in won; positive is worse.
    #[schema(value_type = String)]
    slippage: Money,
    /// `PARTIAL`, `FILLED` or `REJECTED`.
    status: &'static str,
    /// The broker's words for a refusal.
    #[schema(required)]
    error_msg: Option<String>,
}

impl From<RebalanceExecution> for ExecutionRow {
    fn from(execution: RebalanceExecution) -> Self {
        Self {
            order_id: execution.order_id.0,
            filled_qty: execution.filled_qty,
            filled_price: execution.filled_price,
            exec_time: execution.exec_time,
            commission: execution.commission,
            tax: execution.tax,
            slippage: execution.slippage,
            status: execution.status.as_str(),
            error_msg: execution.error_msg,
        }
    }
}

/// Something that happened to a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanEventRow {
    /// To which of its orders, if to one.
    #[schema(required)]
    order_id: Option<i64>,
    /// When.
    at: DateTime<Utc>,
    /// What, in one word.
    event: String,
    /// In more words.
    #[schema(required)]
    detail: Option<String>,
}

impl From<PlanEvent> for PlanEventRow {
    fn from(event: PlanEvent) -> Self {
        Self { order_id: event.order_id.map(|id| id.0), at: event.at, event: event.event, detail: event.detail }
    }
}

/// A plan and everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanDetail {
    /// The plan.
    plan: PlanRow,
    /// Its orders: first those that were planned, then those that took the place of others.
    orders: Vec<OrderRow>,
    /// What came of them, in the order in which it was recorded.
    executions: Vec<ExecutionRow>,
    /// All its steps, oldest first.
    events: Vec<PlanEventRow>,
}

impl From<StoredPlan> for PlanDetail {
    fn from(stored: StoredPlan) -> Self {
        Self {
            plan: stored.plan.into(),
            orders: stored.orders.into_iter().map(OrderRow::from).collect(),
            executions: stored.executions.into_iter().map(ExecutionRow::from).collect(),
            events: stored.events.into_iter().map(PlanEventRow::from).collect(),
        }
    }
}
