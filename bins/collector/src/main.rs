//! Records the market: `cargo run -p collector`.
//!
//! Without keys it records a simulated exchange that it starts itself.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod check;
mod folder;
mod healthcheck;
mod notify;
mod options;
mod run;
mod serve;
mod status;
mod summary;

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::MultiProgress;
use obs_cli::{CompletionArgs, LogArgs, SettingsArgs, print_completions, start_logs};

/// Records Korean stocks, ticks and ten-minute bars: first into a JSONL archive, from there into a database, with every gap
///
/// Without KIS_APP_KEY and KIS_APP_SECRET it starts a simulated exchange on loopback and records that.
#[derive(Parser)]
#[command(name = "collector", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// End by itself after this time, such as 90s or 6h30m
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
    /// Print the closing figures as JSON, and nothing else
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    exchange: options::Options,
    #[command(flatten)]
    serve: serve::ServeOptions,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    logs: LogArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Look whether settings, disk, database, calendar, keys and clock are in order, and say what to do if not
    Check(check::CheckArgs),
    /// Answer over HTTP from a database, without recording
    Serve,
    /// Ask a running collector whether it is well, for containers
    Healthcheck(healthcheck::HealthcheckArgs),
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
    let bars = MultiProgress::new();
    let outcome = match start_logs(&cli.logs, &bars) {
        Ok(()) => match &cli.command {
            Some(Command::Check(args)) => check::run(args, &cli.settings, &cli.exchange).await,
            Some(Command::Healthcheck(args)) => healthcheck::run(args).await,
            Some(Command::Serve) => serve::run(&cli.settings, &cli.serve, cli.duration).await,
            _ => run::run(&cli.settings, &cli.exchange, &cli.serve, cli.duration, cli.json, &bars).await,
        },
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("collector: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
