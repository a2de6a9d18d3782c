//! Connecting.

use std::{fmt, str::FromStr, time::Duration};

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
    Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinHandle;

use crate::{
    account, aggregate, bars, commit, copy, error::Failure, feeds, gaps, ledger, pages, portfolio, position, queries,
    rebuild, schema, ticks,
};

/// How long connecting may take, and how long a call may wait for a connection.
const DEADLINE: Duration = Duration::from_secs(5);
/// One writer, a few readers, and one to spare; a server grants about a hundred to all its clients.
const CONNECTIONS: u32 = 5;

/// What we know better than the server's defaults, which are for disks that turn: random reads cost little more than others.
/// Compiling a statement takes longer than most of ours. Aggregating a day of ticks takes some tens of megabytes.
const TUNING: &str = "SET random_page_cost = 1.1; SET jit = off; SET work_mem = '64MB'";

/// A store on PostgreSQL 15 or newer. Dropping it closes its connections.
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    pub(crate) name: String,
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host:port/database`; what the address leaves out is as for `psql`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server does not answer within 5 s; [`StoreError::Failed`] if the address is none, or
    /// the server refuses the user, the password or the database. No error shows the password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let failed = |store: &str, doing, error| Failure::Engine(error).explain(store, doing);
        let options = PgConnectOptions::from_str(url).map_err(|error| failed("PostgreSQL", "reading its address", error))?;
        let name = name_of(&options);
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("observer"),
        };

        // A pool would try a refused connection again until the deadline, and then tell only that time is up.
        let first = async { PgConnection::connect_with(&options).await?.close().await };
        match tokio::time::timeout(DEADLINE, first).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(failed(&name, "connecting", error)),
            Err(_) => {
                let reason = format!("no answer within {} s; check its host, its port and the network", DEADLINE.as_secs());
                return Err(StoreError::Unavailable { store: name, reason, source: None });
            }
        }
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(DEADLINE)
            .after_connect(|connection, _| Box::pin(async { connection.execute(TUNING).await.map(drop) }))
            .connect_lazy_with(options);
        Ok(Self { pool, name })
    }

    pub(crate) fn explained<T>(&self, doing: &'static str, result: Result<T, Failure>) -> Result<T, StoreError> {
        result.map_err(|failure| failure.explain(&self.name, doing))
    }
}

/// What came of work that runs to its end also when nobody waits for it any more: the driver cannot go on with a connection that
/// was left in the middle of a `COPY` or of a `BEGIN`, and gives it to the next caller all the same.
pub(crate) async fn joined<T>(
    store: &str,
    doing: &'static str,
    work: JoinHandle<Result<T, Failure>>,
) -> Result<T, StoreError> {
    match work.await {
        Ok(result) => result.map_err(|failure| failure.explain(store, doing)),
        Err(error) => Err(StoreError::Failed { store: store.to_owned(), doing, source: Box::new(error) }),
    }
}

/// Engine and place, without user and password.
fn name_of(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("PostgreSQL {database} at {}", socket.display()),
        None => format!("PostgreSQL {database} at {}:{}", options.get_host(), options.get_port()),
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool knows the password.
        f.debug_struct("PostgresStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl SchemaRepository for PostgresStore {
    async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.explained("migrating", schema::migrate(&self.pool, &self.name).await)
    }

    fn known_migrations(&self) -> Vec<&'static str> {
        schema::known()
    }

    async fn applied_migrations(&self) -> Result<Vec<MigrationEntry>, StoreError> {
        self.explained("reading the migration log", schema::applied(&self.pool).await)
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.explained("checking the schema", schema::check(&self.pool, &self.name).await)
    }
}

#[async_trait]
impl LoadRepository for PostgresStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.stage(batch.clone()).await?.commit().await
    }

    async fn stage(&self, batch: Batch) -> Result<Box<dyn Staged>, StoreError> {
        // The row numbers fix the order of arrival. Behind that the ticks of several batches may go in at the same time.
        let ids = match batch.ticks.len() {
            0 => Vec::new(),
            ticks => self.explained("taking row numbers", copy::take_ids(&self.pool, ticks).await.map_err(Failure::from))?,
        };
        let pool = self.pool.clone();
        let begin = async move { commit::begin(&pool, &batch, &ids).await.map(|begun| (begun, batch)) };
        Ok(Box::new(StagedBatch { begun: tokio::spawn(begin), store: self.name.clone() }))
    }

    async fn settle(&self) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        let settle = tokio::spawn(async move { commit::settle(&pool).await });
        joined(&self.name, "waiting for the disk", settle).await
    }

    async fn position(&self, head: Digest) -> Result<Option<Position>, StoreError> {
        self.explained("reading a loading position", position::position(&self.pool, head).await)
    }

    async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.explained("reading the loading positions", position::positions(&self.pool).await)
    }

    async fn day_volumes(&self, day: NaiveDate) -> Result<Vec<DayVolume>, StoreError> {
        self.explained("reading day volumes", ledger::day_volumes(&self.pool, day).await)
    }

    async fn ledger(&self, selection: &RejectSelection, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        self.explained("reading the reject ledger", ledger::entries(&self.pool, selection, limit).await)
    }

    async fn unacknowledged(&self) -> Result<u64, StoreError> {
        self.explained("counting rejects", ledger::unacknowledged(&self.pool).await)
    }

    async fn acknowledge(&self, selection: &RejectSelection) -> Result<u64, StoreError> {
        self.explained("acknowledging rejects", ledger::acknowledge(&self.pool, selection).await)
    }

    async fn count(&self, table: Table) -> Result<u64, StoreError> {
        self.explained("counting rows", ledger::count(&self.pool, table).await)
    }
}

/// A batch whose ticks are being written.
struct StagedBatch {
    begun: JoinHandle<Result<(commit::Begun, Batch), Failure>>,
    store: String,
}

#[async_trait]
impl Staged for StagedBatch {
    async fn commit(self: Box<Self>) -> Result<Committed, StoreError> {
        let Self { begun, store } = *self;
        let (begun, batch) = joined(&store, "writing ticks", begun).await?;
        let finish = tokio::spawn(async move { begun.finish(&batch).await });
        joined(&store, "committing a batch", finish).await
    }
}

#[async_trait]
impl TickRepository for PostgresStore {
    async fn ticks(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, StoreError> {
        self.explained("reading ticks", ticks::ticks(&self.pool, range, symbol).await)
    }

    async fn newest_tick(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.explained("reading the newest tick", ticks::newest(&self.pool).await)
    }
}

#[async_trait]
impl BarRepository for PostgresStore {
    async fn bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.explained("reading bars", bars::bars(&self.pool, range, symbol).await)
    }

    async fn aggregate(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.explained("aggregating ticks", aggregate::aggregate(&self.pool, range, symbol).await)
    }

    async fn coverage(&self, range: TimeRange, symbol: Symbol) -> Result<Vec<(DateTime<Utc>, Coverage)>, StoreError> {
        self.explained("working out coverage", aggregate::coverage(&self.pool, range, symbol).await)
    }

    async fn rebuild(&self, derived: &Derived, dry_run: bool) -> Result<Rebuilt, StoreError> {
        let (pool, derived) = (self.pool.clone(), derived.clone());
        let rebuild = tokio::spawn(async move { rebuild::rebuild(&pool, &derived, dry_run).await });
        joined(&self.name, "making bars again", rebuild).await
    }

    async fn swing_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading swing bars", bars::swing_bars(&self.pool, range, symbol).await)
    }
}

#[async_trait]
impl GapRepository for PostgresStore {
    async fn gaps(&self, range: TimeRange) -> Result<Vec<Gap>, StoreError> {
        self.explained("reading gaps", gaps::gaps(&self.pool, range).await)
    }

    async fn feed_sessions(&self, range: TimeRange) -> Result<Vec<FeedSession>, StoreError> {
        self.explained("reading feed sessions", feeds::sessions(&self.pool, range).await)
    }
}

#[async_trait]
impl AccountRepository for PostgresStore {
    async fn volume_breaks(&self, range: TimeRange) -> Result<Vec<VolumeBreak>, StoreError> {
        self.explained("reading volume breaks", account::breaks(&self.pool, range).await)
    }

    async fn healed_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, StoreError> {
        self.explained("reading healed bars", account::healed(&self.pool, range, symbol).await)
    }

    async fn bars_with_healing(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SourcedBar>, StoreError> {
        self.explained("reading bars with healing", account::with_healing(&self.pool, range, symbol).await)
    }
}

#[async_trait]
impl PageRepository for PostgresStore {
    async fn ticks_page(&self, page: PageOf<(DateTime<Utc>, i64)>) -> Result<Vec<(i64, Tick)>, StoreError> {
        self.explained("reading a page of ticks", pages::ticks(&self.pool, page).await)
    }

    async fn bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>, healed: bool) -> Result<Vec<SourcedBar>, StoreError> {
        self.explained("reading a page of bars", pages::bars(&self.pool, page, healed).await)
    }

    async fn swing_bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading a page of swing bars", pages::swing_bars(&self.pool, page).await)
    }

    async fn count_ticks(&self, range: TimeRange) -> Result<u64, StoreError> {
        self.explained("counting ticks of a range", pages::count_ticks(&self.pool, range).await)
    }
}

#[async_trait]
impl QueryRepository for PostgresStore {
    async fn last_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<Bar>, StoreError> {
        self.explained("reading the last bars", queries::last_bars(&self.pool, symbol, number).await)
    }

    async fn last_swing_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, StoreError> {
        self.explained("reading the last swing bars", queries::last_swing_bars(&self.pool, symbol, number).await)
    }

    async fn latest_quotes(&self) -> Result<Vec<Tick>, StoreError> {
        self.explained("reading the latest quotes", queries::latest_quotes(&self.pool).await)
    }

    async fn coverage_by_symbol(&self, range: TimeRange) -> Result<Vec<SymbolCoverage>, StoreError> {
        self.explained("reading coverage by symbol", queries::coverage_by_symbol(&self.pool, range).await)
    }

    async fn latest_snapshot(&self) -> Result<Option<PortfolioSnapshot>, StoreError> {
        self.explained("reading the latest snapshot", portfolio::latest_snapshot(&self.pool).await)
    }
}
