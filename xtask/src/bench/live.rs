//! `cargo xtask bench live`: the collector under a steady stream, from socket to committed row.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use obs_cli::{grouped, table};
use obs_sim::{Fault, Ledger, SimSettings, Simulator};
use obs_testkit::{PostgresServer, TestDatabase};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

use crate::programs::released;

/// How long the last trades may take to the database once no more are sent.
const LAST_TRADES: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Trades a second
    #[arg(long, default_value_t = 2_000)]
    rate: u32,
    /// Minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Outcome {
    seconds: u64,
    ticks: u64,
    ticks_per_second: u64,
    /// Trades that the simulator handed to the socket and that are no rows.
    lost: i64,
    delay_p50_ms: u64,
    delay_p99_ms: u64,
    delay_max_ms: u64,
    /// Resident memory in the second quarter of the run, in the last one, and at most.
    rss_early_mb: u64,
    rss_late_mb: u64,
    rss_most_mb: u64,
    server: String,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let collector = released("collector")?;
    let server = PostgresServer::start_durable_cluster().await?;
    let database = TestDatabase::create_on(&server).await?;
    let dir = tempfile::tempdir()?;
    let mut settings = SimSettings::new(Arc::new(chrono::Utc::now), 1);
    settings.market.trades_per_second = options.rate;
    let simulator = Simulator::start(settings).await?;
    let mut child = Running(start(&collector, &simulator, database.url(), dir.path())?);

    eprintln!("{} trades a second for {} minutes", grouped(u64::from(options.rate)), options.minutes);
    let started = Instant::now();
    let mut resident = Vec::new();
    while started.elapsed() < Duration::from_secs(60 * options.minutes) {
        sleep(Duration::from_secs(1)).await;
        resident.push(resident_mb(child.0.id())?);
    }
    let seconds = started.elapsed().as_secs();
    // From here on nothing is sent any more; what was sent is on its way.
    simulator.control().inject(Fault::Silence, Duration::ZERO);
    let ledger = simulator.ledger();
    let ticks = arrived(&database, &ledger).await?;
    let summary = child.stop()?;
    let delivered = ledger.total();
    let differs = differing(&database, &ledger).await?;
    ensure!(differs.is_empty() || ticks != delivered, "the counts agree and the symbols' do not: {differs:?}");

    let number =
        |key: &str| summary[key].as_u64().with_context(|| format!("the collector's summary has no {key}: {summary}"));
    let part = |from: usize, to: usize| median(&resident[resident.len() * from / 4..resident.len() * to / 4]);
    let outcome = Outcome {
        seconds,
        ticks,
        ticks_per_second: ticks / seconds.max(1),
        lost: i64::try_from(delivered)? - i64::try_from(ticks)?,
        delay_p50_ms: number("delay_p50_ms")?,
        delay_p99_ms: number("delay_p99_ms")?,
        delay_max_ms: number("delay_max_ms")?,
        rss_early_mb: part(1, 2),
        rss_late_mb: part(3, 4),
        rss_most_mb: resident.iter().copied().max().unwrap_or_default(),
        server: server.origin().to_owned(),
    };
    simulator.stop().await;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    ensure!(outcome.lost == 0, "{} trades are no rows", outcome.lost);
    Ok(())
}

fn print(outcome: &Outcome) {
    let row = |name: &str, value: String| [name.to_owned(), value];
    let rows = [
        row("Trades committed", grouped(outcome.ticks)),
        row("Trades a second", grouped(outcome.ticks_per_second)),
        row("Trades lost", outcome.lost.to_string()),
        row("Socket to committed row, half", format!("{} ms", outcome.delay_p50_ms)),
        row("Socket to committed row, 99 of 100", format!("{} ms", outcome.delay_p99_ms)),
        row("Socket to committed row, at most", format!("{} ms", outcome.delay_max_ms)),
        row("Resident memory, second quarter", format!("{} MB", outcome.rss_early_mb)),
        row("Resident memory, last quarter", format!("{} MB", outcome.rss_late_mb)),
        row("Resident memory, at most", format!("{} MB", outcome.rss_most_mb)),
    ];
    println!("{} s on {}", outcome.seconds, outcome.server);
    println!("{}", table(["The collector", "Value"], rows));
}

/// The collector as a process, which ends with this value.
struct Running(Child);

impl Running {
    /// Ends it as Ctrl-C does, and returns what it said.
    fn stop(&mut self) -> anyhow::Result<Value> {
        let pid = self.0.id().to_string();
        ensure!(Command::new("kill").args(["-s", "INT", &pid]).status()?.success(), "kill failed");
        let mut said = String::new();
        let mut stdout = self.0.stdout.take().context("the collector has no output")?;
        std::io::Read::read_to_string(&mut stdout, &mut said)?;
        ensure!(self.0.wait()?.success(), "the collector failed");
        serde_json::from_str(&said).context("the collector's summary is no JSON")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(collector: &Path, simulator: &Simulator, database: &str, dir: &Path) -> anyhow::Result<Child> {
    let symbols: Vec<String> = simulator.listings().iter().map(|listing| listing.symbol.to_string()).collect();
    let mut command = Command::new(collector);
    command.env_clear().env("KIS_APP_KEY", simulator.app_key()).env("KIS_APP_SECRET", simulator.app_secret());
    command.args(["--json", "--universe", "none", "--symbols", &symbols.join(",")]);
    command.args(["--kis-rest-url", &simulator.rest_url(), "--kis-websocket-url", &simulator.websocket_url()]);
    // The simulated market trades around the clock.
    command.args(["--hours", "always", "--database-url", database, "--data-dir"]).arg(dir);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
}

fn resident_mb(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the collector has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("its memory is not known")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1_000)
}

/// Waits until the database holds what was sent, or for so long that it never will; returns how many ticks it holds.
async fn arrived(database: &TestDatabase, ledger: &Ledger) -> anyhow::Result<u64> {
    let mut connection = PgConnection::connect(database.url()).await?;
    let started = Instant::now();
    loop {
        let (rows,): (i64,) = sqlx::query_as("SELECT count(*) FROM scalp_ticks").fetch_one(&mut connection).await?;
        let rows = u64::try_from(rows)?;
        if rows == ledger.total() || started.elapsed() > LAST_TRADES {
            return Ok(rows);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// The symbols of which the database does not hold as many trades as were sent.
async fn differing(database: &TestDatabase, ledger: &Ledger) -> anyhow::Result<Vec<String>> {
    let mut connection = PgConnection::connect(database.url()).await?;
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT symbol, count(*) FROM scalp_ticks GROUP BY symbol").fetch_all(&mut connection).await?;
    let stored: BTreeMap<String, i64> = rows.into_iter().collect();
    let sent = ledger.delivered().into_iter().map(|(symbol, count)| (symbol.to_string(), count));
    let differs = sent.filter(|(symbol, count)| stored.get(symbol).copied() != i64::try_from(*count).ok());
    Ok(differs.map(|(symbol, count)| format!("{symbol} {count}")).collect())
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
