//! `rebalancer plan`.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use indicatif::MultiProgress;
use obs_cli::table;
use obs_model::{
    BrokerKind, PlanDigest, PlanId, PlanStatus, PortfolioPosition, PortfolioSnapshot, PriceSource, Symbol, trading_day,
};
use obs_portfolio::{
    Doubt, KnownPrice, PlanRequest, PlanTerms, Planned, Position, Reason, Valuation, asked_by_calendar, digest, drift, plan,
    reasons,
};
use obs_rebalance::recent_volumes;
use obs_store::NewPlan;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    context::{Chosen, Context},
    exit::Ending,
    options::broker_kind,
    price_limits::price_limits,
    tables::{forecast, order_lines, order_table},
    text::time,
};

/// Plans that are looked at for what is underway.
const PLANS: u32 = 20;

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// Say of each symbol that stays off its target why
    #[arg(long)]
    why_not: bool,
    /// Make a plan although none is due
    #[arg(long)]
    force: bool,
    /// Who will fill the orders: a broker at the exchange is asked for the day's price limits [default: `trading.broker` of the
    /// settings file, or paper]
    #[arg(long, value_name = "BROKER")]
    broker: Option<BrokerKind>,
}

impl Options {
    /// What the daily cycle asks for.
    pub(crate) fn of(broker: Option<BrokerKind>) -> Self {
        Self { broker, ..Self::default() }
    }
}

/// What became of the wish for a plan.
pub(crate) enum Made {
    /// None is due.
    NotDue(PortfolioSnapshot),
    /// One is due, or was asked for.
    Planned(Box<Draft>),
}

/// A plan, stored unless it is empty or a dry run.
pub(crate) struct Draft {
    pub(crate) id: Option<PlanId>,
    chosen: Chosen,
    snapshot: PortfolioSnapshot,
    positions: Vec<PortfolioPosition>,
    reason: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    digest: PlanDigest,
    planned: Planned,
}

pub(crate) async fn run(options: &Options, context: &Context, _bars: &MultiProgress) -> anyhow::Result<Ending> {
    match make(options, context).await? {
        Made::NotDue(snapshot) => {
            let shown = json!({ "due": [], "plan_id": null, "snapshot_id": snapshot.snapshot_id, "drift": snapshot.drift });
            if !context.print_json(&shown)? {
                println!("No plan is due by snapshot {}. Say --force to make one nevertheless.", snapshot.snapshot_id);
            }
            Ok(Ending::NothingToDo)
        }
        Made::Planned(draft) => {
            if !context.print_json(&draft.json())? {
                draft.print(options.why_not);
            }
            Ok(if draft.planned.orders.is_empty() { Ending::NothingToDo } else { Ending::Done })
        }
    }
}

/// Why a plan is due now.
pub(crate) async fn due(context: &Context, chosen: &Chosen, valuation: &Valuation) -> anyhow::Result<Vec<Reason>> {
    let mut found = reasons(valuation, chosen.policy.tolerance());
    let newest = context.store.plans(Some(&chosen.id), 1).await?;
    let last = newest.first().map(|plan| trading_day(plan.created_at));
    let today = trading_day(context.clock.now());
    found.extend(asked_by_calendar(chosen.policy.frequency(), last, today, &context.calendar));
    Ok(found)
}

