//! `cargo xtask bench aggregate`.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use obs_cli::{grouped, table};
use serde::{Deserialize, Serialize};

use super::load::{Spread, spread};
use crate::workspace_root;

/// Ticks of the bench of `obs-aggregate`.
const TICKS: f64 = 10_000_000.0;
/// Times the same, and leaves its bars for comparison.
const PEER: &str = include_str!("aggregate.py");
/// How the peer's program ends where there is no Polars.
const NO_POLARS: i32 = 3;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rounds of Polars
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// The Python that has Polars
    #[arg(long, default_value = "python3")]
    python: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Outcome {
    /// Seconds that `obs-aggregate` takes, on one core.
    ours: Spread,
    /// Those of Polars, by its version, its way of asking and its number of threads.
    peers: Vec<Peer>,
}

#[derive(Serialize)]
struct Peer {
    name: String,
    seconds: Spread,
    /// Its median time divided by ours: how many times as fast we are.
    ratio: f64,
}

#[derive(Deserialize)]
struct Answer {
    version: String,
    threads: u32,
    seconds: BTreeMap<String, Vec<f64>>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.rounds > 0, "there is nothing to measure with 0 rounds");
    let dir = tempfile::tempdir()?;
    eprintln!("Aggregating {} ticks with obs-aggregate", grouped(TICKS as u64));
    let ours = spread(ours(dir.path())?.into_iter());
    let mut peers = Vec::new();
    for threads in [Some(1), None] {
        eprintln!("Aggregating them with Polars, {}", threads.map_or("on all cores", |_| "on one core"));
        let Some(answer) = peer(options, dir.path(), threads)? else {
            eprintln!(
                "{} has no Polars to compare with: `pip install polars`, or name another with --python",
                options.python
            );
            break;
        };
        peers.extend(answer.seconds.into_iter().map(|(way, seconds)| {
            let seconds = spread(seconds.into_iter());
            let name = format!("Polars {}, {way}, {} threads", answer.version, answer.threads);
            Peer { name, ratio: seconds.median / ours.median, seconds }
        }));
    }
    let outcome = Outcome { ours, peers };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    Ok(())
}

fn print(outcome: &Outcome) {
    let row = |name: &str, seconds: &Spread, ratio: f64| {
        let number = |number: f64| format!("{number:.3}");
        let rate = grouped((TICKS / seconds.median) as u64);
        let numbers = [seconds.min, seconds.median, seconds.max].map(number);
        let [min, median, max] = numbers;
        [name.to_owned(), min, median, max, rate, format!("{ratio:.2}")]
    };
    let peers = outcome.peers.iter().map(|peer| row(&peer.name, &peer.seconds, peer.ratio));
    let rows: Vec<_> = std::iter::once(row("obs-aggregate, one core", &outcome.ours, 1.0)).chain(peers).collect();
    println!("{}", table(["Who", "Min s", "Median s", "Max s", "Ticks/s", "Times ours"], rows));
    if !outcome.peers.is_empty() {
        println!("All of them make the same bars.");
    }
}

/// The seconds of the bench's rounds. It leaves ticks and bars in the folder.
fn ours(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_root()?).args([
        "bench",
        "--quiet",
        "--package",
        "obs-aggregate",
        "--bench",
        "minutes",
        "--",
    ]);
    let output = cargo.arg(folder).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the bench of obs-aggregate failed");
    serde_json::from_slice(&output.stdout).context("the bench of obs-aggregate says something else than its seconds")
}

/// What Polars says, or nothing where there is none.
fn peer(options: &Options, folder: &Path, threads: Option<u32>) -> anyhow::Result<Option<Answer>> {
    let script = folder.join("aggregate.py");
    fs::write(&script, PEER).context("cannot write the peer's program")?;
    let mut python = Command::new(&options.python);
    python.arg(&script).arg(folder).arg(options.rounds.to_string());
    if let Some(threads) = threads {
        python.env("POLARS_MAX_THREADS", threads.to_string());
    }
    let Ok(output) = python.output() else { return Ok(None) };
    match output.status.code() {
        Some(0) => {
            Ok(Some(serde_json::from_slice(&output.stdout).context("Polars' program says something else than JSON")?))
        }
        Some(NO_POLARS) => Ok(None),
        _ => bail!("Polars' program failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}
