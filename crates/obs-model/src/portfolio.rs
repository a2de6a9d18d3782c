//! The portfolio's record: policy, targets, snapshots, plans, orders and executions.

mod ids;
mod order;
mod plan;
mod policy;
mod snapshot;
mod step;
mod weight;

pub use ids::{OrderId, PlanDigest, PlanId, PolicyId, SnapshotId};
pub use order::{
    BrokerOrder, ExecutionStatus, OrderStatus, OrderType, PlannedOrder, RebalanceExecution, RebalanceOrder, Side,
};
pub use plan::{Approval, BrokerKind, Forecast, PlanEvent, PlanStatus, RebalancePlan};
pub use policy::{PolicyVersion, PortfolioPolicy, RebalanceFrequency, TargetWeight};
pub use snapshot::{HoldingsSource, PortfolioPosition, PortfolioSnapshot, PriceSource};
pub use step::PlanStep;
pub use weight::Weight;
