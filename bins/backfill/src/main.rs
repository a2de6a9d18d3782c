//! Brings archives into the store: `backfill load DIR…`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod load;
mod report;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::MultiProgress;
use obs_cli::{CompletionArgs, LogArgs, SettingsArgs, print_completions, start_logs};

/// Brings archives into the store, ours and the Python system's, exactly once
#[derive(Parser)]
#[command(name = "backfill", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    logs: LogArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Load archive files and folders; what was loaded before is recognised and not loaded again
    Load(load::Options),
    /// Print a shell's completion script
    Completions(CompletionArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let bars = MultiProgress::new();
    let outcome = match start_logs(&cli.logs, &bars) {
        Err(error) => Err(error),
        Ok(()) => match cli.command {
            Command::Load(options) => load::run(&options, &cli.settings, &bars).await,
            Command::Completions(args) => {
                print_completions(&args, &mut Cli::command());
                Ok(ExitCode::SUCCESS)
            }
        },
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("backfill: {error:#}");
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
