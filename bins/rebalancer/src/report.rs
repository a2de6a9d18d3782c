//! `rebalancer report`.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use obs_cli::table;
use obs_rebalance::{Report, newest_traded, report};

use crate::{
    context::Context,
    exit::Ending,
    text::{percent, won},
};

mod charts;
mod html;

/// The most plans and snapshots that a report goes back to.
const DEFAULT_LIMIT: u32 = 250;

#[derive(Args)]
pub(crate) struct Options {
    /// Write one page with charts, which needs nothing from anywhere
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The most plans, and four times as many snapshots
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_LIMIT)]
    limit: u32,
}

pub(crate) async fn run(options: &Options, context: &Context) -> anyhow::Result<Ending> {
    let policy = context.policy().await?.id;
    let plans = context.plans(&policy, options.limit).await?;
    let snapshots = context.store.snapshots(Some(&policy), options.limit.saturating_mul(4)).await?;
    let start = match newest_traded(&plans) {
        Some(newest) => context.store.snapshot(newest.plan.snapshot_id).await?,
        None => None,
    };
    let report = report(&policy, &snapshots, &plans, start.as_ref())?;
    if let Some(path) = &options.html {
        if context.manner.dry_run {
            context.say(&format!("{} was not written: it was a dry run.", path.display()));
        } else {
            let page = html::page(&report, context.clock.now());
            fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("The page is {}", path.display());
        }
    }
    if !context.print_json(&report)? {
        print(&report);
    }
    Ok(Ending::Done)
}

fn print(report: &Report) {
    if let Some(change) = &report.weights {
        let row = |name: String, target, before, after| [name, percent(target), percent(before), percent(after)];
        let symbols = change
            .symbols
            .iter()
            .map(|symbol| row(symbol.symbol.to_string(), symbol.target.share(), symbol.before, symbol.after));
        let cash = row("cash".to_owned(), change.cash_target, change.cash_before, change.cash_after);
        println!("What plan {} did:", change.plan);
        println!("{}", table(["Symbol", "Target", "Before", "After"], symbols.chain([cash])));
    }
    let rows = report.plans.iter().map(|plan| {
        let figures = plan.figures;
        let [traded, fees, tax, slippage] = [figures.traded, figures.commission, figures.tax, figures.slippage].map(won);
        [plan.plan.to_string(), plan.status.to_string(), traded, fees, tax, slippage]
    });
    let total = report.total;
    let [traded, fees, tax, slippage] = [total.traded, total.commission, total.tax, total.slippage].map(won);
    let sum = ["All".to_owned(), String::new(), traded, fees, tax, slippage];
    println!("{}", table(["Plan", "State", "Traded", "Fees", "Tax", "Slippage"], rows.chain([sum])));
}
