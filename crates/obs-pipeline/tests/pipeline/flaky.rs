//! A store that answers or fails as a test says.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{
    Bar, BrokerKind, Coverage, FeedSession, Gap, HealedBar, MigrationEntry, OrderId, PlanId, PlanStep, PolicyId,
    PolicyVersion, PortfolioPolicy, PortfolioPosition, PortfolioSnapshot, RebalanceOrder, RebalancePlan, SnapshotId,
    SwingBar, Symbol, Tick, VolumeBreak,
};
use obs_store::{
    AccountRepository, AppliedPolicy, BarRepository, Batch, Committed, DayVolume, Derived, Digest, ExecutionLock,
    GapRepository, LedgerEntry, LoadRepository, NewPlan, PageOf, PageRepository, PortfolioRepository, Position,
    QueryRepository, Rebuilt, RejectSelection, SchemaRepository, SourcedBar, Staged, Store, StoreError, StoredPlan,
    StoredPolicy, SymbolCoverage, Table, TickRepository, TimeRange,
};

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered.
    None,
    /// The store is away.
    Before,
    /// The store does it and its answer is lost.
    After,
}

/// Decides about a call by its name and number; calls of all names are counted together from 0.
type Plan = Box<dyn Fn(&'static str, u64) -> Fault + Send + Sync>;

/// A store with another one behind it.
pub(crate) struct Flaky {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

struct Faults {
    plan: Plan,
    calls: AtomicU64,
}

impl Flaky {
    pub(crate) fn over(
        inner: &Arc<dyn Store>,
        plan: impl Fn(&'static str, u64) -> Fault + Send + Sync + 'static,
    ) -> Arc<dyn Store> {
        let faults = Arc::new(Faults { plan: Box::new(plan), calls: AtomicU64::new(0) });
        Arc::new(Self { inner: Arc::clone(inner), faults })
    }

    async fn call<T>(&self, name: &'static str, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.faults.call(name, call).await
    }
}

impl Faults {
    async fn call<T>(&self, name: &'static str, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let away = || StoreError::Unavailable { store: "a test".to_owned(), reason: "it is away".to_owned(), source: None };
        match (self.plan)(name, self.calls.fetch_add(1, Ordering::SeqCst)) {
            Fault::None => call.await,
            Fault::Before => Err(away()),
            Fault::After => {
                call.await?;
                Err(away())
            }
        }
    }
}

/// A staged batch, whose commit counts as one.
struct FlakyStaged {
    inner: Box<dyn Staged>,
    faults: Arc<Faults>,
}

#[async_trait]
impl Staged for FlakyStaged {
    async fn commit(self: Box<Self>) -> Result<Committed, StoreError> {
        self.faults.call("commit", self.inner.commit()).await
    }
}

impl Store for Flaky {
    fn name(&self) -> &str {
        self.inner.name()
    }
}

#[async_trait]
impl SchemaRepository for Flaky {
    async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.inner.migrate().await
    }

    fn known_migrations(&self) -> Vec<&'static str> {
        self.inner.known_migrations()
    }

    async fn applied_migrations(&self) -> Result<Vec<MigrationEntry>, StoreError> {
        self.inner.applied_migrations().await
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.inner.check_schema().await
    }
}

#[async_trait]
impl LoadRepository for Flaky {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.call("commit", self.inner.commit(batch)).await
    }

    async fn stage(&self, batch: Batch) -> Result<Box<dyn Staged>, StoreError> {
        let inner = self.call("stage", self.inner.stage(batch)).await?;
        Ok(Box::new(FlakyStaged { inner, faults: Arc::clone(&self.faults) }))
    }

    async fn settle(&self) -> Result<(), StoreError> {
        self.call("settle", self.inner.settle()).await
    }

    async fn position(&self, head: Digest) -> Result<Option<Position>, StoreError> {
        self.call("position", self.inner.position(head)).await
    }

    async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.call("positions", self.inner.positions()).await
    }

    async fn day_volumes(&self, day: NaiveDate) -> Result<Vec<DayVolume>, StoreError> {
        self.call("day_volumes", self.inner.day_volumes(day)).await
    }

    async fn ledger(&self, selection: &RejectSelection, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        self.call("ledger", self.inner.ledger(selection, limit)).await
    }

    async fn unacknowledged(&self) -> Result<u64, StoreError> {
        self.call("unacknowledged", self.inner.unacknowledged()).await
    }

    async fn acknowledge(&self, selection: &RejectSelection) -> Result<u64, StoreError> {
        self.call("acknowledge", self.inner.acknowledge(selection)).await
    }

    async fn count(&self, table: Table) -> Result<u64, StoreError> {
        self.call("count", self.inner.count(table)).await
    }
}

#[async_trait]
impl TickRepository for Flaky {
    async fn ticks(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Tick>, StoreError> {
        self.call("ticks", self.inner.ticks(range, symbol)).await
    }

    async fn newest_tick(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.call("newest_tick", self.inner.newest_tick()).await
    }
}

#[async_trait]
impl BarRepository for Flaky {
    async fn bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.call("bars", self.inner.bars(range, symbol)).await
    }

    async fn aggregate(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<Bar>, StoreError> {
        self.call("aggregate", self.inner.aggregate(range, symbol)).await
    }

    async fn coverage(&self, range: TimeRange, symbol: Symbol) -> Result<Vec<(DateTime<Utc>, Coverage)>, StoreError> {
        self.call("coverage", self.inner.coverage(range, symbol)).await
    }

    async fn rebuild(&self, derived: &Derived, dry_run: bool) -> Result<Rebuilt, StoreError> {
        self.call("rebuild", self.inner.rebuild(derived, dry_run)).await
    }

    async fn swing_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SwingBar>, StoreError> {
        self.call("swing_bars", self.inner.swing_bars(range, symbol)).await
    }
}

#[async_trait]
impl GapRepository for Flaky {
    async fn gaps(&self, range: TimeRange) -> Result<Vec<Gap>, StoreError> {
        self.call("gaps", self.inner.gaps(range)).await
    }

