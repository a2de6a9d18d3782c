//! `cargo xtask bench export`: how long a day of ticks takes to Parquet, in how much memory, and whether others read the same.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use obs_cli::{grouped, megabytes, table};
use obs_testkit::{GeneratedTicks, PostgresServer, TICK_COLUMNS, TestDatabase, generate_ticks};
use serde::Serialize;
use serde_json::Value;

use crate::programs::released;

/// The day of the generated ticks.
const DAY: &str = "2026-11-20";
/// The most memory that an export may take, in megabytes.
const MOST_MB: u64 = 200;
/// How often the memory is looked at. The system keeps the peak, so only what the last moment adds is missed.
const LOOK: Duration = Duration::from_millis(10);
/// Compares the files with the rows that were loaded.
const READER: &str = include_str!("export.py");
/// How the reader ends where there is none of its libraries.
const NO_LIBRARY: i32 = 3;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Ticks of the day
    #[arg(long, default_value_t = 1_000_000)]
    ticks: u32,
    /// Seed of the made-up day
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The Python that has pyarrow or DuckDB
    #[arg(long, default_value = "python3")]
    python: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Outcome {
    ticks: u32,
    exports: Vec<Export>,
}

#[derive(Serialize)]
struct Export {
    database: String,
    seconds: f64,
    peak_mb: u64,
    bytes: u64,
    /// The libraries that read what was loaded, row for row.
    readers: Option<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.ticks > 0, "there is nothing to measure with 0 ticks");
    let backfill = released("backfill")?;
    let dir = tempfile::tempdir()?;
    eprintln!("Writing an archive of {} ticks", grouped(u64::from(options.ticks)));
    let generated = generate_ticks(dir.path(), options.ticks, options.seed)?;
    let server = PostgresServer::start_durable_cluster().await?;
    let database = TestDatabase::create_on(&server).await?;
    let sqlite = format!("sqlite://{}", dir.path().join("observer.db").display());

    let mut exports = Vec::new();
    for (name, url) in [("SQLite", sqlite.as_str()), (server.origin(), database.url())] {
        eprintln!("Loading them into {name}, and exporting them");
        let mut load = Command::new(&backfill);
        load.args(["load", "--database-url", url]).arg(&generated.archive);
        let loaded = load.stdin(Stdio::null()).output().context("cannot run backfill load")?;
        ensure!(loaded.status.success(), "backfill load failed: {}", String::from_utf8_lossy(&loaded.stderr));
        let out = dir.path().join(format!("out-{}", exports.len()));
        exports.push(export(&backfill, name, url, &out, options, &generated)?);
    }
    let outcome = Outcome { ticks: options.ticks, exports };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    let most = outcome.exports.iter().map(|export| export.peak_mb).max().unwrap_or_default();
    ensure!(most < MOST_MB, "an export took {most} MB of memory, {MOST_MB} are allowed");
    Ok(())
}

fn export(
    backfill: &Path,
    name: &str,
    url: &str,
    out: &Path,
    options: &Options,
    generated: &GeneratedTicks,
) -> anyhow::Result<Export> {
    let mut command = Command::new(backfill);
    command.args(["export", "--json", "--table", "scalp_ticks", "--from", DAY, "--to", DAY, "--database-url", url]);
    command.arg("--out").arg(out).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let started = Instant::now();
    let mut child = command.spawn().context("cannot run backfill export")?;
    let peak_mb = peak_mb(&mut child)?;
    let seconds = started.elapsed().as_secs_f64();
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "backfill export failed");
    let report: Value = serde_json::from_slice(&output.stdout).context("backfill export says something else than JSON")?;
    let sum = &report["tables"][0];
    ensure!(sum["rows"].as_u64() == Some(u64::from(options.ticks)), "other rows than were loaded: {sum}");
    let bytes = sum["bytes"].as_u64().context("the files' size is not told")?;
    let readers = compare(&options.python, &out.join("scalp_ticks"), generated)?;
    Ok(Export { database: name.to_owned(), seconds, peak_mb, bytes, readers })
}

/// Waits until a program ends, and says how much memory it had at most. Its output must be short: nobody reads it meanwhile.
fn peak_mb(child: &mut Child) -> anyhow::Result<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or_default());
        thread::sleep(LOOK);
    }
    ensure!(peak > 0, "the program's memory is not known");
    Ok(peak.div_ceil(1_000))
}

/// Which libraries read the rows that were loaded; none where there is no such library.
fn compare(python: &str, folder: &Path, generated: &GeneratedTicks) -> anyhow::Result<Option<String>> {
    let script = generated.csv.with_file_name("reader.py");
    fs::write(&script, READER).context("cannot write the reader")?;
    let mut command = Command::new(python);
    command.arg(script).arg(folder).arg(&generated.csv).arg(TICK_COLUMNS);
    let Ok(output) = command.stdin(Stdio::null()).output() else { return Ok(None) };
    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
        Some(NO_LIBRARY) => Ok(None),
        _ => bail!("the files hold other rows than were loaded: {}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

fn print(outcome: &Outcome) {
    let rows = outcome.exports.iter().map(|export| {
        let rate = grouped((f64::from(outcome.ticks) / export.seconds) as u64);
        let seconds = format!("{:.2}", export.seconds);
        [export.database.clone(), seconds, rate, format!("{} MB", export.peak_mb), megabytes(export.bytes)]
    });
    println!("A day of {} ticks to Parquet", grouped(u64::from(outcome.ticks)));
    println!("{}", table(["Database", "Seconds", "Rows/s", "Memory, at most", "File"], rows));
    match outcome.exports.first().and_then(|export| export.readers.as_deref()) {
        Some(readers) => println!("{readers} read every row as it was loaded."),
        None => println!("There is no Python with pyarrow or DuckDB to read the files: name one with --python."),
    }
}
