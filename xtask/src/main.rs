//! Tasks of this repository, run as `cargo xtask TASK`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

mod api_check;
mod bench;
mod chaos;
mod migrate;
mod programs;
mod test;
mod tidy;

/// Tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// One module each.
#[derive(Subcommand)]
enum Task {
    /// Run every test, on a PostgreSQL that is found or started for the run
    Test(test::Options),
    /// Create or update the schema of a database, or say what ran on it
    Migrate(migrate::Options),
    /// Ask the interface over HTTP many things, and hold its answers against its description
    ApiCheck(api_check::Options),
    /// Measure against a named peer
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Run the collector on days that go wrong at random, and prove that its record accounts for everything
    Chaos(chaos::Options),
    /// Check the rules of this workspace that the compiler does not know
    Tidy,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().task {
        Task::Test(options) => test::run(&options).await,
        Task::Migrate(options) => migrate::run(&options).await,
        Task::ApiCheck(options) => api_check::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Bench(bench) => bench::run(&bench).await.map(|()| ExitCode::SUCCESS),
        Task::Chaos(options) => chaos::run(&options).await.map(|()| ExitCode::SUCCESS),
        Task::Tidy => tidy::run(),
    }
}

/// The folder of the workspace's manifest.
fn workspace_root() -> anyhow::Result<PathBuf> {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(xtask.parent().context("xtask lies in no folder")?.to_owned())
}
