//! `cargo xtask chaos`: the collector on the worst days that a seed can invent, and the proof that its record accounts for them.
//!
//! An episode runs the collector as its users do against a simulated broker at some hundred trades a second. The socket, the
//! broker, the database, the disk, the clock and the process itself fail at random. Then the record is held against what the
//! simulator sent.

mod collector;
mod database;
mod episode;
mod machine;
mod truth;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::ensure;
use obs_cli::grouped;
use obs_testkit::PostgresServer;

use crate::programs;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Episodes
    #[arg(long, default_value_t = 3)]
    episodes: u32,
    /// Go on for so many minutes instead
    #[arg(long, conflicts_with = "episodes")]
    minutes: Option<u64>,
    /// Seed of the first episode; the next one has the next number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Trades a second
    #[arg(long, default_value_t = 500)]
    rate: u32,
}

/// The programs that an episode runs.
pub(crate) struct Programs {
    pub(crate) collector: PathBuf,
    pub(crate) backfill: PathBuf,
    /// What makes the machine fail.
    pub(crate) machine: PathBuf,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let machine = machine::compile(dir.path())?;
    let built = programs::for_tests()?;
    let programs = Programs { collector: built.join("collector"), backfill: built.join("backfill"), machine };
    let server = PostgresServer::find_or_start().await?;
    let started = Instant::now();
    let mut unsound = Vec::new();
    for n in 0.. {
        let over = match options.minutes {
            Some(minutes) => started.elapsed() >= Duration::from_secs(60 * minutes),
            None => n >= u64::from(options.episodes),
        };
        if over {
            println!("{n} episodes, {} of them unsound", unsound.len());
            break;
        }
        let seed = options.seed + n;
        let told = episode::play(seed, options.rate, &programs, &server).await?;
        println!("seed {seed}: {} trades, {}", grouped(told.trades), told.faults.join(", "));
        for problem in &told.problems {
            println!("  {problem}");
        }
        if let Some(kept) = told.kept {
            println!("  its record is in {}", kept.display());
            unsound.push(seed);
        }
    }
    ensure!(unsound.is_empty(), "the record does not account for everything with the seeds {unsound:?}");
    Ok(())
}
