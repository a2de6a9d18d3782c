//! `cargo xtask bench allocate`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use obs_cli::table;
use serde::Deserialize;
use serde_json::Value;

use crate::workspace_root;

/// Allocates the same cases greedily.
const PEER: &str = include_str!("allocate.py");
/// How the peer's program ends where there is no PyPortfolioOpt.
const NO_PEER: i32 = 3;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The Python that has PyPortfolioOpt
    #[arg(long, default_value = "python3")]
    python: String,
}

/// A case of the bench of `obs-portfolio`.
#[derive(Deserialize)]
struct Case {
    name: String,
    symbols: u32,
    total: u64,
    seed: u64,
    /// The median and the longest time.
    ms: f64,
    slowest_ms: f64,
    /// How far from the optimum the answer can be, in won; `None` if it is proven optimal.
    gap: Option<String>,
    error: f64,
}

#[derive(Deserialize)]
struct Answer {
    error: f64,
    ms: f64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let inputs = ours()?;
    let mut cases = Vec::new();
    for input in &inputs {
        cases.push(Case::deserialize(input).context("the bench of obs-portfolio says something else than its cases")?);
    }
    let (shared, inputs): (Vec<&Case>, Vec<&Value>) =
        cases.iter().zip(&inputs).filter(|(_, input)| input.get("prices").is_some()).unzip();
    let rows = cases.iter().map(|case| {
        let proof = case.gap.as_ref().map_or_else(|| "optimal".to_owned(), |gap| format!("within {gap} won"));
        let [ms, slowest] = [case.ms, case.slowest_ms].map(|ms| format!("{ms:.2}"));
        [case.name.clone(), case.symbols.to_string(), case.total.to_string(), case.seed.to_string(), ms, slowest, proof]
    });
    println!("{}", table(["Case", "Symbols", "Won", "Seed", "Median ms", "Slowest ms", "Proof"], rows.collect::<Vec<_>>()));
    let Some(answers) = peer(options, &inputs)? else {
        eprintln!("{} has no PyPortfolioOpt: `pip install pyportfolioopt`, or name another with --python", options.python);
        return Ok(());
    };
    let rows = shared.iter().zip(&answers).map(|(case, answer)| {
        let numbers = [case.error, answer.error, answer.error / case.error, case.ms, answer.ms];
        let [ours, theirs, ratio, ms, peer_ms] = numbers.map(|number| format!("{number:.4}"));
        [case.symbols.to_string(), case.total.to_string(), case.seed.to_string(), ours, theirs, ratio, ms, peer_ms]
    });
    let heads = ["Symbols", "Won", "Seed", "Our error", "Greedy's", "Ratio", "Our ms", "Greedy's ms"];
    println!("{}", table(heads, rows.collect::<Vec<_>>()));
    ensure!(
        shared.iter().zip(&answers).all(|(case, answer)| case.error < answer.error),
        "the greedy allocation is at least as good in a case"
    );
    Ok(())
}

fn ours() -> anyhow::Result<Vec<Value>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_root()?).args(["bench", "--quiet", "--package", "obs-portfolio", "--bench", "allocate"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the bench of obs-portfolio failed");
    serde_json::from_slice(&output.stdout).context("the bench of obs-portfolio says something else than JSON")
}

/// What PyPortfolioOpt says, or nothing where there is none.
fn peer(options: &Options, inputs: &[&Value]) -> anyhow::Result<Option<Vec<Answer>>> {
    let mut python = Command::new(&options.python);
    let pipes = python.args(["-c", PEER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = pipes.spawn() else { return Ok(None) };
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early says why with its exit code.
        stdin.write_all(&serde_json::to_vec(inputs)?).ok();
    }
    let output = child.wait_with_output().context("cannot wait for the peer")?;
    match output.status.code() {
        Some(0) => Ok(Some(serde_json::from_slice(&output.stdout).context("the peer says something else than JSON")?)),
        Some(NO_PEER) => Ok(None),
        _ => bail!("the peer failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}
