//! What a portfolio should hold: what trades cost, how far the holdings are from their targets, and which whole shares bring
//! them there.
//!
//! Everything is pure and exact: amounts are counted in ten-thousandths of a won, no float takes part, and the same input
//! gives the same answer whatever the order of its rows.

mod allocate;
mod candidates;
mod costs;
mod drift;
mod error;
mod line;
mod problem;
mod relaxation;
mod search;
mod units;

pub use allocate::{Allocation, Proof, Shares, allocate};
pub use costs::{CostRates, Costs};
pub use drift::drift;
pub use error::{AllocateError, Conflict};
pub use problem::{Asset, CashBuffer, Limits};
