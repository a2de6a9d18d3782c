//! `rebalancer status`.

use obs_cli::table;
use obs_model::{HoldingsSource, OrderStatus, PlanStatus, RebalancePlan};
use serde_json::json;

use crate::{
    context::Context,
    exit::Ending,
    options::kill_switch,
    text::{percent, time, won},
};

/// Plans that are looked at: what is underway is among the newest.
const PLANS: u32 = 100;

pub(crate) async fn run(context: &Context) -> anyhow::Result<Ending> {
    let now = context.clock.now();
    let mut policies = context.store.policies().await?;
    policies.retain(|policy| context.manner.policy.as_ref().map_or(policy.is_active, |id| *id == policy.policy_id));
    let mut snapshots = Vec::new();
    for policy in &policies {
        snapshots.extend(context.store.snapshots(Some(&policy.policy_id), 1).await?);
    }
    let mut plans = context.store.plans(context.manner.policy.as_ref(), PLANS).await?;
    plans.retain(|plan| !plan.status.is_over());
    let mut unknown = Vec::new();
    for plan in plans.iter().filter(|plan| plan.status == PlanStatus::Executing) {
        let orders = context.store.plan(plan.plan_id).await?.map(|stored| stored.orders).unwrap_or_default();
        let is_unknown = |order: &&_| is_unknown(order);
        unknown.extend(orders.iter().filter(is_unknown).map(|order| (plan.plan_id, order.order_id)));
    }
    let (switch, is_open) = (kill_switch(&context.settings), context.calendar.contains(now));
    let stopped = switch.exists();
    let shown = json!({
        "now": now, "market_open": is_open, "kill_switch": { "path": switch, "on": stopped },
        "policies": policies, "snapshots": snapshots, "plans": plans,
        "unknown_orders": unknown.iter().map(|(plan, order)| json!({ "plan_id": plan, "order_id": order })).collect::<Vec<_>>(),
    });
    if context.print_json(&shown)? {
        return Ok(Ending::Done);
    }
    println!("{} KST, the market is {}", time(now), if is_open { "open" } else { "closed" });
    if stopped {
        println!("TRADING IS STOPPED by {}: nothing is sent while it is there", switch.display());
    }
    if policies.is_empty() {
        println!("No policy is in force. Store one with `rebalancer policy apply FILE`.");
    }
    for policy in &policies {
        match snapshots.iter().find(|snapshot| snapshot.policy_id == policy.policy_id) {
            None => println!("Policy {}: no snapshot yet. Take one with `rebalancer snapshot`.", policy.policy_id),
            Some(snapshot) => println!(
                "Policy {}: snapshot {} of {} KST{}, {} won, of which {} cash; drift {} of {}",
                policy.policy_id,
                snapshot.snapshot_id,
                time(snapshot.snapshot_time),
                snapshot.source.map_or_else(String::new, from),
                won(snapshot.total_value),
                won(snapshot.cash),
                snapshot.drift.map_or_else(|| "unknown".to_owned(), percent),
                percent(policy.rebalance_threshold.share()),
            ),
        }
    }
    if plans.is_empty() {
        println!("No plan is underway.");
        return Ok(Ending::Done);
    }
    let rows = plans.iter().map(|plan| {
        [
            plan.plan_id.to_string(),
            plan.policy_id.to_string(),
            plan.status.to_string(),
            time(plan.created_at),
            next(plan, now),
        ]
    });
    println!("{}", table(["Plan", "Policy", "State", "Made (KST)", "Next"], rows));
    for (plan, order) in unknown {
        println!("Order {order} of plan {plan} was about to be sent, and nobody knows whether it was.");
    }
    Ok(Ending::Done)
}

fn from(source: HoldingsSource) -> String {
    format!(" from {source}")
}

/// Whether it was about to be sent and has no number.
fn is_unknown(order: &obs_model::RebalanceOrder) -> bool {
    order.status == OrderStatus::Executing && order.broker_order.is_none()
}

/// What somebody may do with a plan.
fn next(plan: &RebalancePlan, now: chrono::DateTime<chrono::Utc>) -> String {
    let has_expired = plan.expires_at.is_some_and(|at| at <= now);
    match (plan.status, &plan.approval) {
        (PlanStatus::Pending | PlanStatus::Approved, _) if has_expired => "it expired: cancel it".to_owned(),
        (PlanStatus::Pending, _) => format!("rebalancer approve {}", plan.plan_id),
        (_, Some(approval)) => format!("rebalancer execute {} --broker {}", plan.plan_id, approval.broker),
        (_, None) => String::new(),
    }
}
