//! From a valuation to orders.

use std::collections::BTreeMap;

use obs_model::{Forecast, Money, PlannedOrder, Price, Quantity, Symbol};

use rust_decimal::Decimal;

use crate::{AllocateError, Allocation, Asset, CashBuffer, Limits, Policy, Position, Proof, Valuation, allocate, units};

mod digest;
mod orders;
mod why_not;

pub use digest::{PlanTerms, digest, digest_of, moved};
pub use why_not::WhyNot;

use orders::Draft;

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

/// How often the cash that is left is raised because orders at their limits would overdraw it. Each time what is missing is added;
/// what is missing then is a part of that, since prices may move by a part only.
const ROUNDS: u32 = 16;

/// Makes a plan: the allocation that [`allocate`] finds for the policy's targets, as orders. A symbol that is held and has no
/// target is sold; one that is halted is not traded.
///
/// Sells come first, then buys, each side by value, the largest first. If all orders were filled at their worst prices, cash would
/// still not be below zero: where it would be, less is bought. The worst price of an order with a limit is the limit, and of one at
/// the market the price at which the plan would expire. The same request gives the same plan, whatever the order of its rows.
///
/// # Errors
/// [`PlanError`] if no orders keep to the policy.
pub fn plan(request: &PlanRequest<'_>) -> Result<Planned, PlanError> {
    let PlanRequest { policy, valuation, .. } = request;
    let assets = assets(policy, valuation)?;
    let first = allocate(&assets, valuation.cash, policy.limits(), policy.rates())?;
    let bound = units::from_money(first.error) - gap_of(&first);
    let affordable = affordable(request, &assets, first)?;
    let Affordable { mut allocation, draft, limits, is_given_up } = affordable;
    // The bound of the policy's own limits holds for every allocation that keeps to more than those.
    let gap = units::to_money(units::from_money(allocation.error) - bound);
    allocation.proof = if gap == Money::ZERO { Proof::Optimal } else { Proof::Bounded { gap } };
    let untouched = why_not::untouched(request, &assets, &allocation, &limits, is_given_up)?;
    let forecast = Forecast {
        cash: draft.cash,
        least_cash: draft.least_cash,
        commission: draft.commission,
        tax: draft.tax,
        turnover: allocation.turnover,
        drift_before: allocation.drift_before,
        drift_after: allocation.drift_after,
        gap,
    };
    Ok(Planned { orders: draft.orders, allocation, forecast, untouched })
}

/// An allocation whose orders never overdraw.
struct Affordable {
    allocation: Allocation,
    draft: Draft,
    /// What it keeps to.
    limits: Limits,
    /// Whether nothing is traded because orders at their limits would overdraw.
    is_given_up: bool,
}

/// Raises the cash that is left until orders at their worst prices do not overdraw it.
fn affordable(request: &PlanRequest<'_>, assets: &[Asset], first: Allocation) -> Result<Affordable, PlanError> {
    let PlanRequest { policy, valuation, .. } = request;
    let mut limits = *policy.limits();
    let (mut allocation, mut missing) = (first, Money::ZERO);
    for round in 0..ROUNDS {
        let draft = orders::draft(request, assets, &allocation)?;
        if draft.least_cash >= Money::ZERO {
            // To raise cash may be worse than to wait: then nothing is traded, if the limits admit that.
            let rest = if round == 0 { None } else { rest(request, assets)? };
            let is_worse = |rest: &Affordable| {
                allocation.drift_after > allocation.drift_before || allocation.error >= rest.allocation.error
            };
            return Ok(match rest.filter(is_worse) {
                Some(rest) => rest,
                None => Affordable { allocation, draft, limits, is_given_up: false },
            });
        }
        missing = units::to_money(-units::from_money(draft.least_cash));
        let more = units::from_money(allocation.cash) + units::from_money(missing);
        limits.buffer = CashBuffer::Won(units::to_money(more));
        match allocate(assets, valuation.cash, &limits, policy.rates()) {
            Ok(next) => allocation = next,
            Err(AllocateError::Infeasible(_) | AllocateError::Undecided { .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    rest(request, assets)?.ok_or(PlanError::Overdrawn { missing })
}

/// Trading nothing, if the policy's limits admit it.
fn rest(request: &PlanRequest<'_>, assets: &[Asset]) -> Result<Option<Affordable>, PlanError> {
    let PlanRequest { policy, valuation, .. } = request;
    let still = Limits { turnover: Some(Decimal::ZERO), ..*policy.limits() };
    let Ok(allocation) = allocate(assets, valuation.cash, &still, policy.rates()) else { return Ok(None) };
    let draft = orders::draft(request, assets, &allocation)?;
    Ok(Some(Affordable { allocation, draft, limits: *policy.limits(), is_given_up: true }))
}

/// What is to be divided, in the order of the symbols.
fn assets(policy: &Policy, valuation: &Valuation) -> Result<Vec<Asset>, PlanError> {
    let mut assets: Vec<Asset> = valuation.positions.iter().map(|position| asset(policy, position)).collect();
    assets.sort_by_key(|asset| asset.symbol);
    let is_there = |symbol: &&Symbol| assets.binary_search_by_key(*symbol, |asset| asset.symbol).is_ok();
    let unvalued: Vec<Symbol> = policy.targets().keys().filter(|symbol| !is_there(symbol)).copied().collect();
    if unvalued.is_empty() { Ok(assets) } else { Err(PlanError::Unvalued(unvalued)) }
}

fn asset(policy: &Policy, position: &Position) -> Asset {
    let symbol = position.symbol;
    Asset {
        symbol,
        price: position.price.price,
        held: position.shares,
        target: policy.target(symbol),
        minimum: policy.minimum(symbol),
        maximum: policy.maximum(symbol),
        is_tradable: !policy.no_trade().contains(&symbol) && !position.price.is_halted,
        is_taxed: policy.is_taxed(symbol),
    }
}

fn gap_of(allocation: &Allocation) -> i128 {
    match allocation.proof {
        Proof::Optimal => 0,
        Proof::Bounded { gap } => units::from_money(gap),
    }
}

fn list(symbols: &[Symbol]) -> String {
    symbols.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
