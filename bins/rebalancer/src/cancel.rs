//! `rebalancer cancel`.

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::MultiProgress;
use obs_model::{PlanId, PlanStatus, PlanStep};
use serde_json::json;

use crate::{
    context::{Context, Permission},
    execute::{prepare, tell},
    exit::Ending,
};

#[derive(Args)]
pub(crate) struct Options {
    /// The plan's number
    #[arg(value_name = "PLAN")]
    plan: i64,
}

pub(crate) async fn run(options: &Options, context: &Context, bars: &MultiProgress) -> anyhow::Result<Ending> {
    let id = PlanId(options.plan);
    let stored = context.plan(id).await?;
    if stored.plan.status.is_over() {
        bail!("plan {id} is {} already", stored.plan.status);
    }
    let permission = context.permission(&format!("Cancel plan {id}, which is {}?", stored.plan.status))?;
    if permission != Permission::Granted {
        context.print_json(&json!({ "plan_id": id, "status": stored.plan.status, "dry_run": context.manner.dry_run }))?;
        return Ok(if permission == Permission::DryRun { Ending::Done } else { Ending::Failed });
    }
    // Whoever holds the lock may begin it at any moment.
    let lock = context.store.lock_execution().await?;
    let lock =
        lock.context("another program executes a plan of this store: stop it first; what is open is then withdrawn")?;
    let stored = context.plan(id).await?;
    if stored.plan.status == PlanStatus::Executing {
        drop(lock);
        let approval = stored.plan.approval.as_ref().context("the plan is executing and was never approved")?;
        let prepared = prepare(&stored, approval.broker, context).await?;
        let executor = prepared.executor(context);
        let lines = bars.clone();
        let executor = executor.telling(move |progress| lines.suspend(|| eprintln!("{progress}")));
        return tell(&executor.cancel(id).await?, context);
    }
    let why = Some("withdrawn before it began".to_owned());
    let step = PlanStep::Ended { status: PlanStatus::Cancelled, why };
    context.store.take_step(id, &step, context.clock.now()).await?;
    if !context.print_json(&json!({ "plan_id": id, "status": PlanStatus::Cancelled, "dry_run": false }))? {
        println!("Plan {id} is cancelled. Nothing of it was sent.");
    }
    Ok(Ending::Done)
}
