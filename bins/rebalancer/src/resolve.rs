//! `rebalancer resolve`.

use anyhow::bail;
use clap::Args;
use obs_model::{OrderId, PlanId};
use obs_rebalance::Resolution;
use serde_json::json;

use crate::{
    context::{Context, Permission},
    execute::{is_underway, prepare},
    exit::Ending,
};

#[derive(Args)]
pub(crate) struct Options {
    /// The plan's number
    #[arg(value_name = "PLAN")]
    plan: i64,
    /// The order's number, as `show` lists it
    #[arg(value_name = "ORDER")]
    order: i64,
    #[command(flatten)]
    found: Found,
}

/// What a person found out by looking at the account.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Found {
    /// The broker took it under this number
    #[arg(long, value_name = "N")]
    number: Option<String>,
    /// The broker never had it: it may be sent
    #[arg(long)]
    not_sent: bool,
}

pub(crate) async fn run(options: &Options, context: &Context) -> anyhow::Result<Ending> {
    let (plan, order) = (PlanId(options.plan), OrderId(options.order));
    let stored = context.plan(plan).await?;
    let Some(row) = stored.orders.iter().find(|row| row.order_id == order) else {
        bail!("plan {plan} has no order {order}: `rebalancer show {plan}` lists them");
    };
    if !is_underway(row.status) || row.broker_order.is_some() {
        bail!("what became of order {order} is known, it is {}: there is nothing to resolve", row.status);
    }
    let Some(approval) = &stored.plan.approval else {
        bail!("plan {plan} was never approved, so nothing of it was sent");
    };
    let (found, words) = match &options.found.number {
        Some(number) => (Resolution::Number(number.clone()), format!("is number {number} at the broker")),
        None => (Resolution::NotSent, "was never sent".to_owned()),
    };
    let what = format!("{} {} {}", row.side, row.target_qty, row.symbol);
    let permission = context.permission(&format!("Record that order {order} ({what}) of plan {plan} {words}?"))?;
    if permission == Permission::Granted {
        let prepared = prepare(&stored, approval.broker, context).await?;
        prepared.executor(context).resolve(plan, order, found).await?;
    }
    let resolved = permission == Permission::Granted;
    let shown = json!({ "plan_id": plan, "order_id": order, "resolved": resolved, "dry_run": context.manner.dry_run });
    if !context.print_json(&shown)? && resolved {
        println!("It is recorded. Next: `rebalancer execute {plan} --broker {}`.", approval.broker);
    }
    Ok(if permission == Permission::Declined { Ending::Failed } else { Ending::Done })
}
