//! What is asked: holdings, targets and limits, checked and counted in ten-thousandths of a won.

use obs_model::{Money, Price, Quantity, Symbol, Weight};
use rust_decimal::Decimal;

use crate::{
    AllocateError, Conflict,
    costs::{CostRates, ScaledRates},
    line::{CUT, Choice, Line},
    relaxation::Multipliers,
    units,
};

/// A symbol that is held or wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The symbol.
    pub symbol: Symbol,
    /// What a share is valued, bought and sold at.
    pub price: Price,
    /// Shares held.
    pub held: Quantity,
    /// The share of the portfolio that it should be.
    pub target: Weight,
    /// The least share that it may be.
    pub minimum: Weight,
    /// The largest share that it may be.
    pub maximum: Weight,
    /// Whether it may be bought and sold; if not, it stays as it is.
    pub is_tradable: bool,
    /// Whether sales of it are taxed: stocks are, funds traded on the exchange (ETF) are not.
    pub is_taxed: bool,
}

/// Cash that must be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CashBuffer {
    /// An amount, zero or more.
    Won(Money),
    /// A share of the portfolio.
    Share(Weight),
}

/// What every allocation keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Cash after all trades and their costs.
    pub buffer: CashBuffer,
    /// The least value of an order; a smaller one is not made.
    pub least_order: Money,
    /// The most that may be bought and sold together, as a share of the portfolio; 2 exchanges all of it.
    pub turnover: Option<Decimal>,
    /// Partial allocations to look at before the best one so far is given with its bound. Two million take a tenth of a second to one.
    pub nodes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { buffer: CashBuffer::Won(Money::ZERO), least_order: Money::ZERO, turnover: None, nodes: 2_000_000 }
    }
}

/// The input as whole numbers.
pub(crate) struct Problem {
    /// Symbols in their order.
    pub(crate) lines: Vec<Line>,
    /// Holdings and cash.
    pub(crate) total: i128,
    /// Cash that must be left.
    pub(crate) buffer: i128,
    /// Cash that trades and their costs may take; negative if they have to bring some.
    pub(crate) cash: i128,
    /// The most that may be traded.
    pub(crate) turnover: i128,
    /// The sum of squares under the root of the drift before.
    pub(crate) squares: i128,
}

/// Which of the limits beside cash a search keeps to; those that do not bind are cheaper to check afterwards.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Active {
    pub(crate) turnover: bool,
    pub(crate) drift: bool,
}

impl Problem {
    /// Checks the input, whose rows are in the order of their symbols.
    pub(crate) fn new(assets: &[Asset], cash: Money, limits: &Limits, rates: &CostRates) -> Result<Self, AllocateError> {
        let rates = rates.scaled()?;
        let too_large = || AllocateError::TooLarge { largest: units::to_money(units::LARGEST) };
        let value = |asset: &Asset| i128::from(asset.price.ten_thousandths()).checked_mul(i128::from(asset.held.shares()));
        let values = assets.iter().map(|asset| value(asset).filter(|value| *value <= units::LARGEST));
        let holdings = values.sum::<Option<i128>>().ok_or_else(too_large)?;
        let there = units::from_money(cash);
        let total = holdings + there;
        if total <= 0 {
            return Err(AllocateError::NoValue { total: units::to_money(total) });
        }
        let buffer = match limits.buffer {
            CashBuffer::Won(amount) => units::from_money(amount),
            CashBuffer::Share(weight) => units::part(weight, total)?.ceil(),
        };
        let least_order = units::from_money(limits.least_order);
        let amounts = [holdings, total, buffer, least_order];
        if amounts.iter().any(|amount| !(0..=units::LARGEST).contains(amount)) {
            return Err(too_large());
        }
        let targets: Decimal = assets.iter().map(|asset| asset.target.share()).sum();
        if targets > Decimal::ONE {
            return Err(AllocateError::Targets { sum: targets });
        }
        let turnover = match limits.turnover {
            Some(limit) if limit < Decimal::ZERO => return Err(AllocateError::Turnover { limit }),
            // More than everything sold and bought is no limit.
            Some(limit) => units::share(limit.min(Decimal::from(3)), total)?.floor(),
            None => 3 * units::LARGEST,
        };
        let mut conflicts = Vec::new();
        let mut lines = Vec::with_capacity(assets.len());
        for asset in assets {
            let line = line(asset, total, least_order, rates)?;
            if !line.may_stay && line.segments.is_empty() {
                conflicts.push(conflict(asset, total, limits.least_order));
            }
            lines.push(line);
        }
        let squares = lines.iter().map(|line| line.choice(line.held).square()).sum();
        let problem = Self { lines, total, buffer, cash: there - buffer, turnover, squares };
        conflicts.extend(if conflicts.is_empty() { problem.conflict(CUT * assets.len() as i128) } else { None });
        if conflicts.is_empty() { Ok(problem) } else { Err(AllocateError::Infeasible(conflicts)) }
    }

