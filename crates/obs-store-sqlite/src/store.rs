//! Opening.

use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{
    Bar, Coverage, FeedSession, Gap, HealedBar, MigrationEntry, PortfolioSnapshot, SwingBar, Symbol, Tick, VolumeBreak,
};
use obs_store::{
    AccountRepository, BarRepository, Batch, Committed, DayVolume, Derived, Digest, GapRepository, LedgerEntry,
    LoadRepository, PageOf, PageRepository, Position, QueryRepository, Rebuilt, RejectSelection, SchemaRepository,
    SourcedBar, Staged, Store, StoreError, SymbolCoverage, Table, TickRepository, TimeRange,
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    account, aggregate, bars, commit, error::Failure, feeds, gaps, ledger, pages, portfolio, position, queries, rebuild,
    schema, ticks,
};

/// How long a call may wait for its turn, and for other processes that use the file.
const DEADLINE: Duration = Duration::from_secs(5);
/// Readers do not wait for the writer, but each holds a file handle and a thread.
const READERS: u32 = 4;

/// A store in one SQLite file. Dropping it closes the file.
pub struct SqliteStore {
    /// SQLite has one writer at a time, so there is one connection for it, and calls queue for it here.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) path: PathBuf,
    name: String,
}

impl SqliteStore {
    /// Opens a file; makes it and its folder if they are not there.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the file cannot be opened or is none of SQLite's; [`StoreError::Full`] if there is no room for
    /// it; [`StoreError::Unavailable`] if another process holds it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let name = format!("SQLite {}", path.display());
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(|error| cannot_make_folder(&name, error))?;
        }

        let options = SqliteConnectOptions::new().filename(path).busy_timeout(DEADLINE).foreign_keys(true);
        // With a write-ahead log NORMAL syncs at checkpoints, not at every commit. A power failure may then take back the last
        // commits, but each whole: the loading position goes back with its rows, and they are loaded again from the archive.
        // The portfolio's record has no archive behind it; `commit::begin_durable` asks for more.
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let lasting = || SqlitePoolOptions::new().acquire_timeout(DEADLINE).idle_timeout(None).max_lifetime(None);
        let writer = lasting().max_connections(1).connect_with(writing).await;
        let writer = writer.map_err(|error| Failure::Engine(error).explain(&name, "opening the file"))?;
        let readers = lasting().max_connections(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { writer, readers, path: path.to_owned(), name })
    }

    pub(crate) fn explained<T>(&self, doing: &'static str, result: Result<T, Failure>) -> Result<T, StoreError> {
        result.map_err(|failure| failure.explain(&self.name, doing))
    }
}

fn cannot_make_folder(store: &str, error: std::io::Error) -> StoreError {
    let store = store.to_owned();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::ReadOnlyFilesystem | ErrorKind::QuotaExceeded => {
            StoreError::Full { store, reason: error.to_string() }
        }
        _ => StoreError::Failed { store, doing: "making its folder", source: Box::new(error) },
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl SchemaRepository for SqliteStore {
    async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.explained("migrating", schema::migrate(&self.writer, &self.name).await)
    }

    fn known_migrations(&self) -> Vec<&'static str> {
        schema::known()
    }

    async fn applied_migrations(&self) -> Result<Vec<MigrationEntry>, StoreError> {
        self.explained("reading the migration log", schema::applied(&self.readers).await)
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.explained("checking the schema", schema::check(&self.readers, &self.name).await)
    }
}

#[async_trait]
impl LoadRepository for SqliteStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.explained("committing a batch", commit::commit(&self.writer, batch).await)
    }

    async fn stage(&self, batch: Batch) -> Result<Box<dyn Staged>, StoreError> {
        Ok(Box::new(StagedBatch { writer: self.writer.clone(), batch, store: self.name.clone() }))
    }

    async fn settle(&self) -> Result<(), StoreError> {
        self.explained("waiting for the disk", commit::settle(&self.writer).await)
    }

    async fn position(&self, head: Digest) -> Result<Option<Position>, StoreError> {
        self.explained("reading a loading position", position::position(&self.readers, head).await)
    }

    async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.explained("reading the loading positions", position::positions(&self.readers).await)
    }

    async fn day_volumes(&self, day: NaiveDate) -> Result<Vec<DayVolume>, StoreError> {
        self.explained("reading day volumes", ledger::day_volumes(&self.readers, day).await)
    }

    async fn ledger(&self, selection: &RejectSelection, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        self.explained("reading the reject ledger", ledger::entries(&self.readers, selection, limit).await)
    }

    async fn unacknowledged(&self) -> Result<u64, StoreError> {
        self.explained("counting rejects", ledger::unacknowledged(&self.readers).await)
    }

    async fn acknowledge(&self, selection: &RejectSelection) -> Result<u64, StoreError> {
        self.explained("acknowledging rejects", ledger::acknowledge(&self.writer, selection).await)
    }

    async fn count(&self, table: Table) -> Result<u64, StoreError> {
        self.explained("counting rows", ledger::count(&self.readers, table).await)
    }
}

