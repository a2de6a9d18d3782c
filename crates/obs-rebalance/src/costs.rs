//! What trades cost, and which pay no tax.

use std::collections::BTreeSet;

use obs_model::{Money, Side, Symbol};
use obs_portfolio::{AllocateError, CostRates, Costs};

/// What trades cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradingCosts {
    /// The rates.
    pub rates: CostRates,
    /// Symbols whose sale is not taxed: funds traded on the exchange.
    pub untaxed: BTreeSet<Symbol>,
}

impl TradingCosts {
    /// What an order costs that traded an amount of won.
    ///
    /// # Errors
    /// [`AllocateError`] as [`CostRates::of`] says.
    pub fn of(&self, symbol: Symbol, side: Side, amount: Money) -> Result<Costs, AllocateError> {
        self.rates.of(side, amount, !self.untaxed.contains(&symbol))
    }
}