    async fn feed_sessions(&self, range: TimeRange) -> Result<Vec<FeedSession>, StoreError> {
        self.call("feed_sessions", self.inner.feed_sessions(range)).await
    }
}

#[async_trait]
impl AccountRepository for Flaky {
    async fn volume_breaks(&self, range: TimeRange) -> Result<Vec<VolumeBreak>, StoreError> {
        self.call("volume_breaks", self.inner.volume_breaks(range)).await
    }

    async fn healed_bars(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<HealedBar>, StoreError> {
        self.call("healed_bars", self.inner.healed_bars(range, symbol)).await
    }

    async fn bars_with_healing(&self, range: TimeRange, symbol: Option<Symbol>) -> Result<Vec<SourcedBar>, StoreError> {
        self.call("bars_with_healing", self.inner.bars_with_healing(range, symbol)).await
    }
}

#[async_trait]
impl PageRepository for Flaky {
    async fn ticks_page(&self, page: PageOf<(DateTime<Utc>, i64)>) -> Result<Vec<(i64, Tick)>, StoreError> {
        self.call("ticks_page", self.inner.ticks_page(page)).await
    }

    async fn bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>, healed: bool) -> Result<Vec<SourcedBar>, StoreError> {
        self.call("bars_page", self.inner.bars_page(page, healed)).await
    }

    async fn swing_bars_page(&self, page: PageOf<(DateTime<Utc>, Symbol)>) -> Result<Vec<SwingBar>, StoreError> {
        self.call("swing_bars_page", self.inner.swing_bars_page(page)).await
    }

    async fn count_ticks(&self, range: TimeRange) -> Result<u64, StoreError> {
        self.call("count_ticks", self.inner.count_ticks(range)).await
    }
}

#[async_trait]
impl QueryRepository for Flaky {
    async fn last_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<Bar>, StoreError> {
        self.call("last_bars", self.inner.last_bars(symbol, number)).await
    }

    async fn last_swing_bars(&self, symbol: Symbol, number: u32) -> Result<Vec<SwingBar>, StoreError> {
        self.call("last_swing_bars", self.inner.last_swing_bars(symbol, number)).await
    }

    async fn latest_quotes(&self) -> Result<Vec<Tick>, StoreError> {
        self.call("latest_quotes", self.inner.latest_quotes()).await
    }

    async fn coverage_by_symbol(&self, range: TimeRange) -> Result<Vec<SymbolCoverage>, StoreError> {
        self.call("coverage_by_symbol", self.inner.coverage_by_symbol(range)).await
    }

    async fn latest_snapshot(&self) -> Result<Option<PortfolioSnapshot>, StoreError> {
        self.call("latest_snapshot", self.inner.latest_snapshot()).await
    }
}

#[async_trait]
impl PortfolioRepository for Flaky {
    async fn apply_policy(&self, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, StoreError> {
        self.call("apply_policy", self.inner.apply_policy(applied, replaces)).await
    }

    async fn policy(&self, policy: &PolicyId) -> Result<Option<StoredPolicy>, StoreError> {
        self.call("policy", self.inner.policy(policy)).await
    }

    async fn policies(&self) -> Result<Vec<PortfolioPolicy>, StoreError> {
        self.call("policies", self.inner.policies()).await
    }

    async fn policy_version(&self, policy: &PolicyId, version: u32) -> Result<Option<PolicyVersion>, StoreError> {
        self.call("policy_version", self.inner.policy_version(policy, version)).await
    }

    async fn add_snapshot(
        &self,
        snapshot: &PortfolioSnapshot,
        positions: &[PortfolioPosition],
    ) -> Result<SnapshotId, StoreError> {
        self.call("add_snapshot", self.inner.add_snapshot(snapshot, positions)).await
    }

    async fn snapshot(
        &self,
        snapshot: SnapshotId,
    ) -> Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>, StoreError> {
        self.call("snapshot", self.inner.snapshot(snapshot)).await
    }

    async fn snapshots(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<PortfolioSnapshot>, StoreError> {
        self.call("snapshots", self.inner.snapshots(policy, limit)).await
    }

    async fn add_plan(&self, plan: &NewPlan) -> Result<PlanId, StoreError> {
        self.call("add_plan", self.inner.add_plan(plan)).await
    }

    async fn plan(&self, plan: PlanId) -> Result<Option<StoredPlan>, StoreError> {
        self.call("plan", self.inner.plan(plan)).await
    }

    async fn plans(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<RebalancePlan>, StoreError> {
        self.call("plans", self.inner.plans(policy, limit)).await
    }

    async fn take_step(&self, plan: PlanId, step: &PlanStep, at: DateTime<Utc>) -> Result<Option<OrderId>, StoreError> {
        self.call("take_step", self.inner.take_step(plan, step, at)).await
    }

    async fn submitted_orders(&self, range: TimeRange) -> Result<Vec<(BrokerKind, RebalanceOrder)>, StoreError> {
        self.call("submitted_orders", self.inner.submitted_orders(range)).await
    }

    async fn lock_execution(&self) -> Result<Option<ExecutionLock>, StoreError> {
        self.call("lock_execution", self.inner.lock_execution()).await
    }
}
