//! `cargo xtask bench load`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use obs_cli::{Database, grouped, prepare_store, table};
use obs_testkit::{GeneratedTicks, PostgresServer, TICK_COLUMNS, TestDatabase, generate_ticks};
use serde::Serialize;
use sqlx::{Connection, PgConnection};

use crate::programs::released;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Lines of the archive
    #[arg(long, default_value_t = 1_000_000)]
    lines: u32,
    /// Rounds; each loads once in every way
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seed of the made-up day
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The ways to load.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Csv,
    Binary,
    Backfill,
}

#[derive(Serialize)]
struct Outcome {
    lines: u32,
    server: String,
    rounds: Vec<Round>,
    /// Median over the rounds of psql's time with CSV divided by ours: how many times as fast we are.
    csv_ratio: Spread,
    /// The same against psql with the binary format.
    binary_ratio: Spread,
}

#[derive(Serialize)]
struct Round {
    csv_seconds: f64,
    binary_seconds: f64,
    backfill_seconds: f64,
}

#[derive(Serialize)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.rounds > 0 && options.lines > 0, "there is nothing to measure with 0 rounds or lines");
    let backfill = released("backfill")?;
    let dir = tempfile::tempdir()?;
    eprintln!("Writing {} lines, as archive and as CSV", grouped(u64::from(options.lines)));
    let generated = generate_ticks(dir.path(), options.lines, options.seed)?;
    let server = PostgresServer::start_durable_cluster().await?;
    let binary = dir.path().join("ticks.bin");
    prepare_binary(&server, &generated.csv, &binary).await?;

    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let csv = measure(&server, Way::Csv, &generated, &binary, &backfill, options.lines).await?;
        let raw = measure(&server, Way::Binary, &generated, &binary, &backfill, options.lines).await?;
        let ours = measure(&server, Way::Backfill, &generated, &binary, &backfill, options.lines).await?;
        ensure!(csv.1 == ours.1, "the loaded rows differ from psql's");
        ensure!(csv.1 == raw.1, "psql's binary rows differ from its CSV rows");
        eprintln!("Round {number}: csv {:.2} s, binary {:.2} s, backfill {:.2} s", csv.0, raw.0, ours.0);
        rounds.push(Round { csv_seconds: csv.0, binary_seconds: raw.0, backfill_seconds: ours.0 });
    }
    let outcome = Outcome {
        lines: options.lines,
        server: server.origin().to_owned(),
        csv_ratio: spread(rounds.iter().map(|round| round.csv_seconds / round.backfill_seconds)),
        binary_ratio: spread(rounds.iter().map(|round| round.binary_seconds / round.backfill_seconds)),
        rounds,
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    Ok(())
}

fn print(outcome: &Outcome) {
    let row = |name: &str, of: fn(&Round) -> f64| {
        let seconds = spread(outcome.rounds.iter().map(of));
        let rate = f64::from(outcome.lines) / seconds.median;
        let number = |seconds: f64| format!("{seconds:.2}");
        [name.to_owned(), number(seconds.min), number(seconds.median), number(seconds.max), grouped(rate as u64)]
    };
    let rows = [
        row("psql \\copy csv", |round| round.csv_seconds),
        row("psql \\copy binary", |round| round.binary_seconds),
        row("backfill load", |round| round.backfill_seconds),
    ];
    println!("{} lines, all indexes, {}", grouped(u64::from(outcome.lines)), outcome.server);
    println!("{}", table(["Way", "Min s", "Median s", "Max s", "Rows/s"], rows));
    for (peer, ratio) in [("csv", &outcome.csv_ratio), ("binary", &outcome.binary_ratio)] {
        let Spread { min, median, max } = ratio;
        println!("backfill load is {median:.2} times as fast as psql \\copy {peer} ({min:.2} to {max:.2})");
    }
}

/// Loads into a fresh database and gives the seconds of the whole process and a digest of the rows.
async fn measure(
    server: &PostgresServer,
    way: Way,
    generated: &GeneratedTicks,
    binary: &Path,
    backfill: &Path,
    lines: u32,
) -> anyhow::Result<(f64, String)> {
    let database = TestDatabase::create_on(server).await?;
    migrate(&database).await?;
    let mut command = match way {
        Way::Csv => psql(database.url(), &copy("FROM", &generated.csv, "csv")),
        Way::Binary => psql(database.url(), &copy("FROM", binary, "binary")),
        Way::Backfill => {
            let mut command = Command::new(backfill);
            command.args(["load", "--json", "--database-url", database.url()]).arg(&generated.archive);
            command
        }
    };
    let started = Instant::now();
    run_quietly(&mut command)?;
    let seconds = started.elapsed().as_secs_f64();
    let (rows, digest) = digest(&database).await?;
    ensure!(rows == i64::from(lines), "{rows} rows of {lines} arrived");
    Ok((seconds, digest))
}

fn copy(direction: &str, file: &Path, format: &str) -> String {
    format!("\\copy scalp_ticks ({TICK_COLUMNS}) {direction} '{}' WITH (FORMAT {format})", file.display())
}

fn psql(url: &str, statement: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url, "--command", statement]);
    command
}

/// Writes the binary form of the CSV rows.
async fn prepare_binary(server: &PostgresServer, csv: &Path, binary: &Path) -> anyhow::Result<()> {
    let database = TestDatabase::create_on(server).await?;
    migrate(&database).await?;
    run_quietly(&mut psql(database.url(), &copy("FROM", csv, "csv")))?;
    let ordered = format!("(SELECT {TICK_COLUMNS} FROM scalp_ticks ORDER BY id)");
    run_quietly(&mut psql(database.url(), &format!("\\copy {ordered} TO '{}' WITH (FORMAT binary)", binary.display())))
}

async fn migrate(database: &TestDatabase) -> anyhow::Result<()> {
    prepare_store(&database.url().parse::<Database>()?).await?;
    Ok(())
}

/// The number of ticks, and a digest over all of them in order.
async fn digest(database: &TestDatabase) -> anyhow::Result<(i64, String)> {
    let mut connection = PgConnection::connect(database.url()).await?;
    let statement = "SELECT count(*), coalesce(md5(string_agg(md5(row_text), '' ORDER BY id)), '') FROM (SELECT id, \
         concat_ws(',', symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id, \
         mitigation_level, quality_flag) AS row_text FROM scalp_ticks) AS ticks";
    let answer = sqlx::query_as(statement).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(answer)
}

fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

pub(super) fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    Spread { min: at(0), median: at(sorted.len() / 2), max: at(sorted.len().saturating_sub(1)) }
}
