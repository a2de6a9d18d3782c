//! The repositories.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use obs_model::{Bar, Coverage, FeedSession, Gap, KST, MigrationEntry, SwingBar, Symbol, Tick};

use crate::{
    AccountRepository, Batch, Committed, DayVolume, Derived, Digest, LedgerEntry, PageRepository, PortfolioRepository,
    Position, QueryRepository, Rebuilt, Reject, RejectSelection, StoreError, Table,
};

/// The instants `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
}

impl TimeRange {
    /// A day in Korea, from midnight to midnight: trading days are such.
    #[must_use]
    pub fn of_day(day: NaiveDate) -> Self {
        let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(KST).single();
        let from = midnight.map_or(DateTime::<Utc>::MIN_UTC, |midnight| midnight.to_utc());
        Self { from, until: from.checked_add_signed(TimeDelta::days(1)).unwrap_or(DateTime::<Utc>::MAX_UTC) }
    }
}

/// Everything that a store can do.
pub trait Store:
    SchemaRepository
    + LoadRepository
    + TickRepository
    + BarRepository
    + GapRepository
    + AccountRepository
    + QueryRepository
    + PageRepository
    + PortfolioRepository
{
    /// What people call it: engine and place, without a password.
    fn name(&self) -> &str;
}

/// The schema and its history.
#[async_trait]
pub trait SchemaRepository: Send + Sync {
    /// Runs the migrations that have not run yet and returns their names. Safe to repeat, and to run twice at once.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a schema newer than this program; otherwise when the store cannot.
    async fn migrate(&self) -> Result<Vec<String>, StoreError>;

    /// The names of all migrations that this program knows, in order.
    fn known_migrations(&self) -> Vec<&'static str>;

    /// What ran, in order. Empty for a database without a schema.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn applied_migrations(&self) -> Result<Vec<MigrationEntry>, StoreError>;

    /// Whether the schema is the one this program knows.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when it is not.
    async fn check_schema(&self) -> Result<(), StoreError>;
}

/// Writing: batches, and the positions that make them exactly-once.
#[async_trait]
pub trait LoadRepository: Send + Sync {
    /// Commits a batch, all of it or nothing.
    ///
    /// A power failure of the store may take back the last commits, whole and in order, until [`LoadRepository::settle`] was
    /// called: positions go back with their rows, and the archive still holds the lines.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the file's position is not where the batch starts. After any error nothing was written,
    /// except that a lost connection during the commit leaves the outcome open: ask for the position.
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError>;

    /// Begins to commit a batch: does as much of the work as needs no knowledge of whether the batches before it were
    /// committed. Until [`Staged::commit`] nothing of it can be seen.
    ///
    /// So the next batch can be staged while this one commits, and a server works without a pause. Ticks get their row
    /// numbers here: stage one batch after the other, in their order.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot; nothing was written then.
    async fn stage(&self, batch: Batch) -> Result<Box<dyn Staged>, StoreError>;

    /// Returns when everything that was committed before survives a power failure.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot promise it.
    async fn settle(&self) -> Result<(), StoreError>;

    /// How far the file with this first line was loaded.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn position(&self, head: Digest) -> Result<Option<Position>, StoreError>;

    /// All positions, by path.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn positions(&self) -> Result<Vec<Position>, StoreError>;

    /// The cumulative volumes of a trading day, as far as they were loaded.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn day_volumes(&self, day: NaiveDate) -> Result<Vec<DayVolume>, StoreError>;

    /// The reject ledger, oldest first, at most `limit` rows.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn rejects(&self, limit: u32) -> Result<Vec<Reject>, StoreError> {
        let entries = self.ledger(&RejectSelection::default(), limit).await?;
        Ok(entries.into_iter().map(|entry| entry.reject).collect())
    }

    /// Rows of the reject ledger with their history, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn ledger(&self, selection: &RejectSelection, limit: u32) -> Result<Vec<LedgerEntry>, StoreError>;

    /// How many rows of the reject ledger nobody has acknowledged.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn unacknowledged(&self) -> Result<u64, StoreError>;

    /// Acknowledges rows of the reject ledger and returns how many; those that were acknowledged before stay as they are.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot; nothing was written then.
    async fn acknowledge(&self, selection: &RejectSelection) -> Result<u64, StoreError>;

    /// How many rows a table has.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn count(&self, table: Table) -> Result<u64, StoreError>;
}

/// A batch that is half committed. Dropping it takes it back.
#[async_trait]
pub trait Staged: Send {
    /// Commits the batch, all of it or nothing, behind those that were committed before.
    ///
    /// # Errors
    /// As [`LoadRepository::commit`].
    async fn commit(self: Box<Self>) -> Result<Committed, StoreError>;
}

/// Ticks.
#[async_trait]
pub trait TickRepository: Send + Sync {
    /// The ticks of a range, of one symbol or of all, by event time and then in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. An unknown symbol is not an error.
    async fn ticks(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, StoreError>;

    /// The event time of the newest tick.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn newest_tick(&self) -> Result<Option<DateTime<Utc>>, StoreError>;
}

/// One-minute and ten-minute bars.
#[async_trait]
pub trait BarRepository: Send + Sync {
    /// The one-minute bars that start in a range, of one symbol or of all, by symbol and time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError>;

    /// The one-minute bars of the minutes that start in a range, of one symbol or of all, by symbol and time: aggregated from
    /// its ticks and attestations, as `obs-aggregate` defines them. Nothing is written, and stored bars play no part. All bars are
    /// in memory at once, ticks an hour at a time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn aggregate(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError>;

    /// How much of each minute that starts in a range was observed of a symbol, by time, also of those without a tick: worked
    /// out by the database from its ticks and attestations.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. An unknown symbol is not an error.
    async fn coverage(&self, range: TimeRange, symbol: Symbol) -> Result<Vec<(DateTime<Utc>, Coverage)>, StoreError>;

    /// Makes the stored one-minute bars and gaps of some time those that are given, in one transaction: writes what is missing or
    /// differs, removes what should not be there, and leaves alone what is right. Bars that came as records stay as they are.
    /// With `dry_run` it only tells what it would do.
    ///
    /// Who loads the same time meanwhile may write some of them again.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot; nothing was written then.
    async fn rebuild(&self, derived: &Derived, dry_run: bool) -> Result<Rebuilt, StoreError>;

    /// The ten-minute bars that start in a range, of one symbol or of all, by symbol and time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn swing_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SwingBar>, StoreError>;
}

/// Gaps, and the attestations that tell silence from loss.
#[async_trait]
pub trait GapRepository: Send + Sync {
    /// The gaps that touch a range, by start, each with its symbols in their order and when those were back.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn gaps(&self, range: TimeRange) -> Result<Vec<Gap>, StoreError>;

    /// The attested stretches that touch a range, by feed, symbol and start.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn feed_sessions(&self, range: TimeRange) -> Result<Vec<FeedSession>, StoreError>;
}
