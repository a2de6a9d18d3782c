//! What may happen to a plan, and when.

use serde::{Deserialize, Serialize};

use super::{
    BrokerKind, BrokerOrder, ExecutionStatus, OrderId, OrderStatus, PlanDigest, PlanStatus, PlannedOrder, RebalanceExecution,
};

/// A step of a plan or of one of its orders. Each is a row of `plan_events` and changes the other tables with it, at once.
///
/// Whatever goes outward lies between two steps: [`Submitting`](Self::Submitting) is written before an order is sent, and
/// [`Accepted`](Self::Accepted), [`Executed`](Self::Executed) with a refusal, or [`NotSent`](Self::NotSent) when it is known what
/// became of it. A program that ends between them leaves an order that is executing and has no number: whoever comes next asks
/// the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PlanStep {
    /// Somebody approved it. Again for another broker is possible until it begins.
    Approved {
        /// For exactly this.
        digest: PlanDigest,
        /// Where.
        broker: BrokerKind,
    },
    /// It begins.
    Started,
    /// An order is about to be sent.
    Submitting {
        /// Which.
        order: OrderId,
    },
    /// The broker took it.
    Accepted {
        /// Which.
        order: OrderId,
        /// What the broker knows it by.
        broker_order: BrokerOrder,
    },
    /// The broker does not know it: it was never sent, and may be.
    NotSent {
        /// Which.
        order: OrderId,
        /// How that is known.
        why: String,
    },
    /// Shares were filled, or the broker refused the order.
    Executed {
        /// What came of it.
        execution: RebalanceExecution,
    },
    /// The broker will not fill the rest of it.
    Withdrawn {
        /// Which.
        order: OrderId,
        /// Why.
        why: String,
    },
    /// Another order takes the place of what is left of one that was refused or withdrawn.
    Replaced {
        /// Which.
        order: OrderId,
        /// By what. It is pending at first.
        by: PlannedOrder,
    },
    /// It ended. Orders that were never sent are cancelled with it.
    Ended {
        /// [`PlanStatus::Done`], [`PlanStatus::Failed`] or [`PlanStatus::Cancelled`].
        status: PlanStatus,
        /// Why.
        why: Option<String>,
    },
}

impl PlanStep {
    /// What it is called in `plan_events`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::Started => "started",
            Self::Submitting { .. } => "submitting",
            Self::Accepted { .. } => "accepted",
            Self::NotSent { .. } => "not_sent",
            Self::Executed { execution } => match execution.status {
                ExecutionStatus::Partial => "filled_in_part",
                ExecutionStatus::Filled => "filled",
                ExecutionStatus::Rejected => "rejected",
            },
            Self::Withdrawn { .. } => "withdrawn",
            Self::Replaced { .. } => "replaced",
            Self::Ended { status, .. } => status.as_str(),
        }
    }

    /// The order that it is about, if it is about one.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match self {
            Self::Submitting { order }
            | Self::Accepted { order, .. }
            | Self::NotSent { order, .. }
            | Self::Withdrawn { order, .. }
            | Self::Replaced { order, .. } => Some(*order),
            Self::Executed { execution } => Some(execution.order_id),
            Self::Approved { .. } | Self::Started | Self::Ended { .. } => None,
        }
    }

    /// More words about it, for `plan_events`.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Approved { digest, broker } => Some(format!("{} for {broker}", digest.short())),
            Self::Accepted { broker_order, .. } => Some(format!("number {}", broker_order.number)),
            Self::NotSent { why, .. } | Self::Withdrawn { why, .. } => Some(why.clone()),
            Self::Executed { execution } => match (execution.filled_price, &execution.error_msg) {
                (_, Some(words)) => Some(words.clone()),
                (Some(price), None) => Some(format!("{} at {price}", execution.filled_qty)),
                (None, None) => None,
            },
            Self::Replaced { by, .. } => Some(format!("{} {} {}", by.side, by.quantity, by.symbol)),
            Self::Ended { why, .. } => why.clone(),
            Self::Started | Self::Submitting { .. } => None,
        }
    }

    /// The plan's states in which it may happen.
    #[must_use]
    pub const fn needs_plan(&self) -> &'static [PlanStatus] {
        match self {
            Self::Approved { .. } => &[PlanStatus::Pending, PlanStatus::Approved],
            Self::Started => &[PlanStatus::Approved],
            Self::Ended { status: PlanStatus::Cancelled, .. } => {
                &[PlanStatus::Pending, PlanStatus::Approved, PlanStatus::Executing]
            }
            Self::Ended { status: PlanStatus::Failed, .. } => &[PlanStatus::Approved, PlanStatus::Executing],
            // These are no ends.
            Self::Ended { status: PlanStatus::Pending | PlanStatus::Approved | PlanStatus::Executing, .. } => &[],
            _ => &[PlanStatus::Executing],
        }
    }

    /// The plan's state afterwards, if it changes.
    #[must_use]
    pub const fn plan_after(&self) -> Option<PlanStatus> {
        match self {
            Self::Approved { .. } => Some(PlanStatus::Approved),
            Self::Started => Some(PlanStatus::Executing),
            Self::Ended { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The states of its order in which it may happen.
    #[must_use]
    pub const fn needs_order(&self) -> &'static [OrderStatus] {
        match self {
            Self::Submitting { .. } => &[OrderStatus::Pending],
            Self::Replaced { .. } => &[OrderStatus::Rejected, OrderStatus::Cancelled],
            Self::Accepted { .. } | Self::NotSent { .. } | Self::Executed { .. } | Self::Withdrawn { .. } => {
                &[OrderStatus::Executing]
            }
            Self::Approved { .. } | Self::Started | Self::Ended { .. } => &[],
        }
    }

    /// The state of its order afterwards, if it changes.
    #[must_use]
    pub const fn order_after(&self) -> Option<OrderStatus> {
        match self {
            Self::Submitting { .. } => Some(OrderStatus::Executing),
            Self::NotSent { .. } => Some(OrderStatus::Pending),
            Self::Executed { execution } => match execution.status {
                ExecutionStatus::Partial => None,
                ExecutionStatus::Filled => Some(OrderStatus::Filled),
                ExecutionStatus::Rejected => Some(OrderStatus::Rejected),
            },
            Self::Withdrawn { .. } => Some(OrderStatus::Cancelled),
            _ => None,
        }
    }
}
