//! Why there is no allocation, or no value.

use obs_model::{Money, Price, Symbol};
use rust_decimal::Decimal;

use crate::Doubt;

/// Why no allocation was computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllocateError {
    /// A symbol stands in two rows.
    #[error("{symbol} stands in two rows; merge them")]
    Duplicate {
        /// The symbol.
        symbol: Symbol,
    },
    /// Nothing to divide.
    #[error("the portfolio is worth {total} won; there must be something to divide")]
    NoValue {
        /// Holdings and cash.
        total: Money,
    },
    /// An amount beyond what is computed with.
    #[error(
        "an amount is negative or above {largest} won, the most that is computed with; check quantities, prices and limits"
    )]
    TooLarge {
        /// The largest portfolio.
        largest: Money,
    },
    /// A weight that is finer than any amount.
    #[error("{share} has more than {most} decimals; round it")]
    TooManyDecimals {
        /// The share.
        share: Decimal,
        /// The most decimals.
        most: u32,
    },
    /// A cost rate that is none.
    #[error("{rate} is no cost rate: give a share of the traded amount from 0 to below 1 with at most {decimals} decimals")]
    Rate {
        /// The rate.
        rate: Decimal,
        /// The most decimals.
        decimals: u32,
    },
    /// A limit that is none.
    #[error("a turnover limit of {limit} is negative; 0 forbids every trade")]
    Turnover {
        /// The limit.
        limit: Decimal,
    },
    /// The targets are more than everything.
    #[error("the target weights add up to {sum}; lower them to 1 or less, what is left is cash")]
    Targets {
        /// Their sum.
        sum: Decimal,
    },
    /// A target that its own limits forbid.
    #[error("the target of {symbol} is {target} and its limits are {minimum} to {maximum}; move one of them")]
    TargetOutsideLimits {
        /// The symbol.
        symbol: Symbol,
        /// Its target weight.
        target: Decimal,
        /// The least weight.
        minimum: Decimal,
        /// The largest weight.
        maximum: Decimal,
    },
    /// The limits contradict each other. Every conflict that was found is listed.
    #[error("no allocation keeps all limits: {}", list(.0))]
    Infeasible(Vec<Conflict>),
    /// The search ended before it found an allocation or proved that there is none.
    #[error("no allocation was found after {nodes} nodes; loosen a limit or raise the node budget")]
    Undecided {
        /// Partial allocations that were looked at.
        nodes: u64,
    },
}

/// Limits that cannot be kept together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// What may not be traded lies outside its limits.
    #[error("{symbol} must stay (no-trade) at {weight} and its limits are {minimum} to {maximum}")]
    Fixed {
        /// The symbol.
        symbol: Symbol,
        /// Its weight, to four decimals.
        weight: Decimal,
        /// The least weight.
        minimum: Decimal,
        /// The largest weight.
        maximum: Decimal,
    },
    /// No whole number of shares is admitted.
    #[error(
        "{symbol} at {price} won has no whole number of shares between the weights {minimum} and {maximum} that an order of at least {least_order} won reaches"
    )]
    NoShares {
        /// The symbol.
        symbol: Symbol,
        /// Its price.
        price: Price,
        /// The least weight.
        minimum: Decimal,
        /// The largest weight.
        maximum: Decimal,
        /// The minimum order value.
        least_order: Money,
    },
    /// The minimum weights and what may not be sold are more than there is.
    #[error("minimum weights, no-trade holdings and the cash buffer need {needed} won and {there} are there")]
    Cash {
        /// What they need, with the costs of the trades.
        needed: Money,
        /// The portfolio's value.
        there: Money,
    },
    /// What must be traded is more than may be.
    #[error("the weight limits need {needed} won of trades and the turnover limit allows {allowed}")]
    Turnover {
        /// The least that must be traded.
        needed: Money,
        /// The most that may be.
        allowed: Money,
    },
    /// Each limit can be kept alone, but not all at once.
    #[error(
        "the cash buffer of {buffer} won, the weight limits and the turnover limit of {turnover} won cannot be kept together"
    )]
    Together {
        /// The cash that must stay.
        buffer: Money,
        /// The most that may be traded.
        turnover: Money,
    },
}

fn list(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why a portfolio has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuationError {
    /// Prices that are not good enough. All of them are listed.
    #[error("these prices are not good enough: {}; wait, or accept them by name", doubts(.0))]
    Doubtful(Vec<(Symbol, Doubt)>),
    /// Cash that is owed.
    #[error("cash is {cash} won; a portfolio that owes cannot be divided")]
    Cash {
        /// The amount.
        cash: Money,
    },
    /// More than is computed with.
    #[error("the shares of {symbol} are worth more than is computed with; check their number and price")]
    TooLarge {
        /// The symbol.
        symbol: Symbol,
    },
    /// The total or the targets make no sense.
    #[error(transparent)]
    Drift(#[from] AllocateError),
}

fn doubts(doubtful: &[(Symbol, Doubt)]) -> String {
    let one = |(symbol, doubt): &(Symbol, Doubt)| match doubt {
        Doubt::Missing => format!("{symbol} has none"),
        Doubt::Stale { age } => format!("{symbol} is {} minutes of trading old", age.num_minutes()),
        Doubt::Gap => format!("{symbol} stands in a gap"),
        Doubt::Halted => format!("{symbol} is halted"),
    };
    doubtful.iter().map(one).collect::<Vec<_>>().join(", ")
}
