//! What a load did, for people and for machines.

use std::{collections::BTreeMap, fmt, time::Duration};

use obs_cli::{grouped, table};
use obs_pipeline::{FileOutcome, FileSummary, LoadSummary};
use obs_store::Table;
use serde::Serialize;

/// The summary of a load. Its JSON form is what `--json` prints.
#[derive(Serialize)]
pub(crate) struct Report {
    files: Vec<FileReport>,
    tables: BTreeMap<&'static str, TableReport>,
    /// Files beside the archive that were left alone.
    other_files: usize,
    seconds: f64,
}

#[derive(Serialize)]
struct FileReport {
    path: String,
    lines: u64,
    rows: u64,
    non_data: u64,
    rejects: u64,
    already_loaded: u64,
    non_data_kinds: BTreeMap<&'static str, u64>,
    reject_reasons: BTreeMap<&'static str, u64>,
    outcome: &'static str,
    error: Option<String>,
}

#[derive(Serialize)]
struct TableReport {
    inserted: u64,
    updated: u64,
}

impl Report {
    pub(crate) fn new(summary: &LoadSummary, other_files: usize, elapsed: Duration) -> Self {
        let tables = summary.tables();
        let of_table = |table: Table| {
            let count = tables.of(table);
            (table.name(), TableReport { inserted: count.inserted, updated: count.updated })
        };
        Self {
            files: summary.files.iter().map(FileReport::new).collect(),
            tables: Table::ALL.into_iter().map(of_table).collect(),
            other_files,
            seconds: elapsed.as_secs_f64(),
        }
    }

    /// What went wrong, a line each.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(|file| file.error.as_deref())
    }

    fn sum(&self, of: impl Fn(&FileReport) -> u64) -> u64 {
        self.files.iter().map(of).sum()
    }
}

impl FileReport {
    fn new(file: &FileSummary) -> Self {
        let (outcome, error) = match &file.outcome {
            FileOutcome::Complete => ("complete", None),
            FileOutcome::Interrupted => ("interrupted", None),
            FileOutcome::Failed(error) => ("failed", Some(chain(error))),
        };
        Self {
            path: file.path.display().to_string(),
            lines: file.lines(),
            rows: file.rows,
            non_data: file.non_data_lines(),
            rejects: file.rejected_lines(),
            already_loaded: file.already_loaded,
            non_data_kinds: file.non_data.iter().map(|(kind, lines)| (kind.as_str(), *lines)).collect(),
            reject_reasons: file.rejects.iter().map(|(reason, lines)| (reason.as_str(), *lines)).collect(),
            outcome,
            error,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = |file: &FileReport| [file.lines, file.rows, file.non_data, file.rejects, file.already_loaded];
        let row = |name: String, numbers: [u64; 5]| {
            let [lines, rows, non_data, rejects, before] = numbers.map(grouped);
            [name, lines, rows, non_data, rejects, before]
        };
        let mut rows: Vec<_> = self.files.iter().map(|file| row(name_of(file), numbers(file))).collect();
        if self.files.len() > 1 {
            let sums = [0, 1, 2, 3, 4].map(|column| self.sum(|file| numbers(file)[column]));
            rows.push(row(format!("all {} files", self.files.len()), sums));
        }
        writeln!(f, "{}", table(["File", "Lines", "Rows", "No data", "Rejected", "Loaded before"], rows))?;

        let touched = self.tables.iter().filter(|(_, count)| count.inserted + count.updated > 0);
        let rows = touched.map(|(name, count)| [(*name).to_owned(), grouped(count.inserted), grouped(count.updated)]);
        writeln!(f, "{}", table(["Table", "New rows", "Written again"], rows))?;

        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for (reason, lines) in self.files.iter().flat_map(|file| &file.reject_reasons) {
            *reasons.entry(reason).or_default() += lines;
        }
        if !reasons.is_empty() {
            let rows = reasons.into_iter().map(|(reason, lines)| [reason.to_owned(), grouped(lines)]);
            writeln!(f, "{}", table(["Rejected because", "Lines"], rows))?;
            writeln!(f, "The rejected lines are in the table load_rejects, with file, line number and offset.")?;
        }
        if self.other_files > 0 {
            writeln!(f, "{} other files lie beside the archive and were left alone.", grouped(self.other_files as u64))?;
        }
        let lines = self.sum(|file| file.rows + file.non_data + file.rejects);
        let rate = (lines as f64 / self.seconds.max(0.001)) as u64;
        write!(f, "{} lines in {:.1} s, {} lines/s", grouped(lines), self.seconds, grouped(rate))
    }
}

/// A file's name in a table: the end of its path, for that is where paths differ.
fn name_of(file: &FileReport) -> String {
    const WIDTH: usize = 44;
    let characters = file.path.chars().count();
    let mut name = file.path.clone();
    if characters > WIDTH {
        name = std::iter::once('…').chain(file.path.chars().skip(characters - WIDTH)).collect();
    }
    match file.outcome {
        "complete" => name,
        outcome => format!("{name} ({outcome})"),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    // Transparent errors repeat themselves as their own cause.
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}
