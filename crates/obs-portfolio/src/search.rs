//! The least error within the budgets, with its proof.
//!
//! Dynamic programming over the symbols keeps the partial allocations that no other one dominates and whose bound is within a
//! gap of the relaxation's. If one is completed, the best of them is the optimum. If none is, no allocation lies within the gap:
//! the bound rises by it, and the next pass looks farther. Close to the bound few symbols have more than one choice, so passes
//! are short. A pass that outgrows its budget keeps the most promising partial allocations only; then what it finds is not
//! proven, and the bound of the pass before says how far from the optimum it can be.

use crate::{
    candidates::{Candidate, Menu},
    problem::{Active, Problem},
    relaxation::{Multipliers, SCALE, multipliers},
    units::WON,
};

/// What a search found.
pub(crate) struct Found {
    /// Shares per symbol, unless nothing was found.
    pub(crate) best: Option<Solution>,
    /// No allocation has a smaller error.
    pub(crate) bound: i128,
    /// Whether everything was looked at: without a `best`, there is none.
    pub(crate) is_exhaustive: bool,
    /// Partial allocations that were looked at.
    pub(crate) nodes: u64,
}

/// A complete allocation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Solution {
    pub(crate) error: i128,
    pub(crate) turnover: i128,
    pub(crate) shares: Vec<i128>,
}

/// A partial allocation.
#[derive(Clone, Copy)]
struct State {
    excess: i128,
    /// The least excess of its completions.
    bound: i128,
    error: i128,
    cash: i128,
    turnover: i128,
    square: i128,
    parent: u32,
    shares: i128,
}

/// The smallest and the largest sums that the symbols behind a layer can add.
#[derive(Clone, Copy, Default)]
struct Rest {
    least_cash: i128,
    most_cash: i128,
    least_turnover: i128,
    most_turnover: i128,
    least_square: i128,
}

/// How many partial allocations a pass keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// All; without room for them it ends with nothing.
    All,
    /// As many as there is room for.
    Sampled,
}

struct Pass {
    best: Option<Solution>,
    /// The relaxation's bound, scaled.
    floor: i128,
    is_complete: bool,
}

pub(crate) fn search(problem: &Problem, active: Active, budget: u64) -> Found {
    let prices = multipliers(problem, active.turnover);
    let mut gap = SCALE * WON.max(problem.total / 10_000_000);
    let farthest = problem.largest_error() * SCALE + problem.budgets_worth(prices).abs();
    let (mut nodes, mut bound, mut width) = (0, 0, Width::All);
    loop {
        let budget_of_pass = budget.saturating_sub(nodes) / 2;
        let pass = pass(problem, prices, active, gap, width, budget_of_pass, &mut nodes);
        bound = bound.max(pass.floor);
        if pass.best.is_some() && pass.is_complete {
            let best = pass.best;
            return Found { bound: best.as_ref().map_or(0, |best| best.error), best, is_exhaustive: true, nodes };
        }
        let covers_all = gap >= farthest - pass.floor;
        if pass.is_complete && !covers_all {
            bound = bound.max(pass.floor + gap + 1);
        }
        if pass.best.is_some() || covers_all || nodes >= budget - budget / 16 {
            let is_exhaustive = pass.is_complete && covers_all;
            return Found { best: pass.best, bound: -(-bound).div_euclid(SCALE), is_exhaustive, nodes };
        }
        (gap, width) = match (pass.is_complete, width) {
            (true, width) => (gap / 2 * 3, width),
            (false, Width::All) => (gap, Width::Sampled),
            (false, Width::Sampled) => (gap.saturating_mul(30), Width::Sampled),
        };
    }
}

fn pass(
    problem: &Problem,
    prices: Multipliers,
    active: Active,
    gap: i128,
    width: Width,
    budget: u64,
    nodes: &mut u64,
) -> Pass {
    let menus: Vec<Menu> = problem.lines.iter().map(|line| Menu::of(line, prices, gap)).collect();
    let floor = menus.iter().map(|menu| menu.floor).sum::<i128>() - problem.budgets_worth(prices);
    let mut is_complete = menus.iter().all(|menu| menu.is_complete);
    // Symbols that can move much cash come first: the later ones then leave little doubt whether a state fits the budget.
    let mut order: Vec<usize> = (0..menus.len()).collect();
    let spread = |menu: &Menu| range(menu, |found| found.choice.cash).map_or(0, |(least, most)| most - least);
    order.sort_by_key(|&at| (std::cmp::Reverse(spread(&menus[at])), at));
    let rests = rests(&menus, &order);
    let mut layers: Vec<Vec<State>> = Vec::with_capacity(order.len() + 1);
    let empty = State { excess: 0, bound: 0, error: 0, cash: 0, turnover: 0, square: 0, parent: 0, shares: 0 };
    layers.push(vec![empty]);
    let mut left = budget;
    let mut branching = order.iter().filter(|&&at| menus[at].candidates.len() > 1).count() as u64;
    for (&at, rest) in order.iter().zip(&rests) {
        let menu = &menus[at];
        let states = layers.last().map_or(&[][..], Vec::as_slice);
        let mut next = Vec::new();
        for (parent, state) in states.iter().enumerate() {
            if left == 0 && width == Width::All {
                return Pass { best: None, floor, is_complete: false };
            }
            for found in menu.candidates.iter().take_while(|found| state.excess + found.excess <= gap) {
                *nodes += 1;
                left = left.saturating_sub(1);
                next.extend(
                    step(problem, prices, active, *state, *found, *rest, parent as u32).filter(|next| next.bound <= gap),
                );
            }
        }
        if menu.candidates.len() > 1 {
            drop_dominated(&mut next, active);
            branching = branching.saturating_sub(1);
        }
        // Each of the layers that are left may use an equal part of what is left.
        let room = (left / branching.max(1) / 2).max(16) as usize;
        if width == Width::Sampled && next.len() > room {
            is_complete = false;
            next = sample(next, room, active);
        }
        layers.push(next);
    }
    Pass { best: best(&layers, &order), floor, is_complete }
}

