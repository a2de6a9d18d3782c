//! Holdings from a file.

use std::collections::BTreeMap;

use obs_model::{Money, Quantity, Symbol};

/// What a file says is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Shares by symbol.
    pub shares: BTreeMap<Symbol, Quantity>,
    /// Cash in won, if the file has a row for it.
    pub cash: Option<Money>,
}

/// Why a file says nothing about holdings: everything that is wrong with it, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct HoldingsError(pub Vec<HoldingsProblem>);

/// One thing that is wrong with a file of holdings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldingsProblem {
    /// Nothing in it.
    #[error("the file is empty; give a header and a row for each holding")]
    Empty,
}

/// Reads holdings from CSV.
///
/// # Errors
/// [`HoldingsError`] with everything that is wrong with the file.
pub fn read_holdings(_bytes: &[u8]) -> Result<Holdings, HoldingsError> {
    Err(HoldingsError(vec![HoldingsProblem::Empty]))
}
