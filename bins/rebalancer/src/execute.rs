//! `rebalancer execute`.

use std::{collections::BTreeSet, io::IsTerminal, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::stop_on_signal;
use obs_model::{BrokerKind, OrderStatus, PlanDigest, PlanId, PlanStatus, PlanStep, Symbol};
use obs_portfolio::{OrderRules, Policy, digest_of};
use obs_rebalance::{Broker, ExecutionRules, ExecutionSettings, Executor, Outcome, Progress};
use obs_store::{PortfolioRepository, StoredPlan};
use serde_json::json;

use crate::{
    approve::check_unaltered,
    broker::{self, costs},
    context::{Context, Permission},
    exit::Ending,
    live_guard,
    options::{broker_kind, kill_switch},
    show::{self, came_of},
    text::{plain, time},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The plan's number
    #[arg(value_name = "PLAN")]
    plan: i64,
    /// Where: paper, kis-paper or kis-live; it must be where the plan was approved for [default: `trading.broker` of the
    /// settings file]
    #[arg(long, value_name = "BROKER")]
    broker: Option<BrokerKind>,
    /// The plan's digest as `approve` printed it, twelve digits: needed for real money
    #[arg(long, value_name = "DIGEST")]
    confirm: Option<String>,
}

pub(crate) async fn run(options: &Options, context: &Context, bars: &MultiProgress) -> anyhow::Result<Ending> {
    let stored = context.plan(PlanId(options.plan)).await?;
    let id = stored.plan.plan_id;
    let approved = stored.plan.approval.as_ref();
    let named = broker_kind(options.broker, &context.settings)?;
    let Some(kind) = named.or(approved.map(|approval| approval.broker)) else {
        bail!("plan {id} is not approved: look at it and approve it with `rebalancer approve {id} --broker BROKER`");
    };
    check(&stored, kind, context)?;
    if kind == BrokerKind::KisLive {
        let file = &context.settings.file.trading;
        let limits = live_guard::limits(file, &kill_switch(&context.settings))?;
        live_guard::check(file, &limits, approved.map(|approval| &approval.digest), options.confirm.as_deref())?;
    }
    let prepared = prepare(&stored, kind, context).await?;
    if !context.manner.json {
        show::print(&stored, &show::lines(&stored, context).await?);
    }
    let question = format!("Execute plan {id} at {kind}, account {}?", prepared.broker.account());
    match context.permission(&question)? {
        Permission::Declined => return Ok(Ending::Failed),
        Permission::DryRun => {
            context.print_json(&json!({ "plan_id": id, "broker": kind, "executed": false, "dry_run": true }))?;
            return Ok(Ending::Done);
        }
        Permission::Granted => {}
    }
    let stop = stop_on_signal()?;
    let shown = Shown::new(&stored, bars);
    let executor = prepared.executor(context).telling(shown.teller());
    let outcome = tokio::select! {
        outcome = executor.execute(id) => outcome,
        () = stop.cancelled() => {
            shown.bar.finish_and_clear();
            eprintln!(
                "Interrupted: orders may be open at {kind}. Go on with `rebalancer execute {id} --broker {kind}`, or withdraw \
                 them with `rebalancer cancel {id}`."
            );
            return Ok(Ending::Interrupted);
        }
    };
    shown.bar.finish_and_clear();
    tell(&outcome?, context)
}

/// What became of a plan, for people and programs.
pub(crate) fn tell(outcome: &Outcome, context: &Context) -> anyhow::Result<Ending> {
    let Outcome { status, why, stored } = outcome;
    let shown = json!({
        "plan_id": stored.plan.plan_id, "status": status, "why": why, "orders": stored.orders,
        "executions": stored.executions,
    });
    if !context.print_json(&shown)? {
        println!("{}", came_of(stored));
        let why = why.as_ref().map(|why| format!(": {}", plain(why))).unwrap_or_default();
        println!("Plan {} is {status}{why}", stored.plan.plan_id);
        println!("Next: `rebalancer snapshot` measures what is held now.");
    }
    Ok(if *status == PlanStatus::Failed { Ending::Failed } else { Ending::Done })
}

/// What can be seen without asking anybody. The executor looks at it again, and at more.
fn check(stored: &StoredPlan, kind: BrokerKind, context: &Context) -> anyhow::Result<()> {
    let plan = &stored.plan;
    let (id, now) = (plan.plan_id, context.clock.now());
    if plan.status.is_over() {
        bail!("plan {id} is {} and cannot be executed again: make a new one with `rebalancer plan`", plan.status);
    }
    let Some(approval) = &plan.approval else {
        bail!("plan {id} is not approved: look at it and approve it with `rebalancer approve {id} --broker {kind}`");
    };
    if approval.broker != kind {
        bail!(
            "plan {id} is approved for {}, not for {kind}: execute it there, or approve it again for {kind}",
            approval.broker
        );
    }
    check_unaltered(stored)?;
    if plan.status == PlanStatus::Approved
        && let Some(at) = plan.expires_at.filter(|at| *at <= now)
    {
        bail!("plan {id} expired at {} KST: make a new one with `rebalancer plan`", time(at));
    }
    let switch = kill_switch(&context.settings);
    if switch.exists() {
        bail!("trading is stopped by the file {}: remove it to go on, or cancel the plan", switch.display());
    }
    if !context.calendar.contains(now) {
        let next = context.calendar.session_at_or_after(now);
        let next = next.map(|(open, _)| format!(": it opens at {} KST", time(open))).unwrap_or_default();
        bail!("the market is closed{next}");
    }
    Ok(())
}

/// A broker, and how orders go to it.
pub(crate) struct Prepared {
    pub(crate) broker: Arc<dyn Broker>,
    settings: ExecutionSettings,
}

impl Prepared {
    pub(crate) fn executor(&self, context: &Context) -> Executor {
        // The one port of the store that executing needs.
        let store: Arc<dyn PortfolioRepository> = Arc::clone(&context.store) as _;
        Executor::new(store, Arc::clone(&self.broker), self.settings.clone())
    }
}

/// Opens the broker of a plan, by the rules of the policy that the plan was made by.
pub(crate) async fn prepare(stored: &StoredPlan, kind: BrokerKind, context: &Context) -> anyhow::Result<Prepared> {
    let policy: Policy = show::policy_of(stored, context).await?.with_context(|| {
        format!("the policy of plan {} is gone, and with it the rules of its orders", stored.plan.plan_id)
    })?;
    let symbols: BTreeSet<Symbol> = stored.orders.iter().map(|order| order.symbol).collect();
    let costs = costs(&policy, symbols);
    let broker = broker::open(context, kind, stored, costs.clone()).await?;
    let settings = ExecutionSettings {
        clock: context.clock.clone(),
        calendar: context.calendar.clone(),
        rules: rules(policy.order_rules()),
        limits: live_guard::limits(&context.settings.file.trading, &kill_switch(&context.settings))?,
        costs,
        digest_of: digest,
    };
    Ok(Prepared { broker, settings })
}

fn digest(stored: &StoredPlan) -> Option<PlanDigest> {
    digest_of(&stored.plan, &stored.orders)
}

fn rules(orders: &OrderRules) -> ExecutionRules {
    let default = ExecutionRules::default();
    ExecutionRules {
        patience: orders.patience.to_std().unwrap_or(default.patience),
        attempts: orders.attempts,
        distance: orders.distance.share(),
        away: orders.away.share(),
        ..default
    }
}

/// What people see while a plan is executed.
struct Shown {
    bar: ProgressBar,
    bars: MultiProgress,
}

impl Shown {
    fn new(stored: &StoredPlan, bars: &MultiProgress) -> Self {
        let over = stored.orders.iter().filter(|order| order.status.is_over()).count() as u64;
        let bar = bars.add(ProgressBar::new(stored.orders.len() as u64).with_position(over));
        let style = ProgressStyle::with_template("{bar:30.cyan/blue} {pos}/{len} orders  {elapsed_precise}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if std::io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, bars: bars.clone() }
    }

    /// Writes each event as a line on standard error, and moves the bar.
    fn teller(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let (bar, bars) = (self.bar.clone(), self.bars.clone());
        move |progress| {
            let line = plain(&progress.to_string());
            match &progress {
                Progress::Waiting { .. } => bar.set_message(line),
                Progress::Step { step, order } => {
                    bar.set_message("");
                    if matches!(step, PlanStep::Replaced { .. }) {
                        bar.inc_length(1);
                    } else if order.as_ref().is_some_and(|order| order.status.is_over()) && step.order_after().is_some() {
                        bar.inc(1);
                    }
                    bars.suspend(|| eprintln!("{line}"));
                }
            }
        }
    }
}

/// Whether an order is on its way and nobody knows how far.
pub(crate) const fn is_underway(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Executing)
}
