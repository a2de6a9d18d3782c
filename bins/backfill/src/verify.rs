//! `backfill verify`.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use indicatif::MultiProgress;
use obs_cli::{MarketDayAnswers, SettingsArgs, open_store};
use obs_model::{Calendar, Symbol};
use obs_pipeline::archive_files;
use obs_schema::Decoder;
use obs_store::Store;
use obs_verify::{Progress, Request, html, measure, verify};

use crate::progress;

mod text;

#[derive(Args)]
pub(crate) struct Options {
    /// Folders and files of the archive [default: the data folder, and whatever else was loaded and is still there]
    #[arg(value_name = "DIR")]
    paths: Vec<PathBuf>,
    /// First trading day to look at, such as 2026-01-22
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last trading day to look at
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// One symbol to look at
    #[arg(long, value_name = "CODE")]
    symbol: Option<Symbol>,
    /// The zone that the archive was loaded with, if one was named
    #[arg(long, value_name = "ZONE")]
    assume_tz: Option<Tz>,
    /// When the market was open
    #[arg(long, value_enum, default_value_t = Hours::Krx)]
    hours: Hours,
    /// Time the questions that people ask most, each so many times [default: 200]
    #[arg(long, value_name = "ROUNDS", num_args = 0..=1, require_equals = true, default_missing_value = "200")]
    queries: Option<u32>,
    /// Print the report as JSON; docs/VERIFY.md describes it
    #[arg(long)]
    json: bool,
    /// Write the report with charts as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The calendar behind the sessions.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Hours {
    /// The sessions of KRX
    Krx,
    /// A market that never closes, as the demo's
    Always,
}

pub(crate) async fn run(options: &Options, settings: &SettingsArgs, bars: &MultiProgress) -> anyhow::Result<ExitCode> {
    let settings = settings.resolve()?;
    let store = open_store(&settings.database).await?;
    store.check_schema().await?;
    let files = files(&options.paths, &settings.data_dir, &*store).await?;
    let request = Request {
        files,
        decoder: options.assume_tz.map_or_else(Decoder::default, Decoder::assuming),
        calendar: match options.hours {
            Hours::Krx => calendar(&options.paths, &settings.data_dir),
            Hours::Always => Calendar::always(),
        },
        from: options.from,
        to: options.to,
        symbol: options.symbol,
    };
    let so_far = Arc::new(Progress::default());
    let shown = progress::show(Arc::clone(&so_far), bars);
    let report = verify(Arc::clone(&store), request, so_far).await;
    shown.abort();
    // The task ends at its next await; the bar is cleared with it.
    let _ = shown.await;
    bars.clear().context("cannot clear the progress bar")?;

    let mut report = report?;
    if let Some(rounds) = options.queries {
        report.queries = measure(&*store, rounds).await?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", text::Shown(&report));
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html(&report)).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("The page is {}", path.display());
    }
    Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// KRX's calendar, with what the collectors of the named folders or of the data folder learned of holidays.
fn calendar(named: &[PathBuf], data_dir: &Path) -> Calendar {
    let named = named.iter().map(PathBuf::as_path).filter(|path| path.is_dir());
    named.chain([data_dir]).fold(Calendar::krx(), |known, dir| MarketDayAnswers::read(dir).on_top_of(&known))
}

/// The files that were named, or those of the data folder and all that were loaded from elsewhere and are still there.
pub(crate) async fn files(named: &[PathBuf], data_dir: &Path, store: &dyn Store) -> anyhow::Result<Vec<PathBuf>> {
    if !named.is_empty() {
        return Ok(archive_files(named)?.0);
    }
    let loaded = store.positions().await?.into_iter().map(|position| PathBuf::from(position.path));
    let mut paths: Vec<PathBuf> = loaded.filter(|path| path.is_file()).collect();
    if data_dir.is_dir() {
        paths.push(data_dir.to_path_buf());
    }
    // The same file may have been loaded under another spelling of its path.
    let mut seen = HashSet::new();
    let is_new = |path: &PathBuf| path.canonicalize().map_or(true, |real| seen.insert(real));
    let mut files = archive_files(&paths)?.0;
    files.retain(is_new);
    Ok(files)
}
