//! The limits turned into prices: a bound below every allocation.
//!
//! For any prices of cash and turnover that are not negative, the sum over the symbols of the cheapest `error + price of cash
//! times cash + price of turnover times turnover`, less what the whole budgets are worth, is no more than the error of any
//! allocation within the budgets (Lagrangian relaxation of a multiple-choice knapsack). The best prices give the best bound.

use crate::{line::Choice, problem::Problem};

/// Prices are whole numbers over this, and so are priced choices.
pub(crate) const SCALE: i128 = 1 << 20;
/// A won of cash or turnover is never worth more than that of error by much.
const DEAREST: i128 = 4 * SCALE;

/// What a unit of cash and of turnover is worth, in units of error over [`SCALE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Multipliers {
    pub(crate) cash: i128,
    pub(crate) turnover: i128,
}

impl Multipliers {
    pub(crate) const fn price(self, choice: &Choice) -> i128 {
        SCALE * choice.error + self.cash * choice.cash + self.turnover * choice.turnover
    }
}

/// Prices that bring the bound close to its highest. Whatever they are, the bound they give holds.
pub(crate) fn multipliers(problem: &Problem, limits_turnover: bool) -> Multipliers {
    let corners: Vec<Vec<Choice>> = problem.lines.iter().map(|line| line.corners().collect()).collect();
    let best_with = |turnover| {
        let worth = |cash| worth(problem, &corners, Multipliers { cash, turnover });
        let cash = peak(worth);
        (worth(cash), cash)
    };
    let turnover = if limits_turnover { peak(|turnover| best_with(turnover).0) } else { 0 };
    Multipliers { cash: best_with(turnover).1, turnover }
}

/// Where a concave function of a price is highest.
fn peak(worth: impl Fn(i128) -> i128) -> i128 {
    let (mut low, mut high) = (0, DEAREST);
    while low < high {
        let middle = i128::midpoint(low, high);
        if worth(middle) < worth(middle + 1) { low = middle + 1 } else { high = middle }
    }
    low
}

fn worth(problem: &Problem, corners: &[Vec<Choice>], prices: Multipliers) -> i128 {
    let cheapest = |choices: &Vec<Choice>| choices.iter().map(|choice| prices.price(choice)).min().unwrap_or(0);
    corners.iter().map(cheapest).sum::<i128>() - problem.budgets_worth(prices)
}
