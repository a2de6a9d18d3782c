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
mod line;
mod problem;
mod relaxation;
mod search;
mod units;
mod valuation;

pub use allocate::{Allocation, Proof, Shares, allocate};
pub use costs::{CostRates, Costs};
pub use drift::drift;
pub use due::{Reason, Tolerance, asked_by_calendar, reasons};
pub use error::{AllocateError, Conflict, ValuationError};
pub use problem::{Asset, CashBuffer, Limits};
pub use valuation::{Doubt, KnownPrice, Position, PriceRules, Valuation, value};
