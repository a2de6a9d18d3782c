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
use crate::SqliteStore;

#[async_trait]
impl PortfolioRepository for SqliteStore {
    async fn apply_policy(&self, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, StoreError> {
        self.explained("applying a policy", policies::apply(&self.writer, applied, replaces).await)
    }

    async fn policy(&self, policy: &PolicyId) -> Result<Option<StoredPolicy>, StoreError> {
        self.explained("reading a policy", policies::policy(&self.readers, policy).await)
    }

    async fn policies(&self) -> Result<Vec<PortfolioPolicy>, StoreError> {
        self.explained("reading the policies", policies::policies(&self.readers).await)
    }

    async fn policy_version(&self, policy: &PolicyId, version: u32) -> Result<Option<PolicyVersion>, StoreError> {
        self.explained("reading a version of a policy", policies::version(&self.readers, policy, version).await)
    }

    async fn add_snapshot(
        &self,
        snapshot: &PortfolioSnapshot,
        positions: &[PortfolioPosition],
    ) -> Result<SnapshotId, StoreError> {
        self.explained("adding a snapshot", snapshots::add(&self.writer, snapshot, positions).await)
    }

    async fn snapshot(
        &self,
        snapshot: SnapshotId,
    ) -> Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>, StoreError> {
        self.explained("reading a snapshot", snapshots::snapshot(&self.readers, snapshot).await)
    }

    async fn snapshots(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<PortfolioSnapshot>, StoreError> {
        self.explained("reading snapshots", snapshots::newest(&self.readers, policy, limit).await)
    }

    async fn add_plan(&self, plan: &NewPlan) -> Result<PlanId, StoreError> {
        self.explained("adding a plan", plans::add(&self.writer, plan).await)
    }

    async fn plan(&self, plan: PlanId) -> Result<Option<StoredPlan>, StoreError> {
        self.explained("reading a plan", plans::plan(&self.readers, plan).await)
    }

    async fn plans(&self, policy: Option<&PolicyId>, limit: u32) -> Result<Vec<RebalancePlan>, StoreError> {
        self.explained("reading plans", plans::newest(&self.readers, policy, limit).await)
    }

    async fn take_step(&self, plan: PlanId, step: &PlanStep, at: DateTime<Utc>) -> Result<Option<OrderId>, StoreError> {
        self.explained("taking a step of a plan", steps::take(&self.writer, plan, step, at).await)
    }

    async fn submitted_orders(&self, range: TimeRange) -> Result<Vec<(BrokerKind, RebalanceOrder)>, StoreError> {
        self.explained("reading submitted orders", plans::submitted(&self.readers, range).await)
    }

    async fn lock_execution(&self) -> Result<Option<ExecutionLock>, StoreError> {
        self.explained("taking the right to execute plans", lock::lock(&self.path).await)
    }
}
