//! `backfill rebuild`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::bail;
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::{SettingsArgs, grouped, open_store, table};
use obs_model::Symbol;
use obs_pipeline::Rebuilder;
use obs_schema::Decoder;
use obs_store::{Rebuilt, Rewritten};
use serde::Serialize;

use crate::verify::files;

#[derive(Args)]
pub(crate) struct Options {
    /// Folders and files of the archive [default: the data folder, and whatever else was loaded and is still there]
    #[arg(value_name = "DIR")]
    paths: Vec<PathBuf>,
    /// First trading day, such as 2026-01-22
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// Last trading day
    #[arg(long, value_name = "DAY")]
    to: NaiveDate,
    /// One symbol, whose bars are made again; all without it
    #[arg(long, value_name = "CODE")]
    symbol: Option<Symbol>,
    /// What to make them of
    #[arg(long, value_enum, default_value_t = Source::Store)]
    source: Source,
    /// The zone that the archive was loaded with, if one was named
    #[arg(long, value_name = "ZONE")]
    assume_tz: Option<Tz>,
    /// Change nothing, and say what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// Bars, of the stored ticks and attestations
    Store,
    /// Bars and gaps, of the archive's ticks, feed events and gap lines
    Archive,
}

/// What was done. Its JSON form is what `--json` prints.
#[derive(Serialize)]
struct Report {
    store: String,
    source: Source,
    dry_run: bool,
    bars: Counts,
    /// `None` if gaps were not looked at.
    gaps: Option<Counts>,
}

#[derive(Serialize)]
struct Counts {
    written: u64,
    unchanged: u64,
    removed: u64,
}

/// Makes the rows of each day again in a transaction of its own, so that an interrupted run leaves whole days.
pub(crate) async fn run(options: &Options, settings: &SettingsArgs, bars: &MultiProgress) -> anyhow::Result<ExitCode> {
    let days: Vec<NaiveDate> = options.from.iter_days().take_while(|day| *day <= options.to).collect();
    if days.is_empty() {
        bail!("--to {} lies before --from {}", options.to, options.from);
    }
    if options.source == Source::Store && !options.paths.is_empty() {
        bail!("folders are read with --source archive only");
    }
    let settings = settings.resolve()?;
    let store = open_store(&settings.database).await?;
    store.check_schema().await?;
    let rebuilder = match options.source {
        Source::Store => Rebuilder::from_store(Arc::clone(&store)),
        Source::Archive => {
            let files = files(&options.paths, &settings.data_dir, &*store).await?;
            let decoder = options.assume_tz.map_or_else(Decoder::default, Decoder::assuming);
            eprintln!("Reading {} files", grouped(files.len() as u64));
            Rebuilder::from_archive(Arc::clone(&store), files, decoder).await?
        }
    };
    let bar = bars.add(ProgressBar::new(days.len() as u64));
    let style = ProgressStyle::with_template("{bar:40.cyan/blue} {pos}/{len} days  {elapsed_precise} ETA {eta_precise}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut sum = Rebuilt::default();
    for day in days {
        sum.merge(&rebuilder.day(day, options.symbol, options.dry_run).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let looks_at_gaps = options.source == Source::Archive && options.symbol.is_none();
    let report = Report {
        store: store.name().to_owned(),
        source: options.source,
        dry_run: options.dry_run,
        bars: Counts::new(sum.bars),
        gaps: looks_at_gaps.then(|| Counts::new(sum.gaps)),
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(ExitCode::SUCCESS)
}

impl Report {
    fn print(&self) {
        let row = |name: &str, counts: &Counts| {
            [name.to_owned(), grouped(counts.written), grouped(counts.unchanged), grouped(counts.removed)]
        };
        let gaps = self.gaps.iter().map(|counts| row("scalp_gaps", counts));
        let rows = std::iter::once(row("scalp_1m_bars", &self.bars)).chain(gaps);
        println!("{}", table(["Table", "Written", "Unchanged", "Removed"], rows));
        if self.dry_run {
            println!("Nothing was changed in {}: it was a dry run.", self.store);
        }
    }
}

impl Counts {
    const fn new(Rewritten { written, unchanged, removed }: Rewritten) -> Self {
        Self { written, unchanged, removed }
    }
}
