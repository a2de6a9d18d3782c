//! Brings archives into the store, `backfill load DIR…`, proves that it is all there, `backfill verify`, and writes it into files
//! for analysts, `backfill export`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod export;
mod load;
mod progress;
mod rebuild;
mod rejects;
mod report;
mod status;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::MultiProgress;
use obs_cli::{CompletionArgs, LogArgs, SettingsArgs, print_completions, start_logs};

/// Brings archives into the store, ours and the Python system's, exactly once, and proves that it is all there
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
    /// Prove that archive and store agree, and that every second and share is accounted for
    Verify(verify::Options),
    /// Make the bars of some days again from the stored ticks, or bars and gaps from the archive
    Rebuild(rebuild::Options),
    /// Write rows into Parquet, CSV, JSON lines or Arrow files, a folder for each day
    Export(export::Options),
    /// What is loaded, how far, and how many rejected lines wait
    Status(status::Options),
    /// The ledger of lines that could not be loaded
    #[command(subcommand)]
    Rejects(rejects::Command),
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
            Command::Verify(options) => verify::run(&options, &cli.settings, &bars).await,
            Command::Rebuild(options) => rebuild::run(&options, &cli.settings, &bars).await,
            Command::Export(options) => export::run(&options, &cli.settings, &bars).await,
            Command::Status(options) => status::run(&options, &cli.settings).await,
            Command::Rejects(command) => rejects::run(&command, &cli.settings).await,
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
