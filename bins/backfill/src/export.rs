//! `backfill export`.

use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::{SettingsArgs, grouped, open_store, stop_on_signal};
use obs_export::{Dataset, Format, Part, Rows, Written, part_path};
use obs_model::Symbol;
use obs_store::{Store, TimeRange};
use tokio_util::sync::CancellationToken;

use report::{FileReport, Report};

mod report;

/// How often a run that nobody watches on a terminal says how far it is.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// How many files that stand in the way are named.
const NAMED: usize = 5;
/// Stands for every table.
const ALL: &str = "all";

#[derive(Args)]
pub(crate) struct Options {
    /// Tables, apart by commas, or all
    #[arg(long, value_name = "NAME", required = true, value_delimiter = ',', value_parser = tables())]
    table: Vec<String>,
    /// First trading day, such as 2026-01-22, by the Korean calendar
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// Last trading day
    #[arg(long, value_name = "DAY")]
    to: NaiveDate,
    /// What to write
    #[arg(long, value_enum, default_value_t = FileFormat::Parquet)]
    format: FileFormat,
    /// The folder; the files lie in it as scalp_ticks/day=2026-01-22/part-0.parquet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these symbols, apart by commas
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    symbols: Vec<Symbol>,
    /// Replace files that are there, and remove those of days that have no rows any more
    #[arg(long)]
    overwrite: bool,
    /// Write nothing, and say what would be written
    #[arg(long)]
    dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values with a header
    Csv,
    /// A JSON object a line
    Jsonl,
    /// Arrow's IPC file format, also called Feather 2
    Arrow,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Parquet => Self::Parquet,
            FileFormat::Csv => Self::Csv,
            FileFormat::Jsonl => Self::JsonLines,
            FileFormat::Arrow => Self::Arrow,
        }
    }
}

/// A file that may have to be written: it is if the day has rows.
struct Planned {
    dataset: Dataset,
    day: NaiveDate,
    path: PathBuf,
    /// There is a file already.
    exists: bool,
}

/// What became of it. Without rows there is no file.
struct Done {
    written: Written,
    /// Whether it took a file's place, or removed one.
    replaced: bool,
}

/// Writes the days one after the other. A file has its name only when it is complete, so an interrupted run leaves whole days.
pub(crate) async fn run(options: &Options, settings: &SettingsArgs, bars: &MultiProgress) -> anyhow::Result<ExitCode> {
    let format = Format::from(options.format);
    let plan = plan(options, format)?;
    let settings = settings.resolve()?;
    let store = open_store(&settings.database).await?;
    store.check_schema().await?;
    let stop = stop_on_signal()?;
    let mut progress = Progress::new(plan.len(), bars);
    let started = Instant::now();
    let mut report = Report::new(store.name(), format, &options.out, options.dry_run);
    for planned in plan {
        let Some(done) = export(&*store, &planned, format, options, &stop, &mut progress).await? else {
            progress.clear();
            eprintln!("Interrupted. The days that are written are complete; run the same command again for all of them.");
            return Ok(ExitCode::from(130));
        };
        report.add(FileReport {
            table: planned.dataset.name(),
            day: planned.day,
            path: planned.path.display().to_string(),
            rows: done.written.rows,
            bytes: done.written.bytes,
            replaced: done.replaced,
        });
        progress.day();
    }
    progress.clear();
    report.seconds = started.elapsed().as_secs_f64();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of all tables and days; refused if one is there and must not be replaced.
fn plan(options: &Options, format: Format) -> anyhow::Result<Vec<Planned>> {
    if options.to < options.from {
        bail!("--to {} lies before --from {}", options.to, options.from);
    }
    let is_wanted = |dataset: &Dataset| options.table.iter().any(|name| name == ALL || name == dataset.name());
    let days = || options.from.iter_days().take_while(|day| *day <= options.to);
    let mut plan = Vec::new();
    for dataset in Dataset::ALL.into_iter().filter(is_wanted) {
        for day in days() {
            let path = part_path(&options.out, dataset, day, format);
            let exists = path.try_exists().with_context(|| format!("cannot look at {}", path.display()))?;
            plan.push(Planned { dataset, day, path, exists });
        }
    }
    let in_the_way: Vec<&Path> = plan.iter().filter(|file| file.exists).map(|file| file.path.as_path()).collect();
    if !in_the_way.is_empty() && !options.overwrite {
        let named: Vec<_> = in_the_way.iter().take(NAMED).map(|path| path.display().to_string()).collect();
        let more = match in_the_way.len() - named.len() {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        bail!("{}{more} exist already, and nothing was written: choose another --out, or say --overwrite", named.join(", "));
    }
    Ok(plan)
}

/// Writes a day of a table; `None` if it was interrupted.
async fn export(
    store: &dyn Store,
    planned: &Planned,
    format: Format,
    options: &Options,
    stop: &CancellationToken,
    progress: &mut Progress,
) -> anyhow::Result<Option<Done>> {
    let mut rows = Rows::new(store, planned.dataset, TimeRange::of_day(planned.day), &options.symbols);
    let mut part = None;
    let mut written = Written { rows: 0, bytes: 0 };
    loop {
        let piece = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(None),
            piece = rows.next() => piece?,
        };
        let Some(piece) = piece else { break };
        written.rows += piece.num_rows() as u64;
        progress.rows(piece.num_rows() as u64);
        if !options.dry_run {
            if part.is_none() {
                part = Some(Part::create(planned.path.clone(), planned.dataset, format)?);
            }
            if let Some(part) = &mut part {
                part.write(&piece)?;
            }
        }
    }
    if let Some(part) = part {
        written = part.finish(options.overwrite)?;
    } else if planned.exists && !options.dry_run {
        fs::remove_file(&planned.path).with_context(|| format!("cannot remove {}", planned.path.display()))?;
    }
    Ok(Some(Done { written, replaced: planned.exists }))
}

/// The names that `--table` takes.
fn tables() -> clap::builder::PossibleValuesParser {
    let names = Dataset::ALL.map(Dataset::name).into_iter().chain([ALL]);
    clap::builder::PossibleValuesParser::new(names)
}

/// How far it is: a bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
    rows: u64,
    /// When a line was printed last, where there is no terminal.
    told: Option<Instant>,
}

impl Progress {
    fn new(days: usize, bars: &MultiProgress) -> Self {
        let watched = std::io::stderr().is_terminal();
        let bar = if watched { bars.add(ProgressBar::new(days as u64)) } else { ProgressBar::hidden() };
        bar.set_length(days as u64);
        let style = "{bar:40.cyan/blue} {pos}/{len} days of tables  {msg}  {elapsed_precise} ETA {eta_precise}";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, rows: 0, told: (!watched).then(Instant::now) }
    }

    fn rows(&mut self, rows: u64) {
        self.rows += rows;
        self.bar.set_message(format!("{} rows", grouped(self.rows)));
        if let Some(told) = self.told.as_mut().filter(|told| told.elapsed() >= PLAIN_INTERVAL) {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            eprintln!("{} of {} days of tables, {} rows", grouped(done), grouped(all), grouped(self.rows));
            *told = Instant::now();
        }
    }

    fn day(&self) {
        self.bar.inc(1);
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
