//! `rebalancer history`.

use clap::Args;
use obs_cli::table;
use obs_rebalance::report;

use crate::{
    context::Context,
    exit::Ending,
    text::{plain, time, won},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The most plans
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,
}

pub(crate) async fn run(options: &Options, context: &Context) -> anyhow::Result<Ending> {
    let policy = context.policy().await?.id;
    let plans = context.plans(&policy, options.limit).await?;
    let mut report = report(&policy, &[], &plans, None)?;
    report.plans.reverse();
    if context.print_json(&report.plans)? {
        return Ok(Ending::Done);
    }
    if report.plans.is_empty() {
        println!("No plan was made yet by policy {policy}. Make one with `rebalancer plan`.");
        return Ok(Ending::Done);
    }
    let rows = report.plans.iter().map(|plan| {
        let figures = plan.figures;
        [
            plan.plan.to_string(),
            time(plan.created_at),
            plan.status.to_string(),
            plan.broker.map(|broker| broker.to_string()).unwrap_or_default(),
            plan.orders.len().to_string(),
            won(figures.traded),
            won(figures.commission),
            won(figures.tax),
            won(figures.slippage),
            plain(&plan.reason),
        ]
    });
    let header = ["Plan", "Made (KST)", "State", "Broker", "Orders", "Traded", "Fees", "Tax", "Slippage", "Because"];
    println!("{}", table(header, rows));
    Ok(Ending::Done)
}
