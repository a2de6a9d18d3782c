//! A run of the collector, with what people see of it.

use std::{future::pending, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use indicatif::MultiProgress;
use obs_archive::WriterSettings;
use obs_cli::{FileSettings, SettingsArgs, prepare_store, stop_on_signal};
use obs_ingest_rest::Settings as PollSettings;
use obs_ingest_ws::{SlotSettings, TriggerSettings};
use obs_model::SessionId;
use uuid::Uuid;

use collector::{Collector, Setup};

use crate::{
    folder, notify,
    options::{Exchange, Options},
    serve::{Known, ServeOptions},
    status,
    summary::{self, Summary},
};

/// What `sysexits.h` calls a configuration error: another start would end in the same way, so a service manager must not try.
const MISCONFIGURED: u8 = 78;

pub(crate) async fn run(
    settings: &SettingsArgs,
    options: &Options,
    serve: &ServeOptions,
    duration: Option<Duration>,
    json: bool,
    bars: &MultiProgress,
) -> anyhow::Result<ExitCode> {
    let settings = settings.resolve()?;
    let exchange = options.open(&settings).await?;
    let dir = folder::prepare(&settings.data_dir, !exchange.is_real)?;
    let store = prepare_store(&settings.database).await?;
    let door = serve.open(&settings.file.api).await?;
    let read_store = serve.read_store().await?;
    let session_id = session(&exchange)?;
    let stop = stop_on_signal()?;
    let Exchange {
        broker,
        clock,
        calendar,
        watch_list,
        universe,
        universe_settings,
        feed,
        heals,
        names,
        description,
        simulator,
        is_real,
    } = exchange;
    if !json {
        println!("Observer {}: {description}", env!("CARGO_PKG_VERSION"));
        println!("  archive   {}", dir.display());
        println!("  database  {}", store.name());
        if let Some(door) = &door {
            println!("  HTTP      http://{}", door.address);
        }
        println!("  session   {session_id}, {} symbols on the watch list", watch_list.len());
        println!("Ctrl-C ends it.");
    }
    let slots = SlotSettings { keys: broker.keys.len(), ..SlotSettings::default() };
    let known = Known {
        store: read_store.unwrap_or_else(|| Arc::clone(&store)),
        clock: clock.clone(),
        names: names.clone(),
        is_real,
        dir: dir.clone(),
        stop: stop.clone(),
    };
    let setup = Setup {
        dir,
        writer: writer_settings(&settings.file, clock.speed()),
        guards: settings.file.guards,
        store,
        session_id,
        broker,
        clock,
        calendar,
        watch_list,
        universe,
        universe_settings,
        poll: PollSettings::default(),
        feed,
        heals,
        slots,
        triggers: TriggerSettings::default(),
        names,
        seed: Uuid::new_v4().as_u64_pair().0,
    };
    let (started, market_clock) = (tokio::time::Instant::now(), setup.clock.clone());
    let collector = Collector::start(setup, stop.clone())?;
    let counts = collector.counts();
    let serving = door.map(|door| door.serve(known.api(&collector)));
    let line = status::show(counts.clone(), market_clock, bars);
    let telling = tokio::spawn(notify::keep_telling(stop.clone()));

    let time_is_up = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => pending().await,
        }
    };
    let ended = collector.ended();
    tokio::pin!(ended);
    let early = tokio::select! {
        () = stop.cancelled() => None,
        () = time_is_up => None,
        outcome = &mut ended => Some(outcome),
    };
    stop.cancel();
    let outcome = match early {
        Some(outcome) => outcome,
        None => ended.await,
    };
    line.abort();
    telling.await.context("telling the service manager failed")?;
    if let Some(serving) = serving {
        serving.await.context("the interface over HTTP failed")?;
    }
    bars.clear().context("cannot clear the status line")?;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    let summary = Summary::of(&counts, started.elapsed());
    if json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!("{}", summary::table_of(&summary));
    }
    for failure in &outcome.failures {
        eprintln!("collector: {failure:#}");
    }
    Ok(match outcome.refused {
        Some(refused) => {
            eprintln!("collector: {refused:#}");
            ExitCode::from(MISCONFIGURED)
        }
        None if outcome.failures.is_empty() => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    })
}

/// A name for this run. Simulated runs say so in every row.
fn session(exchange: &Exchange) -> anyhow::Result<SessionId> {
    let kind = if exchange.is_real { "obs" } else { "sim" };
    Ok(SessionId::new(&format!("{kind}-{}", Uuid::new_v4().simple()))?)
}

/// How the archive is written. Its clock may run fast, and the disk does not.
fn writer_settings(file: &FileSettings, speed: u32) -> WriterSettings {
    let default = WriterSettings::default();
    WriterSettings {
        fsync_interval: file.fsync_interval_ms.map_or(default.fsync_interval, Duration::from_millis) * speed,
        fsync_bytes: file.fsync_bytes.unwrap_or(default.fsync_bytes),
    }
}
