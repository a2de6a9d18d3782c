//! What both engines check and convert alike for the portfolio's record.

use obs_model::{BrokerKind, BrokerOrder, OrderId, OrderStatus, PlanId, PlanStatus, PlanStep, PolicyId, Weight};
use rust_decimal::Decimal;

use super::{BadCell, bad, checked};
use crate::StoreError;

/// Decimals that are read of a weight: more than a float of this size has.
const WEIGHT_DECIMALS: u32 = 18;

/// The float that is nearest to a share. Only shares are floats in the tables, never an amount of money.
#[must_use]
pub fn float_of(share: Decimal) -> f64 {
    // Parsing rounds to the nearest float, and every decimal is written in a form that can be parsed.
    share.to_string().parse().unwrap_or_default()
}

/// The share that a float stands for: its shortest decimal form, with at most 18 decimals.
///
/// # Errors
/// [`BadCell`] if it is not a number from 0 to 1.
pub fn weight_of(column: &'static str, float: f64) -> Result<Weight, BadCell> {
    let shortest = float.to_string();
    let share: Decimal = shortest.parse().map_err(|_| bad(column, format!("{shortest:?} is not a weight")))?;
    checked(column, Weight::new(share.round_dp(WEIGHT_DECIMALS)))
}

/// The state in which a step finds its plan and its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundState {
    /// The plan's status and where it was approved for; `None` if there is no such plan.
    pub plan: Option<(PlanStatus, Option<BrokerKind>)>,
    /// The step's order; `None` if it is about none, or the plan has no such order.
    pub order: Option<FoundOrder>,
}

/// The state in which a step finds its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOrder {
    /// How far it has come.
    pub status: OrderStatus,
    /// The broker's number of it.
    pub number: Option<String>,
    /// The order that took its place.
    pub replaced_by: Option<OrderId>,
}

/// Checks that a step may be taken in the state that it finds, and returns the broker that the plan is approved for.
///
/// # Errors
/// [`StoreError::Stale`] if not.
pub fn check_step(plan: PlanId, step: &PlanStep, found: &FoundState) -> Result<Option<BrokerKind>, StoreError> {
    let stale = |what: String, found: String| Err(StoreError::Stale { what, found, wanted: wanted(step) });
    let the_plan = || format!("plan {plan}");
    let Some((status, broker)) = found.plan else {
        return stale(the_plan(), "not there".to_owned());
    };
    if !step.needs_plan().contains(&status) {
        return stale(the_plan(), status.to_string());
    }
    let Some(id) = step.order() else { return Ok(broker) };
    let the_order = || format!("order {id}");
    let Some(order) = &found.order else {
        return stale(the_order(), format!("not one of plan {plan}"));
    };
    if !step.needs_order().contains(&order.status) {
        return stale(the_order(), order.status.to_string());
    }
    match step {
        PlanStep::Submitting { .. } if broker.is_none() => stale(the_plan(), format!("{status} and approved for no broker")),
        PlanStep::Accepted { .. } | PlanStep::NotSent { .. } => match &order.number {
            Some(number) => stale(the_order(), format!("known to the broker as {number}")),
            None => Ok(broker),
        },
        PlanStep::Replaced { .. } => match order.replaced_by {
            Some(other) => stale(the_order(), format!("replaced by order {other}")),
            None => Ok(broker),
        },
        _ => Ok(broker),
    }
}

/// The error for a number of the broker that one of our orders has already.
#[must_use]
pub fn claimed(step: &PlanStep, number: &BrokerOrder, owner: OrderId) -> StoreError {
    let BrokerOrder { day, number, .. } = number;
    StoreError::Stale {
        what: format!("the broker's order {number} of {day}"),
        found: format!("that of order {owner}"),
        wanted: wanted(step),
    }
}

/// Checks that a policy's newest version is the one that is replaced, and returns the number of the next.
///
/// # Errors
/// [`StoreError::Stale`] if not.
pub fn next_version(policy: &PolicyId, newest: Option<u32>, replaces: Option<u32>) -> Result<u32, StoreError> {
    if newest == replaces {
        return Ok(newest.unwrap_or(0) + 1);
    }
    Err(StoreError::Stale {
        what: format!("policy {policy}"),
        found: newest.map_or_else(|| "without a version".to_owned(), |version| format!("at version {version}")),
        wanted: replaces.map_or_else(|| "a first version".to_owned(), |version| format!("replacing version {version}")),
    })
}

fn wanted(step: &PlanStep) -> String {
    match step.order() {
        Some(order) => format!("\"{}\" for order {order}", step.name()),
        None => format!("\"{}\"", step.name()),
    }
}