/// Makes a plan if one is due, or if it is forced.
pub(crate) async fn make(options: &Options, context: &Context) -> anyhow::Result<Made> {
    let chosen = context.policy().await?;
    let now = context.clock.now();
    let Some((snapshot, positions)) = context.newest_snapshot(&chosen.id).await? else {
        bail!("policy {} has no snapshot to start from: take one with `rebalancer snapshot`", chosen.id);
    };
    check_fresh(context, &chosen, &snapshot, now).await?;
    let valuation = valuation(&snapshot, &positions, &chosen)?;
    let due = due(context, &chosen, &valuation).await?;
    if due.is_empty() && !options.force {
        return Ok(Made::NotDue(snapshot));
    }
    let reason = if due.is_empty() {
        "asked for with --force".to_owned()
    } else {
        due.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let symbols: BTreeSet<Symbol> = positions.iter().map(|position| position.symbol).collect();
    let kind = broker_kind(options.broker, &context.settings)?.unwrap_or(BrokerKind::Paper);
    let limits = price_limits(context, kind, &chosen.policy, &symbols).await?;
    let volumes = recent_volumes(&*context.store, &symbols, now).await?;
    let planned = plan(&PlanRequest { policy: &chosen.policy, valuation: &valuation, limits, volumes })?;
    let expires_at = chosen
        .policy
        .order_rules()
        .expiry(now, &context.calendar)
        .context("the calendar knows of no trading within a month: is the clock right?")?;
    let digest = digest(&PlanTerms {
        policy_id: &chosen.id,
        policy_version: chosen.version,
        snapshot_id: snapshot.snapshot_id,
        created_at: now,
        expires_at: Some(expires_at),
        orders: &planned.orders,
    });
    let mut draft = Draft { id: None, chosen, snapshot, positions, reason, created_at: now, expires_at, digest, planned };
    if context.manner.dry_run {
        context.say("Nothing was stored: it was a dry run.");
    } else if !draft.planned.orders.is_empty() {
        draft.id = Some(context.store.add_plan(&draft.row()).await?);
    }
    Ok(Made::Planned(Box::new(draft)))
}

/// A plan starts from what is held now, at prices of now, by the policy of now.
async fn check_fresh(
    context: &Context,
    chosen: &Chosen,
    snapshot: &PortfolioSnapshot,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let number = snapshot.snapshot_id;
    let again = "take a new one with `rebalancer snapshot`";
    if snapshot.policy_version != chosen.version {
        let version = |version: Option<u32>| version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let (then, now) = (version(snapshot.policy_version), version(chosen.version));
        bail!("snapshot {number} was measured by version {then} of policy {}, and {now} is in force: {again}", chosen.id);
    }
    let age: TimeDelta =
        context.calendar.within(snapshot.snapshot_time, now).iter().map(|(from, until)| *until - *from).sum();
    if age > chosen.policy.price_rules(BTreeSet::new()).oldest {
        bail!("snapshot {number} is {} minutes of trading old: {again}", age.num_minutes());
    }
    for plan in context.plans(&chosen.id, PLANS).await? {
        if plan.plan.status == PlanStatus::Executing {
            bail!(
                "plan {} is being executed: go on with `rebalancer execute {0}`, or `rebalancer cancel {0}`",
                plan.plan.plan_id
            );
        }
        if plan.executions.iter().any(|fill| fill.filled_price.is_some() && fill.exec_time > snapshot.snapshot_time) {
            bail!("plan {} traded since snapshot {number}: {again}", plan.plan.plan_id);
        }
        if !plan.plan.status.is_over() {
            context.say(&format!("Note: plan {} is still {}.", plan.plan.plan_id, plan.plan.status));
        }
    }
    Ok(())
}

/// What a snapshot says, as it was measured.
fn valuation(snapshot: &PortfolioSnapshot, positions: &[PortfolioPosition], chosen: &Chosen) -> anyhow::Result<Valuation> {
    let mut left = Decimal::ONE;
    let rows: Vec<Position> = positions
        .iter()
        .map(|position| {
            left -= position.current_weight.share();
            // What is halted is known by this word alone.
            let is_halted = position.doubt.as_deref() == Some("halted");
            Position {
                symbol: position.symbol,
                shares: position.quantity,
                price: KnownPrice {
                    price: position.market_price,
                    at: position.price_time.unwrap_or(snapshot.snapshot_time),
                    source: position.price_source.unwrap_or(PriceSource::Tick),
                    is_in_gap: false,
                    is_halted,
                },
                doubt: is_halted.then_some(Doubt::Halted),
                value: position.market_value,
                weight: position.current_weight,
                target: chosen.policy.target(position.symbol),
            }
        })
        .collect();
    let drift = drift(rows.iter().map(|position| (position.value, position.target)), snapshot.total_value)?;
    let cash_weight = left.try_into().unwrap_or_default();
    Ok(Valuation { positions: rows, cash: snapshot.cash, cash_weight, total: snapshot.total_value, drift })
}

impl Draft {
    fn row(&self) -> NewPlan {
        NewPlan {
            policy_id: self.chosen.id.clone(),
            policy_version: self.chosen.version,
            snapshot_id: self.snapshot.snapshot_id,
            reason: self.reason.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            digest: self.digest.clone(),
            forecast: self.planned.forecast,
            orders: self.planned.orders.clone(),
        }
    }

    pub(crate) const fn has_orders(&self) -> bool {
        !self.planned.orders.is_empty()
    }

    pub(crate) fn json(&self) -> Value {
        let untouched: Vec<_> = self
            .planned
            .untouched()
            .iter()
            .map(|(symbol, why)| json!({ "symbol": symbol, "why": why.to_string() }))
            .collect();
        json!({
            "plan_id": self.id, "policy_id": self.chosen.id, "policy_version": self.chosen.version,
            "snapshot_id": self.snapshot.snapshot_id, "reason": self.reason, "created_at": self.created_at,
            "expires_at": self.expires_at, "digest": self.digest, "forecast": self.planned.forecast,
            "orders": self.lines(), "untouched": untouched,
        })
    }

    fn lines(&self) -> Vec<crate::tables::OrderLine> {
        let Self { planned, positions, snapshot, chosen, .. } = self;
        order_lines(&planned.orders, positions, snapshot.total_value, Some(&chosen.policy))
    }

    pub(crate) fn print(&self, why_not: bool) {
        println!("Because: {}", self.reason);
        if self.planned.orders.is_empty() {
            println!(
                "Nothing would be traded: no orders within the policy's limits bring the portfolio nearer to its targets."
            );
        } else {
            println!("{}", order_table(&self.lines()));
            println!("{}", forecast(&self.planned.forecast));
        }
        if why_not {
            let rows = self.planned.untouched().iter().map(|(symbol, why)| [symbol.to_string(), why.to_string()]);
            println!("{}", table(["Off target", "Because"], rows));
        } else if !self.planned.untouched().is_empty() {
            println!("{} symbols stay off their targets: --why-not says why.", self.planned.untouched().len());
        }
        if let Some(id) = self.id {
            println!("Plan {id}, digest {}, good until {} KST.", self.digest.short(), time(self.expires_at));
            println!("Next: `rebalancer approve {id} --broker BROKER`.");
        }
    }
}
