//! `rebalancer show`.

use clap::Args;
use obs_cli::table;
use obs_model::{Money, PlanId, PlanStatus, Quantity};
use obs_portfolio::Policy;
use obs_store::StoredPlan;
use rust_decimal::Decimal;
use serde_json::json;

use crate::{
    context::{Context, read_version},
    exit::Ending,
    tables::{OrderLine, forecast, order_lines, order_table, planned_orders, shares},
    text::{plain, price, time, won},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The plan's number
    #[arg(value_name = "PLAN")]
    plan: i64,
}

pub(crate) async fn run(options: &Options, context: &Context) -> anyhow::Result<Ending> {
    let stored = context.plan(PlanId(options.plan)).await?;
    let lines = lines(&stored, context).await?;
    let shown = json!({
        "plan": stored.plan, "planned": lines, "orders": stored.orders, "executions": stored.executions,
        "events": stored.events,
    });
    if !context.print_json(&shown)? {
        print(&stored, &lines);
    }
    Ok(Ending::Done)
}

/// The planned orders with what they do.
pub(crate) async fn lines(stored: &StoredPlan, context: &Context) -> anyhow::Result<Vec<OrderLine>> {
    let snapshot = context.store.snapshot(stored.plan.snapshot_id).await?;
    let (total, positions) = snapshot.map_or((Money::ZERO, Vec::new()), |(row, positions)| (row.total_value, positions));
    let policy = policy_of(stored, context).await?;
    Ok(order_lines(&planned_orders(stored), &positions, total, policy.as_ref()))
}

/// The policy that a plan was made by, in that version.
pub(crate) async fn policy_of(stored: &StoredPlan, context: &Context) -> anyhow::Result<Option<Policy>> {
    let plan = &stored.plan;
    let Some(version) = plan.policy_version else {
        return Ok(context
            .store
            .policy(&plan.policy_id)
            .await?
            .and_then(|stored| Policy::of_rows(&stored.policy, &stored.targets).ok()));
    };
    let version = context.store.policy_version(&plan.policy_id, version).await?;
    version.map(|version| read_version(&version.text)).transpose()
}

/// A plan for people: what it is, what it should do, and how far it has come.
pub(crate) fn print(stored: &StoredPlan, lines: &[OrderLine]) {
    let plan = &stored.plan;
    let version = plan.policy_version.map(|version| format!(", version {version}")).unwrap_or_default();
    println!("Plan {} is {}", plan.plan_id, plan.status);
    println!("Policy     {}{version}; from snapshot {}", plan.policy_id, plan.snapshot_id);
    println!("Made       {} KST, because: {}", time(plan.created_at), plain(&plan.reason));
    if let Some(expires) = plan.expires_at {
        println!("Expires    {} KST, unless it has begun", time(expires));
    }
    if let Some(digest) = &plan.digest {
        println!("Digest     {}", digest.short());
    }
    if let Some(approval) = &plan.approval {
        println!("Approved   {} KST for {}, digest {}", time(approval.at), approval.broker, approval.digest.short());
    }
    if let Some(expected) = &plan.forecast {
        println!("{}", forecast(expected));
    }
    println!("{}", order_table(lines));
    if stored.executions.is_empty() && !matches!(plan.status, PlanStatus::Executing) {
        return print_end(stored);
    }
    println!("{}", came_of(stored));
    print_end(stored);
}

fn print_end(stored: &StoredPlan) {
    let plan = &stored.plan;
    if let (Some(at), Some(error)) = (plan.completed_at, &plan.error) {
        println!("It was {} at {} KST: {}", plan.status, time(at), plain(error));
    }
    println!("Steps:");
    for event in &stored.events {
        let order = event.order_id.map(|order| format!(" order {order}")).unwrap_or_default();
        let detail = event.detail.as_ref().map(|detail| format!(": {}", plain(detail))).unwrap_or_default();
        println!("  {} {}{order}{detail}", time(event.at), event.event.replace('_', " "));
    }
}

/// What came of each order, also of those that took the place of others.
pub(crate) fn came_of(stored: &StoredPlan) -> String {
    let rows = stored.orders.iter().map(|order| {
        let fills = || stored.executions.iter().filter(|execution| execution.order_id == order.order_id);
        let filled = fills().filter(|fill| fill.filled_price.is_some());
        let (mut quantity, mut amount) = (Quantity::ZERO, Decimal::ZERO);
        for fill in filled {
            quantity = quantity.saturating_add(fill.filled_qty);
            amount += fill.filled_price.map_or(Decimal::ZERO, Decimal::from) * Decimal::from(fill.filled_qty.shares());
        }
        let sum = |of: fn(&obs_model::RebalanceExecution) -> Money| {
            won(Money::new(fills().map(|fill| of(fill).won()).sum()).unwrap_or_default())
        };
        let number = order.broker_order.as_ref().map(|known| known.number.clone()).unwrap_or_default();
        let replaces = order.replaces.map(|before| format!(" (for {before})")).unwrap_or_default();
        [
            format!("{} {} {}{replaces}", order.order_id, order.side, order.symbol),
            order.status.to_string(),
            plain(&number),
            order.limit_price.map_or_else(|| "market".to_owned(), price),
            format!("{} of {}", shares(quantity), shares(order.target_qty)),
            won(Money::new(amount).unwrap_or_default()),
            sum(|fill| fill.commission),
            sum(|fill| fill.tax.unwrap_or_default()),
            sum(|fill| fill.slippage),
        ]
    });
    table(["Order", "State", "Number", "Limit", "Filled", "Amount", "Fee", "Tax", "Slippage"], rows).to_string()
}
