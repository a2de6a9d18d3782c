//! What portfolios should hold, what they hold, and every step from the one to the other.

use std::any::Any;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use obs_model::{
    BrokerKind, Forecast, OrderId, PlanDigest, PlanEvent, PlanId, PlanStep, PlannedOrder, PolicyId, PolicyVersion,
    PortfolioPolicy, PortfolioPosition, PortfolioSnapshot, RebalanceExecution, RebalanceOrder, RebalancePlan, SnapshotId,
    TargetWeight,
};

use crate::{StoreError, TimeRange};

/// The portfolio's record. Whatever is written here survives a power failure when the call returns: orders are sent on the
/// strength of it.
#[async_trait]
pub trait PortfolioRepository: Send + Sync {
    /// Stores a policy with its targets as a new version, and returns its number, from 1. Targets of the version before that are
    /// not among these are removed.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the newest version is not `replaces` (`None`: there is no version yet): somebody else applied one
    /// meanwhile. After any error nothing was written.
    async fn apply_policy(&self, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, StoreError>;

    /// A policy with its targets and its newest version.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn policy(&self, policy: &PolicyId) -> Result<Option<StoredPolicy>, StoreError>;

    /// All policies, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn policies(&self) -> Result<Vec<PortfolioPolicy>, StoreError>;

    /// A version of a policy as it was applied.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn policy_version(&self, policy: &PolicyId, version: u32) -> Result<Option<PolicyVersion>, StoreError>;

    /// Stores a snapshot with its positions and returns its number. The numbers that the rows hold play no part.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot; nothing was written then.
    async fn add_snapshot(
        &self,
        snapshot: &PortfolioSnapshot,
        positions: &[PortfolioPosition],
    ) -> Result<SnapshotId, StoreError>;

    /// A snapshot with its positions, by symbol.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn snapshot(
        &self,
        snapshot: SnapshotId,
    ) -> Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>, StoreError>;

    /// The newest snapshots, of one policy or of all, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn snapshots(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<PortfolioSnapshot>, StoreError>;

    /// Stores a plan with its orders, all of them pending, and the event `created`. Returns its number.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot; nothing was written then.
    async fn add_plan(&self, plan: &NewPlan) -> Result<PlanId, StoreError>;

    /// A plan with everything that belongs to it.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn plan(&self, plan: PlanId) -> Result<Option<StoredPlan>, StoreError>;

    /// The newest plans, of one policy or of all, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn plans(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<RebalancePlan>, StoreError>;

    /// Takes a step of a plan: all that it changes, and its event, or nothing. Returns the number of the order that it made, if
    /// it made one ([`PlanStep::Replaced`]).
    ///
    /// # Errors
    /// [`StoreError::Stale`] if plan or order are not in a state in which the step may happen ([`PlanStep::needs_plan`],
    /// [`PlanStep::needs_order`]): somebody else took another step meanwhile. After any error nothing was written.
    async fn take_step(&self, plan: PlanId, step: &PlanStep, at: DateTime<Utc>) -> Result<Option<OrderId>, StoreError>;

    /// The orders that were about to be sent in a range, with where they went, by that time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn submitted_orders(&self, range: TimeRange) -> Result<Vec<(BrokerKind, RebalanceOrder)>, StoreError>;

    /// Takes the right to execute plans of this store, or `None` if another program has it. It ends with the returned value, and
    /// with the program, however that ends.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer.
    async fn lock_execution(&self) -> Result<Option<ExecutionLock>, StoreError>;
}

/// The right to execute plans. Dropping it gives it up.
pub struct ExecutionLock(#[expect(dead_code, reason = "it is held, not looked at")] Box<dyn Any + Send>);

/// A policy that is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedPolicy {
    /// Its row. When the policy is there already, its `created_at` stays.
    pub policy: PortfolioPolicy,
    /// Its targets.
    pub targets: Vec<TargetWeight>,
    /// The whole file that it was read from.
    pub text: String,
    /// When it is applied.
    pub at: DateTime<Utc>,
}

/// A policy that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPolicy {
    /// Its row.
    pub policy: PortfolioPolicy,
    /// Its targets, by symbol. The column holds a float: a target is that float's shortest decimal form.
    pub targets: Vec<TargetWeight>,
    /// Its newest version; `None` for a policy of the Python system.
    pub version: Option<PolicyVersion>,
}

/// A plan that is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPlan {
    /// The policy it serves.
    pub policy_id: PolicyId,
    /// Which version of it.
    pub policy_version: Option<u32>,
    /// The snapshot it starts from.
    pub snapshot_id: SnapshotId,
    /// Why it is made.
    pub reason: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From when on it may not be begun any more.
    pub expires_at: DateTime<Utc>,
    /// What it consists of.
    pub digest: PlanDigest,
    /// What it is expected to do.
    pub forecast: Forecast,
    /// Its orders, in their sequence.
    pub orders: Vec<PlannedOrder>,
}

/// A plan and everything that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPlan {
    /// Its row.
    pub plan: RebalancePlan,
    /// Its orders, by their numbers: first those that were planned, then those that took the place of others.
    pub orders: Vec<RebalanceOrder>,
    /// What came of them, in the order in which it was recorded.
    pub executions: Vec<RebalanceExecution>,
    /// All its steps, oldest first.
    pub events: Vec<PlanEvent>,
}

impl ExecutionLock {
    /// A right that ends when `held` is dropped.
    #[must_use]
    pub fn new(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}
