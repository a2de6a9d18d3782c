//! The collector put together: feed, recorder, loader, status line.

use std::{future::pending, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::Utc;
use indicatif::MultiProgress;
use obs_archive::WriterSettings;
use obs_cli::{FileSettings, SettingsArgs, prepare_store, stop_on_signal};
use obs_ingest_ws::{FeedItem, Settings as FeedSettings, WsFeed};
use obs_kis::KisClient;
use obs_model::SessionId;
use obs_pipeline::{Follower, Recorder, Recording};
use obs_schema::Record;
use tokio::sync::mpsc;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::{
    exchange::{Exchange, Options},
    folder,
    status::{self, Counts},
    summary::summary,
};

/// Items that may wait between two stages: some seconds of the busiest feed. A full channel slows the feed, it loses nothing.
const WAITING: usize = 8_192;

pub(crate) async fn run(
    settings: &SettingsArgs,
    exchange: &Options,
    duration: Option<Duration>,
    bars: &MultiProgress,
) -> anyhow::Result<ExitCode> {
    let settings = settings.resolve()?;
    let exchange = exchange.open(&settings.file).await?;
    let dir = folder::prepare(&settings.data_dir, exchange.simulator.is_some())?;
    let store = prepare_store(&settings.database).await?;
    let session_id = session(&exchange)?;
    let stop = stop_on_signal()?;

    let clock = Arc::new(Utc::now);
    let (recorder, repairs) = Recorder::open(&dir, writer_settings(&settings.file), exchange.hours, clock)?;
    for repair in &repairs {
        warn!("A crash had torn a line: {repair}");
    }
    let (records, received) = mpsc::channel(WAITING);
    let recording = recorder.start(received)?;
    let follower = Follower::new(Arc::clone(&store), &dir, &recording);

    let broker = KisClient::new(exchange.endpoints.clone(), exchange.credentials.clone())?;
    let seed = Uuid::new_v4().as_u64_pair().0;
    let feed_settings = FeedSettings { liveness: exchange.liveness, ..FeedSettings::default() };
    let feed = WsFeed::new(broker, exchange.symbols.clone(), session_id.clone(), feed_settings, Utc::now, seed)?;
    let counts = Counts { feed: feed.counters(), recorder: Arc::clone(&recording.stats), loader: follower.stats() };

    println!("Observer {}: {}", env!("CARGO_PKG_VERSION"), exchange.description);
    println!("  archive   {}", dir.display());
    println!("  database  {}", store.name());
    println!("  session   {session_id}, {} symbols", exchange.symbols.len());
    println!("Ctrl-C ends it.");

    let started = tokio::time::Instant::now();
    let (items, heard) = mpsc::channel(WAITING);
    let feed = tokio::spawn(feed.run(items, stop.clone()));
    let forwarding = tokio::spawn(forward(heard, records));
    let loading = tokio::spawn(follower.run());
    let line = status::show(counts.clone(), bars);

    let time_is_up = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => pending().await,
        }
    };
    let ending = Ending::watch(recording, forwarding, loading);
    tokio::pin!(ending);
    // A stage that ends by itself failed; the others are told to stop and finish what they have.
    let early = tokio::select! {
        () = stop.cancelled() => None,
        () = time_is_up => None,
        outcome = &mut ending => Some(outcome),
    };
    stop.cancel();
    let ended = match early {
        Some(outcome) => outcome,
        None => ending.await,
    };
    let listened = feed.await.context("the feed died")?;
    line.abort();
    bars.clear().context("cannot clear the status line")?;
    if let Some(simulator) = exchange.simulator {
        simulator.stop().await;
    }

    println!("{}", summary(&counts, started.elapsed()));
    let failures = [listened.err().map(anyhow::Error::from), ended.recording, ended.loading];
    let mut code = ExitCode::SUCCESS;
    for failure in failures.into_iter().flatten() {
        eprintln!("collector: {failure:#}");
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

/// A name for this run. Simulated runs say so in every row.
fn session(exchange: &Exchange) -> anyhow::Result<SessionId> {
    let kind = if exchange.simulator.is_some() { "sim" } else { "obs" };
    Ok(SessionId::new(&format!("{kind}-{}", Uuid::new_v4().simple()))?)
}

fn writer_settings(file: &FileSettings) -> WriterSettings {
    let default = WriterSettings::default();
    WriterSettings {
        fsync_interval: file.fsync_interval_ms.map_or(default.fsync_interval, Duration::from_millis),
        fsync_bytes: file.fsync_bytes.unwrap_or(default.fsync_bytes),
    }
}

/// Hands on what is a record. Ends when the feed has ended or the recorder takes no more.
async fn forward(mut heard: mpsc::Receiver<FeedItem>, records: mpsc::Sender<Record>) {
    while let Some(item) = heard.recv().await {
        let record = match item {
            FeedItem::Tick(tick) => Record::Tick(tick),
            FeedItem::Feed(event) => Record::Feed(event),
            FeedItem::Rejected(frame) => {
                warn!(reason = %frame.reason, sample = frame.sample, "A frame gave nothing");
                continue;
            }
        };
        if records.send(record).await.is_err() {
            return;
        }
    }
}

/// How recording and loading ended.
struct Ending {
    recording: Option<anyhow::Error>,
    loading: Option<anyhow::Error>,
}

impl Ending {
    /// Waits for the recorder and then for the loader, which follows it to the end. A loader that fails does not end the
    /// recording: the archive is the record, and a later run loads what is missing.
    async fn watch(
        recording: Recording,
        forwarding: tokio::task::JoinHandle<()>,
        mut loading: tokio::task::JoinHandle<Result<(), obs_pipeline::LoadError>>,
    ) -> Self {
        let recorded = recording.ended();
        tokio::pin!(recorded);
        let mut loaded = None;
        let recording = tokio::select! {
            outcome = &mut recorded => outcome.err(),
            outcome = &mut loading => {
                let failure = outcome.map_err(anyhow::Error::from).and_then(|loaded| loaded.map_err(anyhow::Error::from)).err();
                if let Some(failure) = &failure {
                    error!(error = format!("{failure:#}"), "Loading has stopped; recording goes on, and a later run loads the rest");
                }
                loaded = Some(failure);
                recorded.await.err()
            }
        };
        info!("Recording has ended");
        forwarding.abort();
        let loading = match loaded {
            Some(failure) => failure,
            None => loading.await.map_err(anyhow::Error::from).and_then(|loaded| loaded.map_err(anyhow::Error::from)).err(),
        };
        Self { recording: recording.map(anyhow::Error::from), loading }
    }
}
