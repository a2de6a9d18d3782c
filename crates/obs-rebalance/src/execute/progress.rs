//! What is told while a plan is executed.

use std::fmt;

use obs_model::{PlanStep, RebalanceOrder};

/// Something that happened while a plan was executed.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A step was recorded.
    Step {
        /// Which.
        step: PlanStep,
        /// The order that it is about as it is afterwards, if it is about one.
        order: Option<Box<RebalanceOrder>>,
    },
    /// Nothing can be done for the moment.
    Waiting {
        /// For what.
        why: String,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, order) = match self {
            Self::Waiting { why } => return write!(f, "waiting: {why}"),
            Self::Step { step, order } => (step, order),
        };
        if let Some(order) = order {
            write!(f, "order {} ({} {} {}", order.order_id, order.side, order.target_qty, order.symbol)?;
            match order.limit_price {
                Some(limit) => write!(f, " at {limit}) ")?,
                None => f.write_str(" at the market) ")?,
            }
        }
        f.write_str(&step.name().replace('_', " "))?;
        step.detail().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}
