//! Why a symbol stays off its target.

use std::fmt;

use obs_model::{Money, Price, Symbol};

use super::PlanRequest;
use crate::{AllocateError, Allocation, Asset, Limits, line::Line, problem::Problem, units};

/// Why a symbol stays off its target, or gets there only partly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// It is on the no-trade list.
    NoTrade,
    /// The exchange has halted it.
    Halted,
    /// One share is worth more than brings it nearer to the target.
    OneShare {
        /// What a share is worth.
        price: Price,
        /// What is missing to the target, or too much, in won.
        difference: Money,
    },
    /// The smallest order that is made would miss the target by more.
    SmallOrder {
        /// The order value that the policy asks for, in won.
        least: Money,
        /// What is missing to the target, or too much, in won.
        difference: Money,
    },
    /// One more order would break a limit of its weight.
    WeightLimit,
    /// The turnover limit is used up.
    Turnover,
    /// There is no cash for it.
    Cash,
    /// The drift would rise, or the search ended before it found better.
    Whole,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTrade => f.write_str("it is on the no-trade list"),
            Self::Halted => f.write_str("the exchange has halted it"),
            Self::OneShare { price, difference } => {
                write!(f, "{difference} won are missing or too much, and one share is {price} won")
            }
            Self::SmallOrder { least, difference } => {
                write!(f, "{difference} won are missing or too much, and an order is at least {least} won")
            }
            Self::WeightLimit => f.write_str("its weight would leave its limits"),
            Self::Turnover => f.write_str("the turnover limit is used up"),
            Self::Cash => f.write_str("there is no more cash to spend"),
            Self::Whole => f.write_str("nothing better was found for the portfolio as a whole"),
        }
    }
}

/// Symbols that stay off their targets, or get there only partly: what one more order, or one more share of it, would break.
pub(super) fn untouched(
    request: &PlanRequest<'_>,
    assets: &[Asset],
    allocation: &Allocation,
    limits: &Limits,
    is_given_up: bool,
) -> Result<Vec<(Symbol, WhyNot)>, AllocateError> {
    let policy = request.policy;
    let problem = Problem::new(assets, request.valuation.cash, limits, policy.rates())?;
    let wanted: Vec<i128> = allocation.shares.iter().map(|shares| shares.wanted.shares().into()).collect();
    let lines = || problem.lines.iter().zip(&wanted);
    let spent: i128 = lines().map(|(line, wanted)| line.choice(*wanted).cash).sum();
    let traded: i128 = lines().map(|(line, wanted)| line.choice(*wanted).turnover).sum();
    let mut untouched = Vec::new();
    for ((line, wanted), asset) in lines().zip(assets) {
        let now = line.choice(*wanted);
        let found = if asset.is_tradable {
            let Some((next, reason)) = obstacle(line, *wanted, asset, limits) else { continue };
            let then = line.choice(next);
            reason.unwrap_or_else(|| match () {
                () if traded - now.turnover + then.turnover > problem.turnover => WhyNot::Turnover,
                () if spent - now.cash + then.cash > problem.cash || is_given_up => WhyNot::Cash,
                () => WhyNot::Whole,
            })
        } else if 2 * now.error <= line.price {
            continue;
        } else if policy.no_trade().contains(&asset.symbol) {
            WhyNot::NoTrade
        } else {
            WhyNot::Halted
        };
        untouched.push((asset.symbol, found));
    }
    Ok(untouched)
}

/// The shares that would be nearer to the target, and why they are not admitted by themselves, if they are not. `None` if the
/// symbol is as near as whole shares come, after an order.
fn obstacle(line: &Line, wanted: i128, asset: &Asset, limits: &Limits) -> Option<(i128, Option<WhyNot>)> {
    let now = line.choice(wanted);
    let towards = if wanted * line.price < line.goal { 1 } else { -1 };
    let is_nearer = |shares: i128| shares >= 0 && line.choice(shares).error < now.error;
    let one = wanted + towards;
    let difference = units::to_money(now.error);
    if now.error == 0 || (wanted != line.held && !is_nearer(one)) {
        return None;
    }
    if !is_nearer(one) {
        return Some((one, Some(WhyNot::OneShare { price: asset.price, difference })));
    }
    let least = -(-units::from_money(limits.least_order)).div_euclid(line.price);
    let next = if wanted == line.held { wanted + towards * least.max(1) } else { one };
    if !is_nearer(next) {
        return Some((next, Some(WhyNot::SmallOrder { least: limits.least_order, difference })));
    }
    let is_admitted = line.segments.iter().any(|segment| (segment.from..=segment.to).contains(&next));
    Some((next, (!is_admitted).then_some(WhyNot::WeightLimit)))
}
