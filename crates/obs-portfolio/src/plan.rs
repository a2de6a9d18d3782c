//! From a valuation to orders.

use std::collections::BTreeMap;

use obs_model::{Forecast, Money, PlannedOrder, Price, Quantity, Symbol};

use crate::{AllocateError, Allocation, Policy, Valuation};

mod digest;
mod why_not;

pub use digest::{PlanTerms, digest, digest_of, moved};
pub use why_not::WhyNot;

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct PlanRequest<'a> {
    /// How the portfolio should look.
    pub policy: &'a Policy,
    /// What it is worth now. It has a position for every symbol of the policy.
    pub valuation: &'a Valuation,
    /// The lowest and the highest price of the day, for symbols of which they are known.
    pub limits: BTreeMap<Symbol, (Price, Price)>,
    /// The mean shares of recent ten-minute bars, for symbols of which they are known; orders of the others are not split.
    pub volumes: BTreeMap<Symbol, Quantity>,
}

/// Orders that bring a portfolio to its policy, and what they are expected to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The orders in their sequence; none if nothing is to be traded.
    pub orders: Vec<PlannedOrder>,
    /// The shares that they lead to.
    pub allocation: Allocation,
    /// What they are expected to do.
    pub forecast: Forecast,
    untouched: Vec<(Symbol, WhyNot)>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Symbols of the policy that the valuation does not know.
    #[error("the valuation has no price for {}; take a new snapshot with the present policy", list(.0))]
    Unvalued(Vec<Symbol>),
    /// There is no allocation.
    #[error(transparent)]
    Allocate(#[from] AllocateError),
    /// Orders at their limits would take more cash than there is, whatever is left out.
    #[error(
        "if every order is filled at its worst price, {missing} won are missing; lower `orders.distance` or raise the cash target"
    )]
    Overdrawn {
        /// What is missing, in won.
        missing: Money,
    },
}

impl Planned {
    /// Symbols that stay off their targets, or get there only partly, with the reason.
    #[must_use]
    pub fn untouched(&self) -> &[(Symbol, WhyNot)] {
        &self.untouched
    }
}

/// Makes a plan.
///
/// # Errors
/// [`PlanError`] if no orders keep to the policy.
pub fn plan(_request: &PlanRequest<'_>) -> Result<Planned, PlanError> {
    Err(PlanError::Unvalued(Vec::new()))
}

fn list(symbols: &[Symbol]) -> String {
    symbols.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
