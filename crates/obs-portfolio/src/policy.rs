//! What a portfolio should look like, when it is put right, and within which limits.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use obs_model::{PolicyId, PortfolioPolicy, RebalanceFrequency, Symbol, TargetWeight, TickTable, Weight};
use rust_decimal::Decimal;

use crate::{CostRates, Limits, OrderRules, PriceRules, Tolerance};

mod check;
mod diff;
mod error;
mod keys;
mod read;
mod targets;
mod write;

pub use diff::Change;
pub use error::{PolicyError, PolicyProblem};

/// A policy that was checked: its parts do not contradict each other.
///
/// `examples/policy.toml` documents every key of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) id: PolicyId,
    pub(crate) name: String,
    pub(crate) frequency: RebalanceFrequency,
    pub(crate) tolerance: Tolerance,
    /// Each of them, also those that are zero.
    pub(crate) targets: BTreeMap<Symbol, Weight>,
    /// The range of every weight; the least holds for symbols with a target above zero.
    pub(crate) minimum: Weight,
    pub(crate) maximum: Weight,
    pub(crate) minimum_of: BTreeMap<Symbol, Weight>,
    pub(crate) maximum_of: BTreeMap<Symbol, Weight>,
    pub(crate) no_trade: BTreeSet<Symbol>,
    pub(crate) funds: BTreeSet<Symbol>,
    pub(crate) limits: Limits,
    pub(crate) rates: CostRates,
    pub(crate) oldest_price: TimeDelta,
    pub(crate) orders: OrderRules,
}

impl Policy {
    /// Reads and checks a policy's file. `read` gives the bytes of a file that it names, or why it cannot.
    ///
    /// # Errors
    /// [`PolicyError`] with everything that is wrong with it.
    pub fn parse(text: &str, read: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Self, PolicyError> {
        read::policy(text, &read).map_err(PolicyError)
    }

    /// A policy that is stored without a file, as the Python system did; what its rows do not say is as in a file that says no
    /// more than they do.
    ///
    /// # Errors
    /// [`PolicyError`] if the targets make no policy.
    pub fn of_rows(row: &PortfolioPolicy, targets: &[TargetWeight]) -> Result<Self, PolicyError> {
        read::of_rows(row, targets)
    }

    /// The whole policy as a file, with all targets in it and every key written out. Reading it gives the same policy.
    #[must_use]
    pub fn to_text(&self) -> String {
        write::text(self)
    }

    /// What a newer version changes.
    #[must_use]
    pub fn diff(&self, newer: &Self) -> Vec<Change> {
        diff::changes(self, newer)
    }

    /// Its name in tables and on the command line.
    #[must_use]
    pub const fn id(&self) -> &PolicyId {
        &self.id
    }

    /// Its title.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often the calendar asks for a look.
    #[must_use]
    pub const fn frequency(&self) -> RebalanceFrequency {
        self.frequency
    }

    /// How far weights may go before a plan is due.
    #[must_use]
    pub const fn tolerance(&self) -> &Tolerance {
        &self.tolerance
    }

    /// The targets, by symbol.
    #[must_use]
    pub const fn targets(&self) -> &BTreeMap<Symbol, Weight> {
        &self.targets
    }

    /// What the targets leave.
    #[must_use]
    pub fn cash_target(&self) -> Weight {
        let sum: Decimal = self.targets.values().map(|target| target.share()).sum();
        Weight::new(Decimal::ONE - sum).unwrap_or_default()
    }

    /// Which prices are good enough. `accepted` are symbols whose doubtful price is, since somebody said so by name.
    #[must_use]
    pub fn price_rules(&self, accepted: BTreeSet<Symbol>) -> PriceRules {
        PriceRules { oldest: self.oldest_price, accepted }
    }

    /// What every allocation keeps to.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What trades cost.
    #[must_use]
    pub const fn rates(&self) -> &CostRates {
        &self.rates
    }

    /// How orders are made and sent.
    #[must_use]
    pub const fn order_rules(&self) -> &OrderRules {
        &self.orders
    }

    /// Symbols that are neither bought nor sold.
    #[must_use]
    pub const fn no_trade(&self) -> &BTreeSet<Symbol> {
        &self.no_trade
    }

    /// Whether sales of a symbol are taxed: those of stocks are, those of funds traded on the exchange are not.
    #[must_use]
    pub fn is_taxed(&self, symbol: Symbol) -> bool {
        !self.funds.contains(&symbol)
    }

    /// The grid of a symbol's prices.
    #[must_use]
    pub fn tick_table(&self, symbol: Symbol) -> TickTable {
        if self.funds.contains(&symbol) { TickTable::Fund } else { TickTable::Stock }
    }

    /// The target of a symbol; zero if it has none.
    #[must_use]
    pub fn target(&self, symbol: Symbol) -> Weight {
        self.targets.get(&symbol).copied().unwrap_or_default()
    }

    /// The least weight of a symbol. The one that holds for all does not hold for a symbol whose target is zero.
    #[must_use]
    pub fn minimum(&self, symbol: Symbol) -> Weight {
        let for_all = if self.target(symbol) == Weight::default() { Weight::default() } else { self.minimum };
        self.minimum_of.get(&symbol).copied().unwrap_or(for_all)
    }

    /// The largest weight of a symbol.
    #[must_use]
    pub fn maximum(&self, symbol: Symbol) -> Weight {
        self.maximum_of.get(&symbol).copied().unwrap_or(self.maximum)
    }
}