/// A batch that waits for its turn: SQLite has one writer, so there is nothing to do before.
struct StagedBatch {
    writer: SqlitePool,
    batch: Batch,
    store: String,
}

#[async_trait]
impl Staged for StagedBatch {
    async fn commit(self: Box<Self>) -> Result<Committed, StoreError> {
        let committed = commit::commit(&self.writer, &self.batch).await;
        committed.map_err(|failure| failure.explain(&self.store, "committing a batch"))
    }
}

#[async_trait]
impl TickRepository for SqliteStore {
    async fn ticks(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, StoreError> {
        self.explained("reading ticks", ticks::ticks(&self.readers, range, symbol).await)
    }

    async fn newest_tick(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.explained("reading the newest tick", ticks::newest(&self.readers).await)
    }
}

#[async_trait]
impl BarRepository for SqliteStore {
    async fn bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.explained("reading bars", bars::bars(&self.readers, range, symbol).await)
    }

    async fn aggregate(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.explained("aggregating ticks", aggregate::aggregate(&self.readers, range, symbol).await)
    }

    async fn coverage(&self, range: TimeRange, symbol: Symbol) -> Result<Vec<(DateTime<Utc>, Coverage)>, StoreError> {
        self.explained("working out coverage", aggregate::coverage(&self.readers, range, symbol).await)
    }

    async fn rebuild(&self, derived: &Derived, dry_run: bool) -> Result<Rebuilt, StoreError> {
        self.explained("making bars again", rebuild::rebuild(&self.writer, derived, dry_run).await)
    }

    async fn swing_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading swing bars", bars::swing_bars(&self.readers, range, symbol).await)
    }
}

#[async_trait]
impl GapRepository for SqliteStore {
    async fn gaps(&self, range: TimeRange) -> Result<Vec<Gap>, StoreError> {
        self.explained("reading gaps", gaps::gaps(&self.readers, range).await)
    }

    async fn feed_sessions(&self, range: TimeRange) -> Result<Vec<FeedSession>, StoreError> {
        self.explained("reading feed sessions", feeds::sessions(&self.readers, range).await)
    }
}

#[async_trait]
impl AccountRepository for SqliteStore {
    async fn volume_breaks(&self, range: TimeRange) -> Result<Vec<VolumeBreak>, StoreError> {
        self.explained("reading volume breaks", account::breaks(&self.readers, range).await)
    }

    async fn healed_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, StoreError> {
        self.explained("reading healed bars", account::healed(&self.readers, range, symbol).await)
    }

    async fn bars_with_healing(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SourcedBar>, StoreError> {
        self.explained("reading bars with healing", account::with_healing(&self.readers, range, symbol).await)
    }
}

#[async_trait]
impl PageRepository for SqliteStore {
    async fn ticks_page(&self, page: PageOf<(DateTime<Utc>, i64)>) -> Result<Vec<(i64, Tick)>, StoreError> {
        self.explained("reading a page of ticks", pages::ticks(&self.readers, page).await)
    }

    async fn bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>, healed: bool) -> Result<Vec<SourcedBar>, StoreError> {
        self.explained("reading a page of bars", pages::bars(&self.readers, page, healed).await)
    }

    async fn swing_bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading a page of swing bars", pages::swing_bars(&self.readers, page).await)
    }

    async fn count_ticks(&self, range: TimeRange) -> Result<u64, StoreError> {
        self.explained("counting ticks of a range", pages::count_ticks(&self.readers, range).await)
    }
}

#[async_trait]
impl QueryRepository for SqliteStore {
    async fn last_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<Bar>, StoreError> {
        self.explained("reading the last bars", queries::last_bars(&self.readers, symbol, number).await)
    }

    async fn last_swing_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading the last swing bars", queries::last_swing_bars(&self.readers, symbol, number).await)
    }

    async fn latest_quotes(&self) -> Result<Vec<Tick>, StoreError> {
        self.explained("reading the latest quotes", queries::latest_quotes(&self.readers).await)
    }

    async fn coverage_by_symbol(&self, range: TimeRange) -> Result<Vec<SymbolCoverage>, StoreError> {
        self.explained("reading coverage by symbol", queries::coverage_by_symbol(&self.readers, range).await)
    }

    async fn latest_snapshot(&self) -> Result<Option<PortfolioSnapshot>, StoreError> {
        self.explained("reading the latest snapshot", portfolio::latest_snapshot(&self.readers).await)
    }
}