    /// A limit that even the most obliging choice of every symbol breaks, its cash by more than so much. Costs that are cut to
    /// whole won may make a sale of a share less the better one, by less than [`CUT`] a symbol.
    pub(crate) fn conflict(&self, by_more_than: i128) -> Option<Conflict> {
        let least = |measure: fn(&Choice) -> i128| -> i128 {
            self.lines.iter().map(|line| line.corners().map(|choice| measure(&choice)).min().unwrap_or(0)).sum()
        };
        let (cash, turnover) = (least(|choice| choice.cash), least(|choice| choice.turnover));
        if cash - self.cash > by_more_than {
            let needed = units::to_money(self.total + cash - self.cash);
            return Some(Conflict::Cash { needed, there: units::to_money(self.total) });
        }
        let allowed = units::to_money(self.turnover);
        (turnover > self.turnover).then(|| Conflict::Turnover { needed: units::to_money(turnover), allowed })
    }

    /// What the whole budgets are worth.
    pub(crate) const fn budgets_worth(&self, prices: Multipliers) -> i128 {
        prices.cash * self.cash + prices.turnover * self.turnover
    }

    /// No allocation is farther from the targets.
    pub(crate) fn largest_error(&self) -> i128 {
        self.lines.iter().filter_map(|line| line.corners().map(|choice| choice.error).max()).sum()
    }

    /// Whether doing nothing keeps all limits.
    pub(crate) fn may_rest(&self) -> bool {
        self.cash >= 0 && self.lines.iter().all(|line| line.may_stay)
    }
}

fn line(asset: &Asset, total: i128, least_order: i128, rates: ScaledRates) -> Result<Line, AllocateError> {
    let Asset { symbol, target, minimum, maximum, .. } = *asset;
    if target < minimum || target > maximum {
        let [target, minimum, maximum] = [target, minimum, maximum].map(Weight::share);
        return Err(AllocateError::TargetOutsideLimits { symbol, target, minimum, maximum });
    }
    let price = i128::from(asset.price.ten_thousandths());
    let held = i128::from(asset.held.shares());
    let low = -(-units::part(minimum, total)?.ceil()).div_euclid(price);
    let high = units::part(maximum, total)?.floor().div_euclid(price);
    let goal = units::part(target, total)?.nearest();
    let rates = if asset.is_taxed { rates } else { ScaledRates { tax: 0, ..rates } };
    let line = Line { price, held, goal, rates, may_stay: (low..=high).contains(&held), segments: Vec::new() };
    let least = -(-least_order).div_euclid(price);
    Ok(if asset.is_tradable { line.split(low, high, least.max(1)) } else { line })
}

fn conflict(asset: &Asset, total: i128, least_order: Money) -> Conflict {
    let Asset { symbol, price, .. } = *asset;
    let (minimum, maximum) = (asset.minimum.share(), asset.maximum.share());
    if asset.is_tradable {
        return Conflict::NoShares { symbol, price, minimum, maximum, least_order };
    }
    let value = i128::from(price.ten_thousandths()) * i128::from(asset.held.shares());
    let weight = Decimal::from_i128_with_scale(value * 10_000 / total, 4).normalize();
    Conflict::Fixed { symbol, weight, minimum, maximum }
}
