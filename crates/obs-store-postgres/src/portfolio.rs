//! The portfolio's record. What is written here is on the disk when the call returns.

mod lock;
mod plans;
mod policies;
mod read;
mod snapshots;
mod steps;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use obs_model::{
    BrokerKind, OrderId, PlanId, PlanStep, PolicyId, PolicyVersion, PortfolioPolicy, PortfolioPosition, PortfolioSnapshot,
    RebalanceOrder, RebalancePlan, SnapshotId,
};
use obs_store::{
    AppliedPolicy, ExecutionLock, NewPlan, PortfolioRepository, StoreError, StoredPlan, StoredPolicy, TimeRange,
};

pub(crate) use self::snapshots::latest as latest_snapshot;
use crate::store::{PostgresStore, joined};

/// Whatever is more than one statement runs to its end also when nobody waits for it any more, see `joined`.
#[async_trait]
impl PortfolioRepository for PostgresStore {
    async fn apply_policy(&self, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, StoreError> {
        let (pool, applied) = (self.pool.clone(), applied.clone());
        let apply = tokio::spawn(async move { policies::apply(&pool, &applied, replaces).await });
        joined(&self.name, "applying a policy", apply).await
    }

    async fn policy(&self, policy: &PolicyId) -> Result<Option<StoredPolicy>, StoreError> {
        let (pool, policy) = (self.pool.clone(), policy.clone());
        let read = tokio::spawn(async move { policies::policy(&pool, &policy).await });
        joined(&self.name, "reading a policy", read).await
    }

    async fn policies(&self) -> Result<Vec<PortfolioPolicy>, StoreError> {
        self.explained("reading the policies", policies::policies(&self.pool).await)
    }

    async fn policy_version(&self, policy: &PolicyId, version: u32) -> Result<Option<PolicyVersion>, StoreError> {
        self.explained("reading a version of a policy", policies::version(&self.pool, policy, version).await)
    }

    async fn add_snapshot(
        &self,
        snapshot: &PortfolioSnapshot,
        positions: &[PortfolioPosition],
    ) -> Result<SnapshotId, StoreError> {
        let (pool, snapshot, positions) = (self.pool.clone(), snapshot.clone(), positions.to_vec());
        let add = tokio::spawn(async move { snapshots::add(&pool, &snapshot, &positions).await });
        joined(&self.name, "adding a snapshot", add).await
    }

    async fn snapshot(
        &self,
        snapshot: SnapshotId,
    ) -> Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>, StoreError> {
        self.explained("reading a snapshot", snapshots::snapshot(&self.pool, snapshot).await)
    }

    async fn snapshots(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<PortfolioSnapshot>, StoreError> {
        self.explained("reading snapshots", snapshots::newest(&self.pool, policy, limit).await)
    }

    async fn add_plan(&self, plan: &NewPlan) -> Result<PlanId, StoreError> {
        let (pool, plan) = (self.pool.clone(), plan.clone());
        let add = tokio::spawn(async move { plans::add(&pool, &plan).await });
        joined(&self.name, "adding a plan", add).await
    }

    async fn plan(&self, plan: PlanId) -> Result<Option<StoredPlan>, StoreError> {
        let pool = self.pool.clone();
        let read = tokio::spawn(async move { plans::plan(&pool, plan).await });
        joined(&self.name, "reading a plan", read).await
    }

    async fn plans(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<RebalancePlan>, StoreError> {
        self.explained("reading plans", plans::newest(&self.pool, policy, limit).await)
    }

    async fn take_step(&self, plan: PlanId, step: &PlanStep, at: DateTime<Utc>) -> Result<Option<OrderId>, StoreError> {
        let (pool, step) = (self.pool.clone(), step.clone());
        let take = tokio::spawn(async move { steps::take(&pool, plan, &step, at).await });
        joined(&self.name, "taking a step of a plan", take).await
    }

    async fn submitted_orders(&self, range: TimeRange) -> Result<Vec<(BrokerKind, RebalanceOrder)>, StoreError> {
        self.explained("reading submitted orders", plans::submitted(&self.pool, range).await)
    }

    async fn lock_execution(&self) -> Result<Option<ExecutionLock>, StoreError> {
        self.explained("taking the right to execute plans", lock::lock(&self.pool).await)
    }
}
