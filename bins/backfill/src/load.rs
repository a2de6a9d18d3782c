//! `backfill load`.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use chrono_tz::Tz;
use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use obs_cli::{SettingsArgs, grouped, megabytes, prepare_store, stop_on_signal};
use obs_pipeline::{LoadOptions, LoadProgress, Loader, archive_files};
use obs_schema::Decoder;
use tokio::task::JoinHandle;

use crate::report;

/// How often a load that nobody watches on a terminal says how far it is.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// How often the bar moves.
const BAR_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct Options {
    /// Folders, searched for *.jsonl, and files
    #[arg(required = true, value_name = "DIR")]
    paths: Vec<PathBuf>,
    /// Take times without an offset as local times of this zone, such as Asia/Seoul, instead of rejecting them
    #[arg(long, value_name = "ZONE")]
    assume_tz: Option<Tz>,
    /// Lines of one transaction
    #[arg(long, value_name = "LINES", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options, settings: &SettingsArgs, bars: &MultiProgress) -> anyhow::Result<ExitCode> {
    let settings = settings.resolve()?;
    let (files, others) = archive_files(&options.paths)?;
    if files.is_empty() {
        bail!("there is no *.jsonl file below {}; {others} other files lie there", shown(&options.paths));
    }
    let bytes = total_bytes(&files)?;
    let store = prepare_store(&settings.database).await?;
    let stop = stop_on_signal()?;
    let decoder = options.assume_tz.map_or_else(Decoder::default, Decoder::assuming);
    let load_options = LoadOptions { batch_lines: options.batch as usize, decoder, guards: settings.file.guards };
    let mut loader = Loader::new(Arc::clone(&store), load_options);

    eprintln!("Loading {} files ({}) into {}", grouped(files.len() as u64), megabytes(bytes), store.name());
    let progress = show_progress(loader.progress(), bytes, bars);
    let started = std::time::Instant::now();
    let summary = loader.load(&files, &stop).await;
    progress.abort();
    // The task ends at its next await; the bar is cleared with it.
    let _ = progress.await;
    bars.clear().context("cannot clear the progress bar")?;

    let report = report::Report::new(&summary, others, started.elapsed());
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if stop.is_cancelled() {
        eprintln!("Interrupted. Run the same command again to go on.");
        ExitCode::from(130)
    } else if summary.is_complete() {
        ExitCode::SUCCESS
    } else {
        for error in report.errors() {
            eprintln!("backfill: {error}");
        }
        eprintln!("What is committed stays. Run the same command again to go on.");
        ExitCode::FAILURE
    })
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn total_bytes(files: &[PathBuf]) -> anyhow::Result<u64> {
    let length = |path: &PathBuf| {
        std::fs::metadata(path).map(|file| file.len()).with_context(|| format!("cannot read {}", path.display()))
    };
    files.iter().map(length).sum()
}

/// Shows how far a load is until the task is aborted: a bar on a terminal, a line now and then elsewhere.
fn show_progress(progress: Arc<LoadProgress>, bytes: u64, bars: &MultiProgress) -> JoinHandle<()> {
    if !std::io::stderr().is_terminal() {
        return tokio::spawn(async move {
            loop {
                tokio::time::sleep(PLAIN_INTERVAL).await;
                let (done, lines) = (progress.bytes(), progress.lines());
                eprintln!("{} of {}, {} lines", megabytes(done), megabytes(bytes), grouped(lines));
            }
        });
    }
    let bar = bars.add(ProgressBar::new(bytes));
    let lines = Arc::clone(&progress);
    let style = ProgressStyle::with_template(
        "{bar:40.cyan/blue} {percent:>3}%  {bytes}/{total_bytes}  {lines}  {elapsed_precise} ETA {eta_precise}",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
        "lines",
        move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let per_second = (lines.lines() as f64 / state.elapsed().as_secs_f64().max(0.001)) as u64;
            let rejects = lines.rejects();
            let _ = write!(out, "{} lines ({}/s)", grouped(lines.lines()), grouped(per_second));
            if rejects > 0 {
                let _ = write!(out, ", {} rejected", grouped(rejects));
            }
        },
    ));
    tokio::spawn(async move {
        loop {
            bar.set_position(progress.bytes());
            tokio::time::sleep(BAR_INTERVAL).await;
        }
    })
}
