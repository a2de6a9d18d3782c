//! One episode: what fails, and when.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use obs_sim::{Fault, SimSettings, Simulator};
use obs_testkit::{PostgresServer, TestDatabase};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::sleep;
use url::Url;

use super::{Programs, truth};

/// What became of an episode.
pub(crate) struct Told {
    pub(crate) trades: u64,
    pub(crate) faults: Vec<String>,
    pub(crate) problems: Vec<String>,
}

/// Plays an episode of some twenty seconds.
pub(crate) async fn play(seed: u64, rate: u32, programs: &Programs, server: &PostgresServer) -> anyhow::Result<Told> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (dir, database) = (tempfile::tempdir()?, TestDatabase::create_on(server).await?);
    let mut settings = SimSettings::new(Arc::new(chrono::Utc::now), seed);
    settings.market.trades_per_second = rate;
    let simulator = Simulator::start(settings).await?;
    let control = simulator.control();
    let mut collector = Running(start(&programs.collector, &simulator, database.url(), dir.path())?);
    let mut faults = Vec::new();
    sleep(Duration::from_secs(3)).await;
    for _ in 0..rng.random_range(5..10) {
        let (records, lasting) = (rng.random_range(1..20), Duration::from_millis(rng.random_range(500..4_000)));
        let fault = match rng.random_range(0..11) {
            0 => Fault::Drop,
            1 => Fault::Silence,
            2 => Fault::NetworkGone,
            3 => Fault::Garbage { text: "0|H0STCNT0|00x|".to_owned() },
            4 => Fault::Truncate { frames: 1 },
            5 => Fault::Duplicate { records },
            6 => Fault::Reorder { records },
            7 | 8 => Fault::Withhold { records },
            9 => {
                faults.push("killed".to_owned());
                collector.kill()?;
                sleep(lasting).await;
                collector = Running(start(&programs.collector, &simulator, database.url(), dir.path())?);
                continue;
            }
            _ => {
                faults.push("database gone".to_owned());
                let admin = take_away(&database).await?;
                sleep(lasting).await;
                give_back(&database, admin).await?;
                continue;
            }
        };
        faults.push(fault.to_string());
        control.inject(fault, lasting);
        sleep(lasting + Duration::from_millis(rng.random_range(0..2_000))).await;
    }
    // From here on nothing is sent any more. What was sent is on its way, and the last pause before a reconnect is five seconds.
    sleep(Duration::from_secs(8)).await;
    control.inject(Fault::Silence, Duration::ZERO);
    sleep(Duration::from_secs(1)).await;
    collector.interrupt()?;

    let mut problems = truth::compare(&simulator, dir.path())?;
    let verify = |arguments: &[&str]| -> anyhow::Result<(bool, String)> {
        let mut command = Command::new(&programs.backfill);
        command.env_clear().args(arguments).args(["--database-url", database.url(), "--data-dir"]).arg(dir.path());
        let output = command.stdin(Stdio::null()).output().context("backfill cannot be run")?;
        Ok((
            output.status.success(),
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat(),
        ))
    };
    // What the faults garbled is known, and accepted.
    let (acknowledged, said) = verify(&["rejects", "ack", "--all"])?;
    ensure!(acknowledged, "rejects cannot be acknowledged: {said}");
    let (sound, report) = verify(&["verify", "--hours", "always"])?;
    if !sound {
        problems.push(format!("verify finds the record unsound:\n{report}"));
    }
    let trades = simulator.ledger().total();
    simulator.stop().await;
    Ok(Told { trades, faults, problems })
}

/// The collector as a process, which ends with this value.
struct Running(Child);

impl Running {
    fn kill(&mut self) -> anyhow::Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(&mut self) -> anyhow::Result<()> {
        let pid = self.0.id().to_string();
        ensure!(Command::new("kill").args(["-s", "INT", &pid]).status()?.success(), "kill failed");
        let status = self.0.wait()?;
        ensure!(status.success(), "the collector ended with {status}");
        Ok(())
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
    command.args(["--json", "--universe", "none", "--hours", "always", "--liveness", "2s"]);
    command.args(["--symbols", &symbols.join(","), "--database-url", database, "--data-dir"]).arg(dir);
    command.args(["--kis-rest-url", &simulator.rest_url(), "--kis-websocket-url", &simulator.websocket_url()]);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

/// Takes a database away: its connections end and none is admitted. Returns a connection that can give it back.
async fn take_away(database: &TestDatabase) -> anyhow::Result<PgConnection> {
    let (name, mut admin) = (name_of(database)?, administrator(database).await?);
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS false")))
        .execute(&mut admin)
        .await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
        .bind(name)
        .execute(&mut admin)
        .await?;
    Ok(admin)
}

async fn give_back(database: &TestDatabase, mut admin: PgConnection) -> anyhow::Result<()> {
    let name = name_of(database)?;
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS true"))).execute(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// A connection to another database of the same server.
async fn administrator(database: &TestDatabase) -> anyhow::Result<PgConnection> {
    let mut url = Url::parse(database.url())?;
    url.set_path("postgres");
    Ok(PgConnection::connect(url.as_str()).await?)
}

fn name_of(database: &TestDatabase) -> anyhow::Result<String> {
    Ok(Url::parse(database.url())?.path().trim_start_matches('/').to_owned())
}