fn step(
    problem: &Problem,
    prices: Multipliers,
    active: Active,
    state: State,
    found: Candidate,
    rest: Rest,
    parent: u32,
) -> Option<State> {
    let choice = found.choice;
    let (cash, turnover) = (state.cash + choice.cash, state.turnover + choice.turnover);
    let square = state.square + choice.square();
    let fits = cash + rest.least_cash <= problem.cash
        && (!active.turnover || turnover + rest.least_turnover <= problem.turnover)
        && (!active.drift || square + rest.least_square <= problem.squares);
    // A budget that cannot be used up is worth nothing to what remains of it, though the relaxation was paid for all.
    let idle_cash = (problem.cash - cash - rest.most_cash).max(0);
    let idle_turnover = (problem.turnover - turnover - rest.most_turnover).max(0);
    let excess = state.excess + found.excess;
    let bound = excess + prices.cash * idle_cash + prices.turnover * idle_turnover;
    let error = state.error + choice.error;
    fits.then_some(State { excess, bound, error, cash, turnover, square, parent, shares: choice.shares })
}

/// Drops what another partial allocation of the same symbols does at least as well in every respect.
fn drop_dominated(states: &mut Vec<State>, active: Active) {
    /// With more than two measures, each state is compared with so many that were kept before.
    const COMPARED: usize = 32;
    states.sort_by_key(|state| (state.cash, state.error, state.turnover, state.square, state.parent, state.shares));
    let mut kept: Vec<State> = Vec::with_capacity(states.len());
    let dominates = |other: &State, state: &State| {
        (other.error, other.turnover) <= (state.error, state.turnover)
            && (!active.turnover || other.turnover <= state.turnover)
            && (!active.drift || other.square <= state.square)
    };
    // Kept states cost less cash than those to come. With two measures the last of them has the least error so far.
    let compared = if active.turnover || active.drift { COMPARED } else { 1 };
    for state in states.iter() {
        if !kept.iter().rev().take(compared).any(|other| dominates(other, state)) {
            kept.push(*state);
        }
    }
    *states = kept;
}

/// As many states as fit: half of them the most promising, half spread evenly over the budget that they take (of turnover, if
/// it is short, or of cash), because where all are about as promising the later symbols need something to choose from.
fn sample(mut states: Vec<State>, width: usize, active: Active) -> Vec<State> {
    let by_cash = |state: &State| (state.cash, state.error, state.turnover, state.square, state.parent, state.shares);
    states.sort_by_key(|state| (state.bound, by_cash(state)));
    let mut rest = states.split_off(width / 2);
    rest.sort_by_key(|state| (if active.turnover { state.turnover } else { state.cash }, by_cash(state)));
    let stride = rest.len().div_ceil(width - width / 2).max(1);
    states.extend(rest.into_iter().step_by(stride));
    states
}

/// Follows the best complete allocation back to its beginning.
fn best(layers: &[Vec<State>], order: &[usize]) -> Option<Solution> {
    let last = layers.last()?.iter().min_by_key(|state| (state.error, state.turnover, state.cash))?;
    let mut shares = vec![0; order.len()];
    let mut state = last;
    for (&at, before) in order.iter().zip(layers).rev() {
        shares[at] = state.shares;
        state = before.get(state.parent as usize)?;
    }
    Some(Solution { error: last.error, turnover: last.turnover, shares })
}

/// What the symbols behind each layer can add.
fn rests(menus: &[Menu], order: &[usize]) -> Vec<Rest> {
    let mut rests = Vec::with_capacity(order.len());
    let mut rest = Rest::default();
    for &at in order.iter().rev() {
        rests.push(rest);
        let of = |measure: fn(&Candidate) -> i128| range(&menus[at], measure).unwrap_or_default();
        let (cash, turnover, square) =
            (of(|found| found.choice.cash), of(|found| found.choice.turnover), of(|found| found.choice.square()));
        rest.least_cash += cash.0;
        rest.most_cash += cash.1;
        rest.least_turnover += turnover.0;
        rest.most_turnover += turnover.1;
        rest.least_square += square.0;
    }
    rests.reverse();
    rests
}

fn range(menu: &Menu, measure: impl Fn(&Candidate) -> i128) -> Option<(i128, i128)> {
    let values = || menu.candidates.iter().map(&measure);
    values().min().zip(values().max())
}
