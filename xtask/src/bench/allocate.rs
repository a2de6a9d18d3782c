//! `cargo xtask bench allocate`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use obs_cli::table;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::workspace_root;

/// Allocates the same cases greedily.
const PEER: &str = include_str!("allocate.py");
/// Finds their optimum in another way.
const SOLVER: &str = include_str!("allocate_optimum.py");
/// How such a program ends where Python lacks what it needs.
const NOT_THERE: i32 = 3;
/// What HiGHS calls whole is whole to a millionth, so that two optima differ by some won; a share of the portfolio.
const SAME: f64 = 1e-8;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The Python that has PyPortfolioOpt and SciPy
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

#[derive(Deserialize)]
struct Optimum {
    error: f64,
    bound: f64,
    is_proven: bool,
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
    beside_greedy(options, &shared, &inputs)?;
    beside_solver(options, &shared, &inputs)
}

fn beside_greedy(options: &Options, cases: &[&Case], inputs: &[&Value]) -> anyhow::Result<()> {
    let Some(answers) = ask::<Vec<Answer>>(&options.python, PEER, inputs)? else {
        eprintln!("{} has no PyPortfolioOpt: `pip install pyportfolioopt`, or name another with --python", options.python);
        return Ok(());
    };
    let rows = cases.iter().zip(&answers).map(|(case, answer)| {
        let numbers = [case.error, answer.error, answer.error / case.error, case.ms, answer.ms];
        let [ours, theirs, ratio, ms, peer_ms] = numbers.map(|number| format!("{number:.4}"));
        [case.symbols.to_string(), case.total.to_string(), case.seed.to_string(), ours, theirs, ratio, ms, peer_ms]
    });
    let heads = ["Symbols", "Won", "Seed", "Our error", "Greedy's", "Ratio", "Our ms", "Greedy's ms"];
    println!("{}", table(heads, rows.collect::<Vec<_>>()));
    ensure!(
        cases.iter().zip(&answers).all(|(case, answer)| case.error < answer.error),
        "the greedy allocation is at least as good in a case"
    );
    Ok(())
}

/// What we call optimal must be what an integer program finds.
fn beside_solver(options: &Options, cases: &[&Case], inputs: &[&Value]) -> anyhow::Result<()> {
    let Some(answers) = ask::<Vec<Optimum>>(&options.python, SOLVER, inputs)? else {
        eprintln!("{} has no SciPy: `pip install scipy`, or name another with --python", options.python);
        return Ok(());
    };
    let rows = cases.iter().zip(&answers).map(|(case, answer)| {
        let [ours, theirs, bound] = [case.error, answer.error, answer.bound].map(|error| format!("{error:.9}"));
        let proof = if answer.is_proven { "optimal" } else { "out of time" };
        let [symbols, seed] = [case.symbols.to_string(), case.seed.to_string()];
        [symbols, case.total.to_string(), seed, ours, theirs, bound, proof.to_owned()]
    });
    let heads = ["Symbols", "Won", "Seed", "Our error", "HiGHS's", "Its bound", "Its proof"];
    println!("{}", table(heads, rows.collect::<Vec<_>>()));
    for (case, answer) in cases.iter().zip(&answers) {
        let Case { symbols, total, seed, .. } = case;
        ensure!(case.error < answer.error + SAME, "HiGHS found a better one: {symbols} symbols, {total} won, seed {seed}");
        ensure!(
            case.gap.is_some() || case.error > answer.bound - SAME,
            "HiGHS proved more than our error: {symbols} symbols, {total} won, seed {seed}"
        );
    }
    Ok(())
}

fn ours() -> anyhow::Result<Vec<Value>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_root()?).args(["bench", "--quiet", "--package", "obs-portfolio", "--bench", "allocate"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the bench of obs-portfolio failed");
    serde_json::from_slice(&output.stdout).context("the bench of obs-portfolio says something else than JSON")
}

/// What a program in Python says to the cases, or nothing where Python lacks what it needs.
fn ask<T: DeserializeOwned>(python: &str, program: &str, inputs: &[&Value]) -> anyhow::Result<Option<T>> {
    let mut python = Command::new(python);
    let pipes = python.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = pipes.spawn() else { return Ok(None) };
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early says why with its exit code.
        stdin.write_all(&serde_json::to_vec(inputs)?).ok();
    }
    let output = child.wait_with_output().context("cannot wait for the peer")?;
    match output.status.code() {
        Some(0) => Ok(Some(serde_json::from_slice(&output.stdout).context("the peer says something else than JSON")?)),
        Some(NOT_THERE) => Ok(None),
        _ => bail!("the peer failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}
