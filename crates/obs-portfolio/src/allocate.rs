//! The whole shares that come closest to the targets.

use obs_model::{Money, Quantity, Symbol};
use rust_decimal::Decimal;

use crate::{
    AllocateError, Asset, Conflict, Costs, Limits,
    costs::CostRates,
    drift::root,
    problem::{Active, Problem},
    search::{Found, Solution, search},
    units,
};

/// What to hold, and how good that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Shares per symbol, in the order of the symbols.
    pub shares: Vec<Shares>,
    /// The value that weights are shares of: holdings and cash before any trade, in won.
    pub total: Money,
    /// The summed distances of the holdings' values from their targets, in won. Divided by the total it is the summed weight
    /// error.
    pub error: Money,
    /// Whether a smaller error is possible.
    pub proof: Proof,
    /// Cash after all trades and their costs, in won.
    pub cash: Money,
    /// What is bought and sold together, in won.
    pub turnover: Money,
    /// What all orders cost.
    pub costs: Costs,
    /// The drift of what is held now, as [`drift`](crate::drift()) defines it.
    pub drift_before: Decimal,
    /// The drift afterwards, of the same total.
    pub drift_after: Decimal,
    /// Partial allocations that were looked at.
    pub nodes: u64,
}

/// Shares of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The symbol.
    pub symbol: Symbol,
    /// How many are held.
    pub held: Quantity,
    /// How many should be.
    pub wanted: Quantity,
}

/// What is known about the optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// No allocation within the limits has a smaller error.
    Optimal,
    /// None has an error that is smaller by more than `gap` won. The search ended before it could tell more.
    Bounded {
        /// Error less its proven lower bound.
        gap: Money,
    },
}

/// Finds the whole shares with the least summed distance from the target weights within all limits.
///
/// Targets are amounts, `target * total`, rounded to ten-thousandths of a won. Of allocations with the same error the one that
/// trades least is taken, and of those always the same one, whatever the order of the rows.
///
/// The drift never rises: an allocation with less summed error and more drift is passed over for the best one without, which
/// may be to trade nothing. Only where the holdings themselves break a limit and nothing else helps may drift rise, because
/// a limit is a limit; `drift_before` and `drift_after` show it.
///
/// # Errors
/// [`AllocateError`] if the input contradicts itself, if no allocation keeps the limits, or if none was found in time.
pub fn allocate(assets: &[Asset], cash: Money, limits: &Limits, rates: &CostRates) -> Result<Allocation, AllocateError> {
    let mut assets = assets.to_vec();
    assets.sort_by_key(|asset| asset.symbol);
    if let Some([first, _]) = assets.array_windows().find(|[first, second]| first.symbol == second.symbol) {
        return Err(AllocateError::Duplicate { symbol: first.symbol });
    }
    let problem = Problem::new(&assets, cash, limits, rates)?;
    let (found, best) = solve(&problem, limits.nodes)?;
    Ok(allocation(&assets, &problem, cash, &found, &best))
}

/// Searches without the limits on turnover and drift first, and with those that the answer breaks again.
fn solve(problem: &Problem, nodes: u64) -> Result<(Found, Solution), AllocateError> {
    let mut active = Active::default();
    let mut spent = 0;
    let mut before = None;
    loop {
        let mut found = search(problem, active, nodes);
        spent += found.nodes;
        found.nodes = spent;
        // A search that was cut short may have passed over doing nothing.
        let idle = problem.may_rest().then(|| rest(problem));
        let Some(best) = found.best.take().into_iter().chain(idle).min() else {
            // What was found before the drift was limited keeps all other limits.
            return before.filter(|_| active.drift).ok_or_else(|| nothing(problem, &found));
        };
        let breaks_turnover = !active.turnover && best.turnover > problem.turnover;
        let breaks_drift = !active.drift && squares(problem, &best) > problem.squares;
        if !breaks_turnover && !breaks_drift {
            return Ok((found, best));
        }
        active.turnover |= breaks_turnover;
        // What must be kept comes first: a turnover limit that is broken may be all that makes the drift rise.
        active.drift |= breaks_drift && !breaks_turnover;
        before = (!breaks_turnover).then_some((found, best));
    }
}

/// Trading nothing.
fn rest(problem: &Problem) -> Solution {
    let error = problem.lines.iter().map(|line| line.choice(line.held).error).sum();
    Solution { error, turnover: 0, shares: problem.lines.iter().map(|line| line.held).collect() }
}

fn squares(problem: &Problem, solution: &Solution) -> i128 {
    problem.lines.iter().zip(&solution.shares).map(|(line, shares)| line.choice(*shares).square()).sum()
}

fn nothing(problem: &Problem, found: &Found) -> AllocateError {
    if !found.is_exhaustive {
        return AllocateError::Undecided { nodes: found.nodes };
    }
    let (buffer, turnover) = (units::to_money(problem.buffer), units::to_money(problem.turnover));
    AllocateError::Infeasible(vec![problem.conflict(0).unwrap_or(Conflict::Together { buffer, turnover })])
}

fn allocation(assets: &[Asset], problem: &Problem, cash: Money, found: &Found, best: &Solution) -> Allocation {
    let lines = || problem.lines.iter().zip(&best.shares);
    let shares = assets.iter().zip(&best.shares).map(|(asset, shares)| {
        let wanted = i64::try_from(*shares).ok().and_then(|shares| Quantity::new(shares).ok()).unwrap_or(asset.held);
        Shares { symbol: asset.symbol, held: asset.held, wanted }
    });
    let costs = lines().map(|(line, shares)| line.costs(*shares));
    let (commission, tax) = costs.fold((0, 0), |sum, costs| (sum.0 + costs.0, sum.1 + costs.1));
    let taken: i128 = lines().map(|(line, shares)| line.choice(*shares).cash).sum();
    let gap = best.error - found.bound.min(best.error);
    Allocation {
        shares: shares.collect(),
        total: units::to_money(problem.total),
        error: units::to_money(best.error),
        proof: if gap == 0 { Proof::Optimal } else { Proof::Bounded { gap: units::to_money(gap) } },
        cash: units::to_money(units::from_money(cash) - taken),
        turnover: units::to_money(best.turnover),
        costs: Costs { commission: units::to_money(commission), tax: units::to_money(tax) },
        drift_before: root(problem.squares, problem.total),
        drift_after: root(squares(problem, best), problem.total),
        nodes: found.nodes,
    }
}
