//! `rebalancer approve`.

use anyhow::bail;
use clap::Args;
use obs_model::{BrokerKind, PlanId, PlanStatus, PlanStep};
use obs_portfolio::digest_of;
use obs_store::{StoreError, StoredPlan};
use serde_json::json;

use crate::{
    context::{Context, Permission},
    exit::{Ending, NeedsPerson},
    options::broker_kind,
    show,
    text::time,
};

#[derive(Args)]
pub(crate) struct Options {
    /// The plan's number
    #[arg(value_name = "PLAN")]
    plan: i64,
    /// Where it may be executed: paper, kis-paper or kis-live [default: `trading.broker` of the settings file]
    #[arg(long, value_name = "BROKER")]
    broker: Option<BrokerKind>,
}

pub(crate) async fn run(options: &Options, context: &Context) -> anyhow::Result<Ending> {
    let stored = context.plan(PlanId(options.plan)).await?;
    let id = stored.plan.plan_id;
    let Some(broker) = broker_kind(options.broker, &context.settings)? else {
        return Err(NeedsPerson::error("say --broker paper, kis-paper or kis-live: an approval holds for one of them"));
    };
    if !matches!(stored.plan.status, PlanStatus::Pending | PlanStatus::Approved) {
        bail!("plan {id} is {} and cannot be approved: make a new one with `rebalancer plan`", stored.plan.status);
    }
    check_unaltered(&stored)?;
    if let Some(at) = stored.plan.expires_at.filter(|at| *at <= context.clock.now()) {
        bail!("plan {id} expired at {} KST: make a new one with `rebalancer plan`", time(at));
    }
    let Some(digest) = stored.plan.digest.clone() else {
        bail!("plan {id} has no digest: it is of the Python system and cannot be executed here");
    };
    if !context.manner.json {
        show::print(&stored, &show::lines(&stored, context).await?);
    }
    let granted = context.permission(&format!("Approve exactly this plan, {}, for {broker}?", digest.short()))?;
    match granted {
        Permission::Declined => return Ok(Ending::Failed),
        Permission::DryRun => {}
        Permission::Granted => {
            // Whoever begins a plan at this moment must not find another approval behind its orders.
            let Some(_lock) = context.store.lock_execution().await? else {
                bail!("another program executes a plan: wait until it has ended, and approve plan {id} then");
            };
            let step = PlanStep::Approved { digest: digest.clone(), broker };
            match context.store.take_step(id, &step, context.clock.now()).await {
                Err(StoreError::Stale { .. }) => {
                    bail!("plan {id} changed meanwhile: look at it with `rebalancer show {id}`")
                }
                taken => taken?,
            };
        }
    }
    let approved = granted == Permission::Granted;
    let shown = json!({
        "plan_id": id, "broker": broker, "digest": digest, "confirm": digest.short(), "approved": approved,
        "dry_run": context.manner.dry_run,
    });
    if !context.print_json(&shown)? && approved {
        let confirm = if broker == BrokerKind::KisLive { format!(" --confirm {}", digest.short()) } else { String::new() };
        println!("Plan {id} is approved for {broker}, digest {}.", digest.short());
        println!("Next: `rebalancer execute {id} --broker {broker}{confirm}`.");
        if broker == BrokerKind::KisLive && !context.settings.file.trading.allow_live {
            println!("Live trading is not allowed yet: see `allow_live` in observer.example.toml.");
        }
    }
    Ok(Ending::Done)
}

/// Refuses a plan whose rows are not those that were planned.
pub(crate) fn check_unaltered(stored: &StoredPlan) -> anyhow::Result<()> {
    let (id, now) = (stored.plan.plan_id, digest_of(&stored.plan, &stored.orders));
    if stored.plan.digest.is_some() && stored.plan.digest != now {
        bail!(
            "plan {id} is not what was planned: somebody changed its rows. Cancel it with `rebalancer cancel {id}` and make a \
             new one"
        );
    }
    Ok(())
}
