//! `backfill rebuild`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::{SettingsArgs, grouped, open_store};
use obs_model::{KST, Symbol};
use obs_store::{Replaced, TimeRange};

#[derive(Args)]
pub(crate) struct Options {
    /// First trading day, such as 2026-01-22
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// Last trading day
    #[arg(long, value_name = "DAY")]
    to: NaiveDate,
    /// One symbol; all without it
    #[arg(long, value_name = "CODE")]
    symbol: Option<Symbol>,
}

/// Replaces the bars of each day in a transaction of its own, so that an interrupted run leaves whole days.
pub(crate) async fn run(options: &Options, settings: &SettingsArgs, bars: &MultiProgress) -> anyhow::Result<ExitCode> {
    let days: Vec<NaiveDate> = options.from.iter_days().take_while(|day| *day <= options.to).collect();
    if days.is_empty() {
        bail!("--to {} lies before --from {}", options.to, options.from);
    }
    let store = open_store(&settings.resolve()?.database).await?;
    store.check_schema().await?;
    let bar = bars.add(ProgressBar::new(days.len() as u64));
    let style = ProgressStyle::with_template("{bar:40.cyan/blue} {pos}/{len} days  {elapsed_precise} ETA {eta_precise}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut sum = Replaced::default();
    let symbols = options.symbol.as_ref().map(std::slice::from_ref);
    for day in days {
        let range = range_of(day).with_context(|| format!("{day} is no day that a database can hold"))?;
        let made = store.aggregate(range, options.symbol).await?;
        let replaced = store.replace_bars(range, symbols, &made).await?;
        sum.removed += replaced.removed;
        sum.written += replaced.written;
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("{} bars were replaced by {} in {}", grouped(sum.removed), grouped(sum.written), store.name());
    Ok(ExitCode::SUCCESS)
}

/// The instants of a Korean calendar day.
fn range_of(day: NaiveDate) -> Option<TimeRange> {
    let from: DateTime<Utc> = day.and_time(NaiveTime::MIN).and_local_timezone(KST).single()?.to_utc();
    Some(TimeRange { from, until: from.checked_add_signed(TimeDelta::days(1))? })
}
