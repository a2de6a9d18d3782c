//! Running the program, and looking at what it left.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use obs_cli::{Database, open_store};
use obs_store::{LineCounts, Position, Store, Table, TimeRange};

/// A load into a database, ready for more arguments. It sees no settings of whoever runs the tests.
pub fn backfill(database: &str) -> Command {
    subcommand("load", database)
}

/// Another task of the program with a database, ready for more arguments.
pub fn subcommand(name: &str, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backfill"));
    command.env_clear().args([name, "--database-url", database]).stdin(Stdio::null());
    command
}

pub fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that a load leaves in a store, but for row numbers and times of writing.
#[derive(Debug, PartialEq)]
pub struct Contents {
    counts: Vec<u64>,
    ticks: String,
    bars: String,
    positions: Vec<(u64, u64, LineCounts)>,
}

impl Contents {
    pub fn ticks(&self) -> u64 {
        self.counts[Table::ScalpTicks as usize]
    }
}

pub async fn open(database: &str) -> Arc<dyn Store> {
    open_store(&database.parse::<Database>().unwrap()).await.unwrap()
}

pub async fn contents(database: &str) -> Contents {
    let store = open(database).await;
    let always = TimeRange { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };
    let mut counts = Vec::new();
    for table in Table::ALL {
        counts.push(store.count(table).await.unwrap());
    }
    let ticks = store.ticks(always, None).await.unwrap();
    let bars = store.bars(always, None).await.unwrap();
    let place = |position: &Position| (position.byte_offset, position.line_number, position.lines);
    let mut positions: Vec<_> = store.positions().await.unwrap().iter().map(place).collect();
    positions.sort_unstable_by_key(|place| (place.0, place.1));
    Contents { counts, ticks: digest(&ticks), bars: digest(&bars), positions }
}

/// A digest over rows in their order, short enough to print when a test fails.
fn digest<T: std::fmt::Debug>(rows: &[T]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    rows.iter().for_each(|row| format!("{row:?}").hash(&mut hasher));
    format!("{} rows, {:016x}", rows.len(), hasher.finish())
}

pub fn sqlite(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("observer.db").display())
}
