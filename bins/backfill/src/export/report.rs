//! What an export wrote, for people and for machines.

use std::path::Path;

use chrono::NaiveDate;
use obs_cli::{grouped, megabytes, table};
use obs_export::Format;
use serde::Serialize;

/// How many files a dry run lists.
const LISTED: usize = 100;

/// The summary of an export. Its JSON form is what `--json` prints.
#[derive(Serialize)]
pub(super) struct Report {
    store: String,
    format: &'static str,
    out: String,
    dry_run: bool,
    tables: Vec<TableReport>,
    /// The files that were written; with a dry run those that would be.
    files: Vec<FileReport>,
    /// Files that were removed because their day has no rows any more.
    removed: Vec<String>,
    pub(super) seconds: f64,
}

#[derive(Serialize)]
struct TableReport {
    table: &'static str,
    /// Days with rows, and so files.
    days: u64,
    /// Days without rows, which have no file.
    empty_days: u64,
    rows: u64,
    bytes: u64,
}

/// A day of a table. A dry run does not know the bytes: it says 0.
#[derive(Serialize)]
pub(super) struct FileReport {
    pub(super) table: &'static str,
    pub(super) day: NaiveDate,
    pub(super) path: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// There was a file before.
    pub(super) replaced: bool,
}

impl Report {
    pub(super) fn new(store: &str, format: Format, out: &Path, dry_run: bool) -> Self {
        Self {
            store: store.to_owned(),
            format: format.name(),
            out: out.display().to_string(),
            dry_run,
            tables: Vec::new(),
            files: Vec::new(),
            removed: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Adds a day; the days of a table lie together.
    pub(super) fn add(&mut self, file: FileReport) {
        if self.tables.last().is_none_or(|last| last.table != file.table) {
            self.tables.push(TableReport { table: file.table, days: 0, empty_days: 0, rows: 0, bytes: 0 });
        }
        if let Some(sum) = self.tables.last_mut() {
            sum.days += u64::from(file.rows > 0);
            sum.empty_days += u64::from(file.rows == 0);
            sum.rows += file.rows;
            sum.bytes += file.bytes;
        }
        match (file.rows, file.replaced) {
            (0, true) => self.removed.push(file.path),
            (0, false) => {}
            _ => self.files.push(file),
        }
    }

    pub(super) fn print(&self) {
        if self.dry_run {
            for file in self.files.iter().take(LISTED) {
                let replaces = if file.replaced { ", instead of the file that is there" } else { "" };
                println!("{}: {} rows{replaces}", file.path, grouped(file.rows));
            }
            if self.files.len() > LISTED {
                println!("and {} more files", grouped((self.files.len() - LISTED) as u64));
            }
        }
        for path in &self.removed {
            let what = if self.dry_run { "would be removed" } else { "was removed" };
            println!("{path} {what}: its day has no rows");
        }
        let rows = self.tables.iter().map(|sum| {
            let bytes = if self.dry_run { String::new() } else { megabytes(sum.bytes) };
            [sum.table.to_owned(), grouped(sum.days), grouped(sum.empty_days), grouped(sum.rows), bytes]
        });
        println!("{}", table(["Table", "Days", "Empty days", "Rows", "Size"], rows));
        if self.dry_run {
            println!("Nothing was written: it was a dry run.");
        }
    }
}
