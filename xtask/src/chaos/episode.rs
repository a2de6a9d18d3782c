//! One episode: what fails, and when.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use obs_sim::{Fault, SimSettings, Simulator};
use obs_testkit::{PostgresServer, TestDatabase};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    Programs,
    collector::Collector,
    database,
    machine::{DiskError, Machine},
    truth,
};

/// How long a database is gone for in every tenth episode.
const LONG_ABSENCE: Duration = Duration::from_secs(300);

/// What became of an episode.
pub(crate) struct Told {
    pub(crate) trades: u64,
    pub(crate) faults: Vec<String>,
    pub(crate) problems: Vec<String>,
    /// Where its record was left, if there are problems.
    pub(crate) kept: Option<PathBuf>,
}

/// What fails.
enum Misfortune {
    /// Something at the broker or on the way to it.
    Broker(Fault),
    Disk(DiskError),
    /// The collector is killed.
    Kill,
    /// The machine loses its power, and the database with it.
    Power,
    DatabaseGone,
    DatabaseCrash,
    /// The clock is set by so many seconds.
    Clock(i64),
}

/// Plays an episode of about half a minute.
pub(crate) async fn play(seed: u64, rate: u32, programs: &Programs, server: &PostgresServer) -> anyhow::Result<Told> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (dir, database) = (tempfile::tempdir()?, TestDatabase::create_on(server).await?);
    let log = dir.path().join("collector.log");
    std::fs::create_dir(dir.path().join("data"))?;
    let mut machine = Machine::new(&programs.machine, &dir.path().join("data"))?;
    let mut settings = SimSettings::new(Arc::new(chrono::Utc::now), seed);
    settings.market.trades_per_second = rate;
    let simulator = Simulator::start(settings).await?;
    let mut collector = Collector::new(&programs.collector, &simulator, database.url());
    collector.start(&machine, &log)?;
    sleep(Duration::from_secs(3)).await;

    let mut faults = Vec::new();
    for nth in 0..rng.random_range(6..12) {
        let misfortune = if nth == 0 && seed.is_multiple_of(10) { Misfortune::DatabaseGone } else { draw(&mut rng) };
        let mut lasting = Duration::from_millis(rng.random_range(500..4_000));
        match misfortune {
            Misfortune::Broker(fault) => {
                faults.push(fault.to_string());
                simulator.control().inject(fault, lasting);
                sleep(lasting).await;
            }
            Misfortune::Disk(error) => {
                faults.push(error.to_string());
                machine.set_disk(Some(error))?;
                sleep(lasting).await;
                machine.set_disk(None)?;
            }
            Misfortune::Kill => {
                faults.push("killed".to_owned());
                collector.kill()?;
                sleep(lasting).await;
            }
            Misfortune::Power => {
                // Something is always just being written, or this would seldom lose anything.
                machine.set_sync_time(lasting)?;
                sleep(Duration::from_millis(300)).await;
                collector.kill()?;
                machine.set_sync_time(Duration::ZERO)?;
                database::crash(&database).await?;
                faults.push(format!("power lost, {} bytes with it", machine.lose_power(&mut rng)?));
                sleep(lasting).await;
            }
            Misfortune::DatabaseGone => {
                if seed.is_multiple_of(10) && nth == 0 {
                    lasting = LONG_ABSENCE;
                }
                faults.push(format!("database gone for {} s", lasting.as_secs_f64().round()));
                let admin = database::take_away(&database).await?;
                sleep(lasting).await;
                database::give_back(&database, admin).await?;
            }
            Misfortune::DatabaseCrash => {
                faults.push("database crashed".to_owned());
                database::crash(&database).await?;
            }
            Misfortune::Clock(seconds) => {
                faults.push(format!("clock wrong by {seconds} s"));
                machine.set_clock(TimeDelta::seconds(seconds))?;
            }
        }
        // A disk that fails ends it.
        collector.start(&machine, &log)?;
        sleep(Duration::from_millis(rng.random_range(0..2_000))).await;
    }
    // From here on nothing is sent any more. What was sent is on its way, and the last pause before a reconnect is five seconds.
    sleep(Duration::from_secs(8)).await;
    simulator.control().inject(Fault::Silence, Duration::ZERO);
    sleep(Duration::from_secs(1)).await;
    collector.interrupt()?;

    let mut problems = truth::compare(&simulator, &machine)?;
    // What the faults garbled is known, and accepted.
    let (acknowledged, said) = backfill(&programs.backfill, &machine, &database, &["rejects", "ack", "--all"])?;
    ensure!(acknowledged, "rejects cannot be acknowledged: {said}");
    let (sound, report) = backfill(&programs.backfill, &machine, &database, &["verify", "--hours", "always"])?;
    if !sound {
        problems.push(format!("verify finds the record unsound:\n{report}"));
    }
    let trades = simulator.ledger().total();
    drop(collector);
    simulator.stop().await;
    let kept = (!problems.is_empty()).then(|| TempDir::keep(dir));
    Ok(Told { trades, faults, problems, kept })
}

fn draw(rng: &mut ChaCha8Rng) -> Misfortune {
    let records = rng.random_range(1..20);
    match rng.random_range(0..18) {
        0 => Misfortune::Broker(Fault::Drop),
        1 => Misfortune::Broker(Fault::Silence),
        2 => Misfortune::Broker(Fault::NetworkGone),
        3 => Misfortune::Broker(Fault::Garbage { text: "0|H0STCNT0|00x|".to_owned() }),
        4 => Misfortune::Broker(Fault::Truncate { frames: 1 }),
        5 => Misfortune::Broker(Fault::Duplicate { records }),
        6 => Misfortune::Broker(Fault::Reorder { records }),
        7 | 8 => Misfortune::Broker(Fault::Withhold { records }),
        9 => Misfortune::Disk(DiskError::Full),
        10 => Misfortune::Disk(DiskError::Write),
        11 => Misfortune::Disk(DiskError::Sync),
        12 => Misfortune::Kill,
        13 | 14 => Misfortune::Power,
        15 => Misfortune::DatabaseGone,
        16 => Misfortune::DatabaseCrash,
        _ => Misfortune::Clock(rng.random_range(-90..=90)),
    }
}

/// Runs the backfill program on the record; whether it succeeded, and what it said.
fn backfill(
    program: &Path,
    machine: &Machine,
    database: &TestDatabase,
    arguments: &[&str],
) -> anyhow::Result<(bool, String)> {
    let mut command = Command::new(program);
    command.env_clear().args(arguments).args(["--database-url", database.url(), "--data-dir"]).arg(&machine.dir);
    let output = command.stdin(Stdio::null()).output().context("backfill cannot be run")?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok((output.status.success(), said))
}
