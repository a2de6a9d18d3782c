//! What a portfolio should hold: what trades cost, how far the holdings are from their targets, and which whole shares bring
//! them there.
//!
//! Everything is pure and exact: amounts are counted in ten-thousandths of a won, no float takes part, and the same input
//! gives the same answer whatever the order of its rows.

mod allocate;
mod candidates;
mod costs;
mod drift;
mod due;
mod error;
mod holdings;
mod line;
mod number;
mod order_rules;
mod plan;
mod policy;
mod problem;
mod relaxation;
mod search;
mod sheet;
mod units;
mod valuation;

pub use allocate::{Allocation, Proof, Shares, allocate};
pub use costs::{CostRates, Costs};
pub use drift::drift;
pub use due::{Reason, Tolerance, asked_by_calendar, reasons};
pub use error::{AllocateError, Conflict, ValuationError};
pub use holdings::{Holdings, HoldingsError, HoldingsProblem, read_holdings};
pub use order_rules::OrderRules;
pub use plan::{PlanError, PlanRequest, PlanTerms, Planned, WhyNot, digest, digest_of, moved, plan};
pub use policy::{Change, Policy, PolicyError, PolicyProblem};
pub use problem::{Asset, CashBuffer, Limits};
pub use valuation::{Doubt, KnownPrice, Position, PriceRules, Valuation, value};
