//! `cargo xtask bench queries`: how long a full database takes for what people ask most.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use obs_cli::{Database, grouped, prepare_store, table};
use obs_testkit::{PostgresServer, TestDatabase, execute};
use serde::{Deserialize, Serialize};

use crate::programs::released;

/// Fills a migrated database; it asks for the setting `bench.ticks`.
const WEEK: &str = include_str!("queries.sql");

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Ticks of the week
    #[arg(long, default_value_t = 10_000_000)]
    ticks: u32,
    /// How often each question is asked
    #[arg(long, default_value_t = 1_000)]
    rounds: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Outcome {
    ticks: u32,
    server: String,
    queries: Vec<Query>,
}

/// A question, as `backfill verify --json` tells of it.
#[derive(Serialize, Deserialize)]
struct Query {
    question: String,
    rounds: u32,
    rows: u64,
    p50_ms: f64,
    p99_ms: f64,
}

/// The one part of the report that is read here.
#[derive(Deserialize)]
struct Report {
    queries: Vec<Query>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.ticks > 0 && options.rounds > 0, "there is nothing to measure with 0 ticks or rounds");
    let backfill = released("backfill")?;
    let server = PostgresServer::start_durable_cluster().await?;
    let database = TestDatabase::create_on(&server).await?;
    prepare_store(&database.url().parse::<Database>()?).await?;
    eprintln!("Making a week of {} ticks, which takes some minutes", grouped(u64::from(options.ticks)));
    execute(database.url(), &format!("SET bench.ticks = {}; {WEEK}", options.ticks)).await?;
    // As the server does by itself from time to time.
    execute(database.url(), "VACUUM ANALYZE").await?;

    let queries = ask(&backfill, &database, options.rounds)?;
    let outcome = Outcome { ticks: options.ticks, server: server.origin().to_owned(), queries };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    Ok(())
}

/// Lets `backfill verify` ask. What it says of the record is of no interest: these rows have no archive.
fn ask(backfill: &Path, database: &TestDatabase, rounds: u32) -> anyhow::Result<Vec<Query>> {
    let no_archive = tempfile::tempdir()?;
    let mut command = Command::new(backfill);
    command
        .args(["verify", "--json", &format!("--queries={rounds}"), "--database-url", database.url()])
        .arg(no_archive.path());
    let output = command.stdin(Stdio::null()).output().context("cannot run backfill")?;
    let report: Report = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("backfill verify failed: {}", String::from_utf8_lossy(&output.stderr)))?;
    let unanswered = report.queries.iter().find(|query| query.rows == 0);
    ensure!(!report.queries.is_empty() && unanswered.is_none(), "a question had no answer");
    Ok(report.queries)
}

fn print(outcome: &Outcome) {
    let row = |query: &Query| {
        let Query { question, rows, p50_ms, p99_ms, .. } = query;
        [question.clone(), grouped(*rows), format!("{p50_ms:.2}"), format!("{p99_ms:.2}")]
    };
    println!("{} ticks, {}", grouped(u64::from(outcome.ticks)), outcome.server);
    println!("{}", table(["Question", "Rows", "p50 ms", "p99 ms"], outcome.queries.iter().map(row)));
}
