//! Recording and loading, seen from outside, on both stores.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests fail and speak as tests do")]

mod alike;
mod attested;
mod batches;
mod flaky;
mod growth;
mod heads;
mod legacy;
mod live;
mod losses;
mod outage;
mod rebuild;
mod restart;
mod steps;
mod told;
mod two_loaders;
mod volumes;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{
    Bar, FeedChange, FeedEvent, FeedId, FeedSession, Gap, Price, QualityFlag, Quantity, SessionId, SwingBar, Symbol, Tick,
};
use obs_pipeline::{FileOutcome, FileSummary, LoadOptions, LoadSummary, Loader, archive_files};
use obs_schema::{Record, TickRecord, encode};
use obs_store::{Reject, SchemaRepository, Store, Table, TimeRange};
use obs_store_postgres::PostgresStore;
use obs_store_sqlite::SqliteStore;
use obs_testkit::TestDatabase;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

type Outcome = anyhow::Result<()>;

/// Runs a case on a fresh SQLite store and then on a fresh PostgreSQL store.
async fn on_both(case: impl AsyncFn(Arc<dyn Store>) -> Outcome) -> Outcome {
    let dir = tempfile::tempdir()?;
    let store = SqliteStore::open(dir.path().join("observer.db")).await?;
    store.migrate().await?;
    println!("on SQLite");
    case(Arc::new(store)).await?;

    let database = TestDatabase::create().await?;
    let store = PostgresStore::connect(database.url()).await?;
    store.migrate().await?;
    println!("on PostgreSQL");
    case(Arc::new(store)).await
}

/// All that a store holds, apart from row numbers.
struct Contents {
    ticks: Vec<Tick>,
    bars: Vec<Bar>,
    swing_bars: Vec<SwingBar>,
    gaps: Vec<Gap>,
    sessions: Vec<FeedSession>,
    rejects: Vec<Reject>,
    counts: Vec<(&'static str, u64)>,
}

impl Contents {
    /// Fails with the first difference, of which there may be thousands.
    fn assert_is(&self, expected: &Self) {
        fn same<T: PartialEq + std::fmt::Debug>(found: &[T], expected: &[T]) {
            let differs = found.iter().zip(expected).find(|(found, expected)| found != expected);
            assert!(differs.is_none(), "found and expected: {differs:#?}");
            assert_eq!(found.len(), expected.len());
        }
        same(&self.counts, &expected.counts);
        same(&self.rejects, &expected.rejects);
        same(&self.ticks, &expected.ticks);
        same(&self.gaps, &expected.gaps);
        same(&self.sessions, &expected.sessions);
        same(&self.swing_bars, &expected.swing_bars);
        same(&self.bars, &expected.bars);
    }
}

fn ever() -> TimeRange {
    let instant = |text: &str| text.parse().unwrap();
    TimeRange { from: instant("1900-01-01T00:00:00Z"), until: instant("2200-01-01T00:00:00Z") }
}

/// Reads table after table: of a store that nobody writes meanwhile.
async fn contents(store: &dyn Store) -> anyhow::Result<Contents> {
    let mut counts = Vec::new();
    for table in Table::ALL {
        counts.push((table.name(), store.count(table).await?));
    }
    let mut rejects = store.rejects(100_000).await?;
    rejects.sort_by(|one, other| (&one.path, one.byte_offset).cmp(&(&other.path, other.byte_offset)));
    let contents = Contents {
        ticks: store.ticks(ever(), None).await?,
        bars: store.bars(ever(), None).await?,
        swing_bars: store.swing_bars(ever(), None).await?,
        gaps: store.gaps(ever()).await?,
        sessions: store.feed_sessions(ever()).await?,
        rejects,
        counts,
    };
    let lengths = [
        ("scalp_ticks", contents.ticks.len()),
        ("scalp_1m_bars", contents.bars.len()),
        ("scalp_gaps", contents.gaps.len()),
        ("swing_bars_10m", contents.swing_bars.len()),
        ("feed_sessions", contents.sessions.len()),
        ("volume_breaks", store.volume_breaks(ever()).await?.len()),
        ("healed_1m_bars", store.healed_bars(ever(), None).await?.len()),
        ("load_rejects", contents.rejects.len()),
    ];
    assert_eq!(lengths.map(|(table, length)| (table, length as u64)).to_vec(), contents.counts);
    Ok(contents)
}

/// Loads everything below a folder with a new loader.
async fn load(store: &Arc<dyn Store>, dir: &Path) -> LoadSummary {
    load_with(store, dir, LoadOptions::default()).await
}

async fn load_with(store: &Arc<dyn Store>, dir: &Path, options: LoadOptions) -> LoadSummary {
    let (files, _) = archive_files(&[dir.to_path_buf()]).unwrap();
    Loader::new(Arc::clone(store), options).load(&files, &CancellationToken::new()).await
}

/// As [`load`], and every file must load to its end.
async fn load_all(store: &Arc<dyn Store>, dir: &Path) -> LoadSummary {
    let summary = load(store, dir).await;
    for file in &summary.files {
        assert!(matches!(file.outcome, FileOutcome::Complete), "{}: {:?}", file.path.display(), file.outcome);
    }
    summary
}

fn summary_of<'a>(summary: &'a LoadSummary, name: &str) -> &'a FileSummary {
    summary.files.iter().find(|file| file.path.ends_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// A folder with files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, content)| write(dir.path(), name, content));
    dir
}

fn write(dir: &Path, name: &str, content: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn append(dir: &Path, name: &str, content: &[u8]) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().append(true).open(dir.join(name)).unwrap();
    file.write_all(content).unwrap();
}

fn paths(dir: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| dir.join(name)).collect()
}

/// An instant of Thursday, 22 January 2026; the Korean market opens at 00:00 of it.
fn at(time: &str) -> DateTime<Utc> {
    format!("2026-01-22T{time}Z").parse().unwrap()
}

fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

fn session() -> SessionId {
    "run-1".parse().unwrap()
}

/// A trade in our own form, received a tenth of a second after it happened.
fn tick(code: &str, event_time: DateTime<Utc>, won: i64, shares: i64) -> Record {
    Record::Tick(TickRecord {
        received_at: event_time + TimeDelta::milliseconds(100),
        cumulative_volume: None,
        tick: Tick {
            symbol: symbol(code),
            event_time,
            last_price: Some(Price::from_won(won).unwrap()),
            volume: Some(Quantity::new(shares).unwrap()),
            bid_price: None,
            ask_price: Some(Price::from_won(won + 100).unwrap()),
            bid_size: None,
            ask_size: Some(Quantity::new(12).unwrap()),
            session_id: session(),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    })
}

fn event(nth: u32, at: DateTime<Utc>, change: FeedChange) -> Record {
    let feed_id = FeedId::nth_of(&session(), nth).unwrap();
    Record::Feed(FeedEvent { feed_id, session_id: session(), at, change })
}

fn subscribed(code: &str) -> FeedChange {
    FeedChange::Subscribed { symbol: symbol(code) }
}

/// Records as the lines of a file.
fn lines(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        encode(record, &mut bytes);
        bytes.push(b'\n');
    }
    bytes
}
