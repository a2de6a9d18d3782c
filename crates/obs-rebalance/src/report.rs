//! What became of plans: weights before and after, drift over time, and what it cost.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use obs_model::{
    BrokerKind, InvalidValue, Money, OrderId, OrderStatus, PlanId, PlanStatus, PolicyId, PortfolioPosition,
    PortfolioSnapshot, Price, Quantity, Side, Symbol, Weight,
};
use obs_store::StoredPlan;
use rust_decimal::Decimal;
use serde::Serialize;

/// What became of a policy's plans.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The policy.
    pub policy: PolicyId,
    /// What the newest plan that traded anything did to the weights.
    pub weights: Option<WeightChange>,
    /// The drift of each snapshot that has one, oldest first.
    pub drift: Vec<DriftPoint>,
    /// All plans, oldest first.
    pub plans: Vec<PlanFigures>,
    /// The figures of all plans together.
    pub total: Figures,
}

/// Weights before and after a plan, at the prices of the snapshot it started from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeightChange {
    /// The plan.
    pub plan: PlanId,
    /// Each symbol, in order.
    pub symbols: Vec<WeightRow>,
    /// The share of cash before.
    pub cash_before: Decimal,
    /// The share of cash afterwards.
    pub cash_after: Decimal,
    /// What the targets leave for cash.
    pub cash_target: Decimal,
}

/// A symbol's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WeightRow {
    /// The symbol.
    pub symbol: Symbol,
    /// What it should be.
    pub target: Weight,
    /// What it was.
    pub before: Decimal,
    /// What it became.
    pub after: Decimal,
}

/// The drift at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DriftPoint {
    /// When the snapshot was taken.
    pub at: DateTime<Utc>,
    /// How far the weights were from the targets.
    pub drift: Decimal,
}

/// A plan and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanFigures {
    /// The plan.
    pub plan: PlanId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How far it has come.
    pub status: PlanStatus,
    /// Why it was made.
    pub reason: String,
    /// Where it was executed, or may be.
    pub broker: Option<BrokerKind>,
    /// What it cost.
    pub figures: Figures,
    /// Its orders, by their numbers.
    pub orders: Vec<OrderFigures>,
}

/// An order and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderFigures {
    /// The order.
    pub order: OrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares ordered.
    pub quantity: Quantity,
    /// The price it was decided at, in won.
    pub decision_price: Option<Price>,
    /// How far it has come.
    pub status: OrderStatus,
    /// Shares filled.
    pub filled: Quantity,
    /// What it cost.
    pub figures: Figures,
}

/// Sums in won.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// What was bought and sold together.
    pub traded: Money,
    /// The broker's part.
    pub commission: Money,
    /// The state's part.
    pub tax: Money,
    /// What the fills cost above the prices at decision; negative is better.
    pub slippage: Money,
}

/// The newest plan that traded anything: its snapshot is what [`report`] needs for the weights.
#[must_use]
pub fn newest_traded(plans: &[StoredPlan]) -> Option<&StoredPlan> {
    let traded = |stored: &&StoredPlan| stored.executions.iter().any(|execution| execution.filled_price.is_some());
    plans.iter().filter(traded).max_by_key(|stored| (stored.plan.created_at, stored.plan.plan_id))
}

/// Puts together what became of plans.
///
/// `start` is the snapshot of [`newest_traded`] with its positions; without it there are no weights.
///
/// # Errors
/// [`InvalidValue`] if sums are larger than is counted with.
pub fn report(
    policy: &PolicyId,
    snapshots: &[PortfolioSnapshot],
    plans: &[StoredPlan],
    start: Option<&(PortfolioSnapshot, Vec<PortfolioPosition>)>,
) -> Result<Report, InvalidValue> {
    let mut drift: Vec<DriftPoint> = snapshots
        .iter()
        .filter_map(|snapshot| Some(DriftPoint { at: snapshot.snapshot_time, drift: snapshot.drift? }))
        .collect();
    drift.sort_by_key(|point| point.at);
    let weights = match (newest_traded(plans), start) {
        (Some(plan), Some((snapshot, positions))) => Some(change(plan, snapshot, positions)),
        _ => None,
    };
    let mut plans = plans.iter().map(plan_figures).collect::<Result<Vec<_>, _>>()?;
    plans.sort_by_key(|plan| (plan.created_at, plan.plan));
    let total = sum(plans.iter().map(|plan| plan.figures))?;
    Ok(Report { policy: policy.clone(), weights, drift, plans, total })
}

