//! A simulated KIS exchange that runs by itself: `cargo run -p simulator`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod greeting;
mod options;
mod plan;
mod status;

use std::{future::pending, process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::MultiProgress;
use obs_cli::{CompletionArgs, LogArgs, print_completions, start_logs, stop_on_signal};
use obs_sim::Simulator;

/// A simulated KIS exchange on this machine: REST, WebSocket, accounts, orders, and faults on demand
///
/// It speaks the broker's Open API as far as Korean stocks go, with made-up prices, keys and accounts. Point a client at the
/// two addresses that it prints. Everything that chance decides follows from the seed.
#[derive(Parser)]
#[command(name = "simulator", version, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// End by itself after this time, such as 90s or 6h30m, by this machine's clock
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    options: options::Options,
    #[command(flatten)]
    logs: LogArgs,
}

const EXAMPLES: &str = "\
Examples:
  simulator --env paper --customers 2
      Paper trading, two app keys with an account each
  simulator --hours krx --start 2026-11-23T08:50 --speed 60
      A trading day in six and a half minutes, from ten minutes before the opening
  simulator --fault drop@10:15 --fault silence@10:20+90s
      Two faults by the market's clock
  curl -X POST http://127.0.0.1:9080/faults -d '{\"fault\": \"http-500\", \"seconds\": 30}'
      One now; GET /faults, /ledger, /connections, /pace and /orders tell what happened";

#[derive(Subcommand)]
enum Command {
    /// Print a shell's completion script
    Completions(CompletionArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Completions(args)) = &cli.command {
        print_completions(args, &mut Cli::command());
        return ExitCode::SUCCESS;
    }
    match run(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let bars = MultiProgress::new();
    start_logs(&cli.logs, &bars)?;
    let stop = stop_on_signal()?;
    let simulator = Simulator::start(cli.options.settings()?).await?;
    println!("{}", greeting::greeting(&cli.options, &simulator));
    let time_is_up = async {
        match cli.duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = time_is_up => {}
        () = status::show(&simulator, &bars) => {}
    }
    bars.clear()?;
    println!("{}", greeting::farewell(&simulator));
    simulator.stop().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
