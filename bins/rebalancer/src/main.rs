//! Brings a portfolio to its policy: values it, plans orders, and executes what was approved.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod approve;
mod broker;
mod cancel;
mod context;
mod daily;
mod execute;
mod exit;
mod history;
mod live_guard;
mod options;
mod plan;
mod policy;
mod price_limits;
mod report;
mod resolve;
mod show;
mod snapshot;
mod status;
mod tables;
mod text;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::MultiProgress;
use obs_cli::{CompletionArgs, LogArgs, SettingsArgs, print_completions, start_logs};

use context::Context;
use exit::{Ending, code_of};
use options::{Manner, MarketArgs};

/// What `--help` says at its end.
const EXIT_CODES: &str = "Exit codes: 0 all is well; 1 something failed, or somebody said no; 2 wrong command line; 3 nothing \
    is due, or nothing would be traded; 78 keys, settings or confirmations need a person; 130 interrupted.";

/// Brings a portfolio to its policy: values it, plans orders, and executes what was approved
///
/// apply a policy, take a snapshot, make a plan, approve it, execute it. Nothing is sent to anybody before `execute`.
#[derive(Parser)]
#[command(name = "rebalancer", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    market: MarketArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    logs: LogArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Policies: how portfolios should look
    #[command(subcommand)]
    Policy(policy::Command),
    /// Value the portfolio, weigh it, and measure how far it is from its policy
    Snapshot(snapshot::Options),
    /// Make a plan from the newest snapshot, if one is due
    Plan(plan::Options),
    /// Show a plan with its orders, fills and steps
    Show(show::Options),
    /// Approve exactly this plan for a broker
    Approve(approve::Options),
    /// Execute an approved plan, or go on with one that was interrupted
    Execute(execute::Options),
    /// Withdraw a plan, and what is open of it at the broker
    Cancel(cancel::Options),
    /// Say what became of an order of which nobody knows whether it was accepted
    Resolve(resolve::Options),
    /// What is in force, what is underway, and what waits for somebody
    Status,
    /// Plans of the past, and what they cost
    History(history::Options),
    /// What became of plans: weights, drift and costs
    Report(report::Options),
    /// The daily cycle by itself: snapshot after the opening, plan when due; it stops at approval, and goes on until stopped
    Run(daily::Options),
    /// Print a shell's completion script
    Completions(CompletionArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let bars = MultiProgress::new();
    let outcome = match start_logs(&cli.logs, &bars) {
        Ok(()) => run(cli, &bars).await,
        Err(error) => Err(error),
    };
    outcome.map_or_else(
        |error| {
            eprintln!("rebalancer: {error:#}");
            code_of(&error)
        },
        ExitCode::from,
    )
}

async fn run(cli: Cli, bars: &MultiProgress) -> anyhow::Result<Ending> {
    let Cli { command, manner, market, settings, .. } = cli;
    let open = async |writes| Context::open(&manner, &market, &settings, writes).await;
    match command {
        Command::Policy(policy::Command::Check { file }) => policy::check(&file, &manner),
        Command::Policy(command) => {
            let writes = matches!(command, policy::Command::Apply { .. } | policy::Command::Retire { .. });
            policy::run(&command, &open(writes).await?).await
        }
        Command::Snapshot(options) => snapshot::run(&options, &open(true).await?, bars).await,
        Command::Plan(options) => plan::run(&options, &open(true).await?, bars).await,
        Command::Show(options) => show::run(&options, &open(false).await?).await,
        Command::Approve(options) => approve::run(&options, &open(false).await?).await,
        Command::Execute(options) => execute::run(&options, &open(false).await?, bars).await,
        Command::Cancel(options) => cancel::run(&options, &open(false).await?, bars).await,
        Command::Resolve(options) => resolve::run(&options, &open(false).await?).await,
        Command::Status => status::run(&open(false).await?).await,
        Command::History(options) => history::run(&options, &open(false).await?).await,
        Command::Report(options) => report::run(&options, &open(false).await?).await,
        Command::Run(options) => daily::run(&options, open(true).await?, bars).await,
        Command::Completions(args) => {
            print_completions(&args, &mut Cli::command());
            Ok(Ending::Done)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