fn plan_figures(stored: &StoredPlan) -> Result<PlanFigures, InvalidValue> {
    let orders = stored.orders.iter().map(|order| {
        let executions = stored.executions.iter().filter(|execution| execution.order_id == order.order_id);
        let filled = executions.clone().filter(|execution| execution.filled_price.is_some());
        let figures = executions.map(|execution| {
            let price = execution.filled_price.map_or(Decimal::ZERO, Decimal::from);
            Ok(Figures {
                traded: Money::new(price * Decimal::from(execution.filled_qty.shares()))?,
                commission: execution.commission,
                tax: execution.tax.unwrap_or_default(),
                slippage: execution.slippage,
            })
        });
        Ok(OrderFigures {
            order: order.order_id,
            symbol: order.symbol,
            side: order.side,
            quantity: order.target_qty,
            decision_price: order.decision_price,
            status: order.status,
            filled: filled.fold(Quantity::ZERO, |sum, execution| sum.saturating_add(execution.filled_qty)),
            figures: sum(figures.collect::<Result<Vec<_>, InvalidValue>>()?)?,
        })
    });
    let orders = orders.collect::<Result<Vec<_>, InvalidValue>>()?;
    let plan = &stored.plan;
    Ok(PlanFigures {
        plan: plan.plan_id,
        created_at: plan.created_at,
        status: plan.status,
        reason: plan.reason.clone(),
        broker: plan.approval.as_ref().map(|approval| approval.broker),
        figures: sum(orders.iter().map(|order| order.figures))?,
        orders,
    })
}

fn sum(all: impl IntoIterator<Item = Figures>) -> Result<Figures, InvalidValue> {
    let add = |one: Money, other: Money| Money::new(one.won() + other.won());
    all.into_iter().try_fold(Figures::default(), |sum, one| {
        Ok(Figures {
            traded: add(sum.traded, one.traded)?,
            commission: add(sum.commission, one.commission)?,
            tax: add(sum.tax, one.tax)?,
            slippage: add(sum.slippage, one.slippage)?,
        })
    })
}

/// Holdings and cash before and after the fills, as shares of what they are worth at the snapshot's prices.
fn change(stored: &StoredPlan, snapshot: &PortfolioSnapshot, positions: &[PortfolioPosition]) -> WeightChange {
    let known: BTreeMap<Symbol, &PortfolioPosition> = positions.iter().map(|position| (position.symbol, position)).collect();
    let mut shares: BTreeMap<Symbol, Decimal> =
        positions.iter().map(|position| (position.symbol, Decimal::from(position.quantity.shares()))).collect();
    let before = shares.clone();
    let mut cash = snapshot.cash.won();
    for execution in &stored.executions {
        let Some(price) = execution.filled_price else { continue };
        let Some(order) = stored.orders.iter().find(|order| order.order_id == execution.order_id) else { continue };
        let filled = Decimal::from(execution.filled_qty.shares());
        let signed = if order.side == Side::Buy { filled } else { -filled };
        *shares.entry(order.symbol).or_default() += signed;
        cash -= signed * Decimal::from(price) + execution.commission.won() + execution.tax.unwrap_or_default().won();
    }
    let price = |symbol: &Symbol| known.get(symbol).map_or(Decimal::ZERO, |position| Decimal::from(position.market_price));
    let worth = |shares: &BTreeMap<Symbol, Decimal>, cash: Decimal| {
        let total = shares.iter().map(|(symbol, shares)| price(symbol) * *shares).sum::<Decimal>() + cash;
        if total > Decimal::ZERO { total } else { Decimal::ONE }
    };
    let (total_before, total_after) = (worth(&before, snapshot.cash.won()), worth(&shares, cash));
    let symbols: BTreeSet<Symbol> = shares.keys().copied().collect();
    let share = |of: &BTreeMap<Symbol, Decimal>, symbol: &Symbol, total: Decimal| {
        of.get(symbol).map_or(Decimal::ZERO, |shares| (price(symbol) * *shares / total).round_dp(12).normalize())
    };
    let rows: Vec<WeightRow> = symbols
        .iter()
        .map(|symbol| WeightRow {
            symbol: *symbol,
            target: known.get(symbol).map(|position| position.target_weight).unwrap_or_default(),
            before: share(&before, symbol, total_before),
            after: share(&shares, symbol, total_after),
        })
        .collect();
    let targets: Decimal = rows.iter().map(|row| row.target.share()).sum();
    WeightChange {
        plan: stored.plan.plan_id,
        symbols: rows,
        cash_before: (snapshot.cash.won() / total_before).round_dp(12).normalize(),
        cash_after: (cash / total_after).round_dp(12).normalize(),
        cash_target: Decimal::ONE - targets,
    }
}
