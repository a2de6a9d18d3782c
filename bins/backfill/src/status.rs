//! `backfill status`.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use chrono::{DateTime, Utc};
use clap::Args;
use obs_cli::{SettingsArgs, grouped, megabytes, open_store, table};
use obs_store::{Position, Table};
use serde::Serialize;

#[derive(Args)]
pub(crate) struct Options {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What is loaded. Its JSON form is what `--json` prints.
#[derive(Serialize)]
struct Status {
    store: String,
    files: Vec<FileStatus>,
    tables: BTreeMap<&'static str, u64>,
    newest_tick: Option<DateTime<Utc>>,
    rejects_waiting: u64,
}

#[derive(Serialize)]
struct FileStatus {
    path: String,
    lines: u64,
    rows: u64,
    rejects: u64,
    /// Bytes that are not loaded yet; `None` if the file is not where it was seen last.
    behind: Option<u64>,
}

pub(crate) async fn run(options: &Options, settings: &SettingsArgs) -> anyhow::Result<ExitCode> {
    let store = open_store(&settings.resolve()?.database).await?;
    store.check_schema().await?;
    let mut tables = BTreeMap::new();
    for table in Table::ALL {
        tables.insert(table.name(), store.count(table).await?);
    }
    let status = Status {
        store: store.name().to_owned(),
        files: store.positions().await?.into_iter().map(FileStatus::new).collect(),
        tables,
        newest_tick: store.newest_tick().await?,
        rejects_waiting: store.unacknowledged().await?,
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        status.print();
    }
    Ok(ExitCode::SUCCESS)
}

impl FileStatus {
    fn new(position: Position) -> Self {
        let length = std::fs::metadata(Path::new(&position.path)).map(|file| file.len()).ok();
        Self {
            lines: position.line_number,
            rows: position.lines.rows,
            rejects: position.lines.rejects,
            behind: length.map(|length| length.saturating_sub(position.byte_offset)),
            path: position.path,
        }
    }
}

impl Status {
    fn print(&self) {
        let rows = self.files.iter().map(|file| {
            let behind = match file.behind {
                None => "not there".to_owned(),
                Some(0) => "nothing".to_owned(),
                Some(bytes) => megabytes(bytes),
            };
            [file.path.clone(), grouped(file.lines), grouped(file.rows), grouped(file.rejects), behind]
        });
        println!("{}", table(["File", "Lines", "Rows", "Rejected", "Behind"], rows));
        let rows = self.tables.iter().map(|(name, rows)| [(*name).to_owned(), grouped(*rows)]);
        println!("{}", table(["Table", "Rows"], rows));
        if let Some(newest) = self.newest_tick {
            println!("The newest tick is of {}", newest.with_timezone(&obs_model::KST).to_rfc3339());
        }
        match self.rejects_waiting {
            0 => println!("No rejected line waits. Store: {}", self.store),
            waiting => {
                println!("{} rejected lines wait: see `backfill rejects list`. Store: {}", grouped(waiting), self.store)
            }
        }
    }
}
